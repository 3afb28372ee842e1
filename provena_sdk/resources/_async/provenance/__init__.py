"""The async versions, written by ``scripts/twins.py``."""
