"""Progress reporting: the meter that a transfer updates, and the displays."""
