"""What an async interactive dataset offers, written by ``scripts/twins.py`` from the sync modules."""
