"""The handlers of the object store's operations."""
