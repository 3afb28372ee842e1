"""The calls that each method makes, and their order; no I/O."""
