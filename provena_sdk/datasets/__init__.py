"""The files of one dataset: location, credentials, listing, reading and writing."""
