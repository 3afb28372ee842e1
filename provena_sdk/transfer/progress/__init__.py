"""How a transfer's progress is measured and shown."""
