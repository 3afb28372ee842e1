"""Signing in in a notebook: the card, who is asked, and a real kernel."""

from __future__ import annotations

import os
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from provena_sdk.auth import NotebookPresenter, Prompt, TerminalPresenter
from provena_sdk.auth.prompts.default import default_presenter
from provena_sdk.auth.prompts.environment import someone_watches
from provena_sdk.auth.prompts.notebook import asking, outcome
from provena_sdk.auth.prompts.prompt import Presenter
from provena_sdk.sandbox import Sandbox

URL = "https://auth.example.org/device?user_code=ABCD-EFGH&x=1"
PROMPT = Prompt("example.org", URL, "ABCD-EFGH", 600)
NASTY = "\"><script>alert('x')</script>"


class Elements(HTMLParser):
    """All start tags with their attributes, and the text between."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_card_has_a_link_a_code_and_the_time_left() -> None:
    html, text = asking(PROMPT, 599)
    card = Elements(html)
    assert card.open == []
    [link] = [attributes for tag, attributes in card.tags if tag == "a"]
    assert link["href"] == URL
    assert link["rel"] == "noopener noreferrer"
    assert link["target"] == "_blank"
    for shown in ("Sign in to example.org", "ABCD-EFGH", "9 minutes left"):
        assert shown in card.text
    assert text == f"Signing in to example.org. Open {URL} and check the code ABCD-EFGH; 9 minutes left."


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt(NASTY, URL, "A", 60),
        Prompt("example.org", URL, NASTY, 60),
        Prompt("example.org", f"https://auth.example.org/{NASTY}", "A", 60),
    ],
)
def test_nothing_from_outside_becomes_markup(prompt: Prompt) -> None:
    card = Elements(asking(prompt, 60)[0])
    assert {tag for tag, _ in card.tags} == {"div", "strong", "p", "a", "span"}
    assert not [name for _, attributes in card.tags for name in attributes if name.startswith("on")]
    assert NASTY in card.text or prompt.url.endswith(NASTY)
    assert {tag for tag, _ in Elements(outcome(NASTY, NASTY, signed_in=True)[0]).tags} == {"div"}


@pytest.mark.parametrize(
    "url", ["http://auth.example.org/device", "javascript:alert(1)", "file:///etc/passwd"]
)
def test_a_page_that_is_not_safe_is_no_link(url: str) -> None:
    card = Elements(asking(Prompt("example.org", url, "A", 60), 60)[0])
    assert not [tag for tag, _ in card.tags if tag == "a"]
    assert url in card.text


class Display:
    """Stands in for IPython's display machinery, and keeps what each card showed last."""

    def __init__(self) -> None:
        self.cards: list[list[dict[str, str]]] = []

    def __call__(self, bundle: dict[str, str], *, raw: bool, display_id: bool = False) -> Any:
        assert raw
        card = [bundle]
        self.cards.append(card)

        def update(newer: dict[str, str], *, raw: bool) -> None:
            assert raw
            card.append(newer)

        return SimpleNamespace(update=update)


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Display:
    shown = Display()
    module = ModuleType("IPython.display")
    module.display = shown  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return shown


def in_kernel(monkeypatch: pytest.MonkeyPatch, **attributes: Any) -> None:
    module = ModuleType("IPython")
    kernel = SimpleNamespace(**attributes)
    module.get_ipython = lambda: SimpleNamespace(kernel=kernel)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", module)


def test_one_card_counts_down_and_becomes_the_result(display: Display) -> None:
    present: Presenter = NotebookPresenter()
    present.show(PROMPT)
    for left in range(600, 0, -1):
        present.waiting(left)
    present.finished("ada", signed_in=True)
    [card] = display.cards
    assert 20 < len(card) < 30, "not one message a second"
    assert "; 45 seconds left." in card[-11]["text/plain"]
    assert card[-1]["text/plain"] == "Signed in to example.org as ada."
    assert "ABCD-EFGH" not in card[-1]["text/html"]


