"""How a person is asked to sign in: in a terminal, in a notebook, by QR code."""
