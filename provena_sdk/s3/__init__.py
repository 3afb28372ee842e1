"""The SDK's own S3 client."""
