"""Sending calls: retries, tokens, timeouts and connections, for a blocking and for an awaiting caller."""
