"""Completion in the shell: of commands, profiles, recent handles, and files of a dataset."""

from typing import Final

VARIABLE: Final = "_PROVENA_COMPLETE"
"""The environment variable with which a shell asks what completes a command line."""
