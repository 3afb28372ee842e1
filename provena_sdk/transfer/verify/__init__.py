"""Verifies files against the store's checksums, and compares files without transferring them."""
