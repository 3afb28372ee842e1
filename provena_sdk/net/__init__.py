"""What services, sign-in and files have in common about the network."""
