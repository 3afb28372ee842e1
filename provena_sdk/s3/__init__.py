"""The S3 client of the SDK."""
