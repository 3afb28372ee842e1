"""The local side of a transfer: the folder that is read or filled."""
