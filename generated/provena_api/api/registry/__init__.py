"""The operations of the registry service, one module each."""
