"""The operations of the search service, one module each."""
