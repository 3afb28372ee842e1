"""Jobs, lineage and model runs, as users call them."""
