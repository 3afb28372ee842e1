"""Chooses how to reach the person who signs in."""

from __future__ import annotations

from provena_sdk.auth.prompts.notebook import NotebookPresenter
from provena_sdk.auth.prompts.prompt import Presenter
from provena_sdk.auth.prompts.terminal import TerminalPresenter
from provena_sdk.display.notebook import kernel


def default_presenter() -> Presenter:
    """Return the presenter that fits where this runs: a card in a notebook, stderr anywhere else."""
    return TerminalPresenter() if kernel() is None else NotebookPresenter()
