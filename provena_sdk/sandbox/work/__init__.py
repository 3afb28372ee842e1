"""The work behind the services: jobs, activities, and the provenance graph."""
