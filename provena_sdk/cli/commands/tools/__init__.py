"""Commands that let other tools read datasets."""
