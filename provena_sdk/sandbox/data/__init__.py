"""What the deployment holds: accounts, items, files, a clock and faults."""
