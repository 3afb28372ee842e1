"""Threads, event loops and processes: what is shared by everything that runs at the same time."""
