"""What an interactive dataset offers, part by part; ``InteractiveDataset`` is made of them."""
