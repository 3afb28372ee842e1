"""Commands for people, locks and access."""