def test_a_card_for_a_sign_in_that_failed(display: Display) -> None:
    present = NotebookPresenter()
    present.show(PROMPT)
    present.finished(None, signed_in=False)
    assert display.cards[0][-1]["text/plain"] == "Not signed in to example.org."


def test_a_sign_in_that_never_began_shows_nothing(display: Display) -> None:
    NotebookPresenter().finished(None, signed_in=False)
    assert display.cards == []


def test_a_note_is_escaped(display: Display) -> None:
    NotebookPresenter().say(NASTY)
    assert "<script>" not in display.cards[0][0]["text/html"]


@pytest.mark.parametrize(("takes_input", "watched"), [(True, True), (False, False)])
def test_somebody_sits_before_a_notebook_that_takes_input(
    monkeypatch: pytest.MonkeyPatch, takes_input: bool, watched: bool
) -> None:
    in_kernel(monkeypatch, _allow_stdin=takes_input)
    assert someone_watches() is watched
    assert isinstance(default_presenter(), NotebookPresenter)
    monkeypatch.setenv("PROVENA_NON_INTERACTIVE", "1")
    assert not someone_watches()


def test_ipython_in_a_terminal_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("IPython")
    module.get_ipython = lambda: SimpleNamespace()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", module)
    assert isinstance(default_presenter(), TerminalPresenter)


@pytest.mark.parametrize(("typed", "agreed"), [("y", True), ("Yes ", True), ("", False), ("n", False)])
def test_a_question_is_asked_below_the_cell(
    monkeypatch: pytest.MonkeyPatch, typed: str, agreed: bool
) -> None:
    in_kernel(monkeypatch, _allow_stdin=True)
    answers = {"Replace it? [y/N] ": typed}
    monkeypatch.setattr("builtins.input", answers.__getitem__)
    assert NotebookPresenter().confirm("Replace it?") is agreed


def test_a_question_that_nobody_can_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(prompt: str) -> str:
        raise NotImplementedError

    monkeypatch.setattr("builtins.input", refuse)
    in_kernel(monkeypatch, _allow_stdin=True)
    assert NotebookPresenter().confirm("Replace it?") is None
    in_kernel(monkeypatch, _allow_stdin=False)
    assert NotebookPresenter().confirm("Replace it?") is None


CELL = """
from provena_sdk import Provena
provena = Provena({arguments})
try:
    provena.sign_in()
    print(provena.whoami().username)
except Exception as error:
    print(type(error).__name__, error)
"""


def run_cells(cells: list[str], folder: Path) -> list[list[Any]]:
    from nbclient import NotebookClient
    from nbformat import from_dict

    sources = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    # The function has no types of its own.
    notebook: Any = from_dict({"cells": sources, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})  # type: ignore[no-untyped-call]
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return [cell.outputs for cell in notebook.cells]


@pytest.mark.slow
def test_in_a_real_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a batch nobody is asked; with somebody before it, the card appears and becomes the result."""
    with Sandbox(approve_as="writer", poll_interval=1) as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
        batch, watched, awaiting = run_cells(
            [
                CELL.format(arguments=""),
                "get_ipython().kernel._allow_stdin = True\n" + CELL.format(arguments=""),
                "from provena_sdk import AsyncProvena\n"
                "async with AsyncProvena(interactive=True) as provena:\n"
                "    await provena.sign_in()\n"
                "    print((await provena.whoami()).username)\n",
            ],
            tmp_path,
        )
    assert "SignInRequired Nobody is signed in to localhost, and nobody can be asked here." in batch[0].text
    for outputs in (watched, awaiting):
        cards = [output for output in outputs if output.output_type == "display_data"]
        assert [card.data["text/plain"] for card in cards] == ["Signed in to localhost as writer."]
        assert "".join(output.text for output in outputs if output.output_type == "stream") == "writer\n"


def test_the_state_folder_is_the_tests_own(tmp_path: Path) -> None:
    assert os.environ["PROVENA_STATE_DIR"].startswith(str(tmp_path))
