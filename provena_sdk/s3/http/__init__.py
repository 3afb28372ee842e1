"""HTTP/1.1 for S3: connections, their pool, and the I/O loops."""
