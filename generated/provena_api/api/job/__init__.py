"""The operations of the job service, one module each."""
