"""The operations of the datastore service, one module each."""
