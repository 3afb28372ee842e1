"""Verify files against the store's checksums, and compare files without transferring them."""
