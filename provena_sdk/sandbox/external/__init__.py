"""Parts of a deployment that are not the sandbox's own: an issuer of tokens, and an S3 store."""
