"""What each call sends, how its answer is read and whether it may be repeated; no I/O happens here."""
