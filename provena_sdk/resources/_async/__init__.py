"""The async resources, written by ``scripts/twins.py`` from the sync ones."""
