"""The local side of a transfer: the source folder, and the destination."""
