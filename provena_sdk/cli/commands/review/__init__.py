"""Commands for releases and their review."""
