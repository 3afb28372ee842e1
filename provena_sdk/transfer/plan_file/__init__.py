"""Plans in files: written, and read as input that anyone may have changed."""
