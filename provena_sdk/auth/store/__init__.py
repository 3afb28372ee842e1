"""Stores that keep tokens between runs."""
