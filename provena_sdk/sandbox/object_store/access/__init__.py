"""Who sent a request, and what credentials allow."""
