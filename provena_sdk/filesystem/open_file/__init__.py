"""Open files of a dataset: reading ahead, writing, and the layers above."""
