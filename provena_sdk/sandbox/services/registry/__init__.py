"""The registry service, as users and the other services call it."""
