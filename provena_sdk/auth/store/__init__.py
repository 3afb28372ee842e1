"""Where tokens are stored between two runs."""
