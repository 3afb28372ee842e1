"""The auth service: links between accounts and persons, groups, and roles."""
