"""How things are shown to people; no I/O."""
