"""Which checksum proves that a file arrived, and comparing files without transferring them."""
