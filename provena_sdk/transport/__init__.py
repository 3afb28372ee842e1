"""Send calls: retries, tokens, timeouts and connections, sync and async."""
