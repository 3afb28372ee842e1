"""Words of the command: arguments as they were typed, and the command that resumes."""
