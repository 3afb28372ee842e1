"""The operations, by service."""
