"""What each call sends, how its answer is parsed, and whether it may be repeated; no I/O."""
