"""Persons, organisations and other items of the registry, and what their names mean."""
