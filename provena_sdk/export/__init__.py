"""Datasets as citations and in the formats of other catalogues; no I/O except to files that the user names."""
