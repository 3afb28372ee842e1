"""Workflows for jobs, lineage and model runs."""
