"""Where and when data lie: extents and periods, read from what metadata say."""
