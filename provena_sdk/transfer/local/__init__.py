"""The local side of a transfer: the source folder or the destination."""
