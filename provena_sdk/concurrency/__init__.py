"""Threads, event loops and processes."""
