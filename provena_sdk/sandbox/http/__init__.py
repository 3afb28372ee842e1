"""The sandbox's HTTP server, and checking requests against the interfaces."""
