"""The prov service: lineage, model runs, and reports."""
