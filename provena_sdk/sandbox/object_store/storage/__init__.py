"""Objects and their bytes, in memory and on disk."""
