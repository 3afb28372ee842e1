"""What users call: one module a noun. The async twins in ``_async`` are written by ``scripts/twins.py``."""
