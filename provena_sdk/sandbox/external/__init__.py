"""External parts of a deployment: an issuer of tokens, and an S3 store."""
