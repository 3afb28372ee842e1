"""Format text for display; no I/O."""
