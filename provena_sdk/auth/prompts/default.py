"""Choose how to show a sign-in to a person."""

from __future__ import annotations

from provena_sdk.auth.prompts.notebook import NotebookPresenter
from provena_sdk.auth.prompts.prompt import Presenter
from provena_sdk.auth.prompts.terminal import TerminalPresenter
from provena_sdk.display.notebook import kernel


def default_presenter() -> Presenter:
    """Return a presenter: a card in a notebook, stderr anywhere else."""
    return TerminalPresenter() if kernel() is None else NotebookPresenter()
