"""The files that an interrupted transfer leaves behind, and how the next one resumes from them."""
