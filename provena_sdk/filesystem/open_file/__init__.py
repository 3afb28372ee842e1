"""Open files of a dataset: reading ahead, writing, text and compression."""
