"""HTTP as S3 speaks it: connections, bodies, conditions, XML."""
