"""One dataset's files: where they lie, what there is, and reading and changing them."""
