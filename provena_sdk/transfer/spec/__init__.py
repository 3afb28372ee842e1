"""What a transfer is asked to do: its items, options and patterns."""
