"""HTTP for S3: connections, bodies, preconditions, XML."""
