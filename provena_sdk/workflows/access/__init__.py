"""Who may do what: access settings, locks, releases, groups and roles."""
