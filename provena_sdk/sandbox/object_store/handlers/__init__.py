"""What the object store does for each operation."""
