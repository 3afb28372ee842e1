"""What the maintainers need to know for a report: versions, settings, connections, account, the last requests."""
