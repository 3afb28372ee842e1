"""Where tokens are kept between two runs."""
