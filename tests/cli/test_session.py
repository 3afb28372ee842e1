"""What a command works with: talk, questions, and the client."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.options import Options
from provena_sdk.cli.session import Session
from tests.cli.conftest import Terminal


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], io.BytesIO]:
    """Sits a person in front of the command, who types a text; returns what they see on stderr."""

    def sit(typed: str) -> io.BytesIO:
        seen = io.BytesIO()
        monkeypatch.delenv("PROVENA_NON_INTERACTIVE", raising=False)
        monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO(typed.encode())))
        monkeypatch.setattr(sys, "stderr", Terminal(seen, encoding="utf-8", write_through=True))
        return seen

    return sit


@pytest.mark.parametrize(
    ("typed", "answer"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_a_person_is_asked(typed: str, answer: bool, at_a_terminal: Callable[[str], io.BytesIO]) -> None:
    seen = at_a_terminal(typed)
    assert Session(Options()).confirm("Delete 2 files\x1b[2J?") is answer
    assert seen.getvalue() == b"Delete 2 files\\x1b[2J? [y/N] "


def test_yes_answers_for_a_person(at_a_terminal: Callable[[str], io.BytesIO]) -> None:
    seen = at_a_terminal("n\n")
    assert Session(Options(yes=True)).confirm("Delete?") is True
    assert seen.getvalue() == b""


@pytest.mark.parametrize("options", [Options(no_input=True), Options()])
def test_nobody_is_asked_where_nobody_can_answer(
    options: Options, monkeypatch: pytest.MonkeyPatch, at_a_terminal: Callable[[str], io.BytesIO]
) -> None:
    at_a_terminal("y\n")
    if not options.no_input:
        monkeypatch.setenv("PROVENA_NON_INTERACTIVE", "1")
    session = Session(options)
    assert not session.asks
    with pytest.raises(Exit, match="Delete\\? Nobody can be asked here") as caught:
        session.confirm("Delete?")
    assert caught.value.code is ExitCode.USAGE
    assert caught.value.hint is not None
    assert "--yes" in caught.value.hint


def test_quiet_silences_talk_and_progress(capsys: pytest.CaptureFixture[str]) -> None:
    quiet, loud = Session(Options(quiet=True)), Session(Options())
    quiet.say("talk")
    loud.say("talk\x1b[2J")
    quiet.warn("beware")
    assert capsys.readouterr().err == "talk\\x1b[2J\nWarning: beware\n"
    assert (quiet.progress, loud.progress) == (False, None)


def test_the_client_is_made_when_it_is_needed_and_closed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from provena_sdk import ClosedError, Provena

    monkeypatch.setenv("PROVENA_ACCESS_TOKEN", "t")
    with Session(Options(deployment="example.org")) as session:
        assert "provena" not in vars(session)
        client = session.provena
        assert isinstance(client, Provena)
        assert client.deployment.domain == "example.org"
    with pytest.raises(ClosedError):
        client.datastore.get_health_check()


def test_verbose_logs(capsys: pytest.CaptureFixture[str]) -> None:
    import logging

    root = logging.getLogger("provena_sdk")
    before, handlers = root.level, list(root.handlers)
    try:
        Session(Options(verbose=2))
        logging.getLogger("provena_sdk.transport").debug("GET /")
        Session(Options(verbose=1))
        logging.getLogger("provena_sdk.transport").debug("hidden")
    finally:
        root.setLevel(before)
        root.handlers[:] = handlers
    assert capsys.readouterr().err.rstrip().endswith("DEBUG provena_sdk.transport: GET /")
