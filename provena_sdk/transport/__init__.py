"""Send calls to the services: retries, tokens, timeouts and connections, sync and async."""
