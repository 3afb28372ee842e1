"""Commands that find datasets and show what is known of them."""
