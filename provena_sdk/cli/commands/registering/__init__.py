"""Commands that register, change and describe datasets."""
