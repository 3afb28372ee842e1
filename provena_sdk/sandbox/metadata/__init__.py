"""Validation of dataset metadata."""
