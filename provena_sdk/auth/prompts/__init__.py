"""Ask a person to sign in: in a terminal, in a notebook, by QR code."""
