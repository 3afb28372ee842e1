"""Commands for the files of datasets."""
