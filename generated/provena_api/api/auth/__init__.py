"""The operations of the auth service, one module each."""
