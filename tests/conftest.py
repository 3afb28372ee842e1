"""What holds for every test: the configuration, and the shell, of whoever runs them do not matter."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes depends on what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

TESTS = Path(__file__).parent
pytest_plugins = ["tests.chosen_store"]
NOWHERE = Path(__file__).with_name("no-configuration")


@pytest.fixture(autouse=True)
def _nobodys_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    # Both: some tests take every variable of ours out of the environment.
    monkeypatch.setenv("PROVENA_CONFIG_FILE", str(NOWHERE / "config.toml"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(NOWHERE))


@pytest.fixture(scope="session", autouse=True)
def _signals_as_on_a_terminal() -> None:
    # nohup ignores SIGHUP, and a shell SIGINT of what it starts in the background; both are inherited.
    for name, usual in (("SIGHUP", signal.SIG_DFL), ("SIGINT", signal.default_int_handler)):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.fixture
def shown_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], str]:
    """All that an error can show: itself, its fields, and every local variable of every frame it came through."""
    monkeypatch.setenv("PROVENA_DEBUG", "1")
    return _shown_by


def _shown_by(error: BaseException) -> str:
    seen: list[str] = []
    for link in _linked(error):
        seen += [str(link), *_represented((link, link.args, vars(link)))]
        seen += [str(note) for note in getattr(link, "__notes__", ())]
        trace = link.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            # What a test itself holds in its variables is no fault of the SDK.
            if not Path(code.co_filename).is_relative_to(TESTS) and "_pytest" not in code.co_filename:
                seen.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_qualname}")
                seen += _represented(trace.tb_frame.f_locals.values())
            trace = trace.tb_next
    return "\n".join(seen)


def _linked(error: BaseException) -> list[BaseException]:
    found: dict[int, BaseException] = {}
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop()
        if link is not None and id(link) not in found:
            found[id(link)] = link
            waiting += [link.__cause__, link.__context__]
            waiting += getattr(link, "exceptions", ())
    return list(found.values())


def _represented(values: Iterable[object]) -> list[str]:
    shown = []
    for value in values:
        try:
            shown.append(repr(value))
        except Exception as failure:
            shown.append(repr(failure))
    return shown
