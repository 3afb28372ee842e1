"""What every service of the sandbox is made of."""
