"""The commands: a folder for each heading of the help, a module for each noun."""
