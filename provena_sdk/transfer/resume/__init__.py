"""What an interrupted transfer leaves, and how the next one resumes it."""
