"""What the metadata of a dataset must satisfy."""
