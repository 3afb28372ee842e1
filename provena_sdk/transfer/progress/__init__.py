"""Progress reporting: the meter that a transfer drives, and the displays."""
