"""The methods that users call. ``scripts/twins.py`` generates the async versions in ``_async``."""
