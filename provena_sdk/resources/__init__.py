"""What users call: one module a noun, each with a twin for awaiting callers.

The ``async_*`` modules are written by ``scripts/twins.py`` from the modules without the prefix.
"""
