"""Several downloads into one folder at once, by one or several processes: each file is fetched by one of them."""
