"""The sandbox's datastore and search service."""
