"""Commands for signing in, settings and diagnosis."""
