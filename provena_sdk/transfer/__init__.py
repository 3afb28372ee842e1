"""Transfer files between a folder and a dataset: plan, run, report."""
