"""Authenticate requests, and check the permissions of credentials."""
