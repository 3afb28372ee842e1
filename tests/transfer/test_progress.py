"""Progress: what is told only grows, ends at the total, and never stands in the way of the transfer."""

from __future__ import annotations

import io
import itertools
import logging
import os
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fsspec.callbacks import Callback
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.progress import Progress as Display

from provena_sdk import FsspecProgress, Progress, RichProgress, TqdmProgress, errors
from provena_sdk.logs import Retry
from provena_sdk.transfer.progress.choose import progress_for
from provena_sdk.transfer.progress.line import LineProgress
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.progress.notebook import NotebookProgress
from provena_sdk.transfer.progress.tally import Tally
from provena_sdk.transfer.report import FileOutcome, TransferReport

MB = 1_000_000


class Told(Progress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def start(self, files: int, bytes: int) -> None:
        self.calls.append(("start", files, bytes))

    def resumed(self, path: str, bytes: int) -> None:
        self.calls.append(("resumed", path, bytes))

    def advance(self, path: str, bytes: int) -> None:
        self.calls.append(("advance", path, bytes))

    def file_done(self, outcome: FileOutcome) -> None:
        self.calls.append(("file_done", outcome.path))

    def finish(self, report: TransferReport | None) -> None:
        self.calls.append(("finish", report))

    def bytes(self) -> int:
        return sum(call[2] for call in self.calls if call[0] in ("resumed", "advance"))


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A stream that somebody watches."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def no_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only the tests tick, by whose clock time passes."""
    monkeypatch.setattr("provena_sdk.transfer.progress.meter._TICK_SECONDS", 60.0)


def downloaded(path: str, size: int) -> FileOutcome:
    return FileOutcome(path, "downloaded", bytes=size)


def test_each_file_is_told_step_by_step() -> None:
    told = Told()
    meter = Meter(told)
    meter.start(2, 110)
    meter.resumed("a", 30)
    meter.moved("a", 60)
    meter.moved("a", 100)
    meter.done(downloaded("a", 100))
    meter.done(downloaded("b", 10))
    report = TransferReport()
    meter.finish(report)
    assert told.calls == [
        ("start", 2, 110),
        ("resumed", "a", 30),
        ("advance", "a", 30),
        ("advance", "a", 40),
        ("file_done", "a"),
        ("advance", "b", 10),
        ("file_done", "b"),
        ("finish", report),
    ]


def test_what_is_fetched_again_after_a_failure_counts_once() -> None:
    told = Told()
    meter = Meter(told)
    meter.start(1, 100)
    for upto in (40, 80, 0, 40, 80, 100):
        meter.moved("a", upto)
    meter.done(downloaded("a", 100))
    assert [call[2] for call in told.calls if call[0] == "advance"] == [40, 40, 20]


def test_a_file_that_fails_leaves_what_it_had() -> None:
    told = Told()
    meter = Meter(told)
    meter.start(1, 100)
    meter.moved("a", 40)
    meter.done(FileOutcome("a", "failed", error=OSError("full")))
    assert told.calls[1:] == [("advance", "a", 40), ("file_done", "a")]


@given(
    total=st.integers(0, 300),
    steps=st.lists(
        st.tuples(st.sampled_from(["moved", "resumed", "done"]), st.sampled_from("abc"), st.integers(0, 200))
    ),
)
def test_it_only_grows_and_never_beyond_the_total(total: int, steps: list[tuple[str, str, int]]) -> None:
    told = Told()
    meter = Meter(told)
    meter.start(3, total)
    for kind, path, upto in steps:
        if kind == "done":
            meter.done(downloaded(path, upto))
        else:
            getattr(meter, kind)(path, upto)
    assert all(call[2] > 0 for call in told.calls if call[0] in ("resumed", "advance"))
    assert told.bytes() <= total


def test_it_is_never_told_by_two_threads_at_once() -> None:
    class Narrow(Told):
        def __init__(self) -> None:
            super().__init__()
            self.inside = threading.Lock()

        def advance(self, path: str, bytes: int) -> None:
            assert self.inside.acquire(blocking=False)
            super().advance(path, bytes)
            self.inside.release()

    told = Narrow()
    meter = Meter(told)
    meter.start(8, 8000)

    def work(name: str) -> None:
        for upto in range(1, 1001):
            meter.moved(name, upto)

    with ThreadPoolExecutor(8) as threads:
        for name in "abcdefgh":
            threads.submit(work, name)
    assert told.bytes() == 8000


def test_one_that_fails_is_logged_once_and_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Told):
        def advance(self, path: str, bytes: int) -> None:
            super().advance(path, bytes)
            raise ValueError("the display is gone")

    told = Failing()
    meter = Meter(told)
    meter.start(1, 100)
    with caplog.at_level(logging.WARNING):
        meter.moved("a", 50)
        meter.moved("a", 100)
        meter.done(downloaded("a", 100))
        meter.finish(None)
    assert [call[0] for call in told.calls] == ["start", "advance"]
    (record,) = caplog.records
    assert record.getMessage() == "The transfer continues without progress: Failing.advance() failed."


def test_nobody_has_to_be_told() -> None:
    meter = Meter()
    meter.start(1, 10)
    meter.moved("a", 5)
    meter.resumed("a", 7)
    meter.done(downloaded("a", 10))
    meter.finish(None)


def line() -> tuple[LineProgress, io.StringIO, Clock]:
    stream, clock = Terminal(), Clock()
    return LineProgress(stream, clock=clock), stream, clock


def test_the_line_shows_bytes_files_rate_and_time_left() -> None:
    shown, stream, clock = line()
    meter = Meter(shown)
    meter.start(3, 100 * MB)
    for second in range(1, 6):
        clock.now = float(second)
        meter.moved("a", second * 10 * MB)
    meter.done(downloaded("a", 50 * MB))
    assert str(shown) == "50%, 50 of 100 MB, 1 of 3 files, 10.0 MB/s, 10 s left"
    meter.done(FileOutcome("b", "failed", error=OSError("full")))
    assert "2 of 3 files, 1 failed" in str(shown)
    meter.finish(None)
    written = stream.getvalue()
    assert written.startswith("\r0%, 0.0 of 100 MB, 0 of 3 files\r")
    assert written.endswith("2 of 3 files, 1 failed, stopped after 5.0 s\n")
    assert written.count("\n") == 1


def test_the_line_is_not_drawn_for_every_step_and_covers_what_was_there() -> None:
    shown, stream, clock = line()
    meter = Meter(shown)
    meter.start(1, 1000)
    for upto in range(1, 1000):
        clock.now += 0.001
        meter.moved("a", upto)
    meter.finish(None)
    drawn = stream.getvalue().rstrip("\n").split("\r")[1:]
    assert len(drawn) <= 7
    assert all(len(later) >= len(former.rstrip()) for former, later in itertools.pairwise(drawn))


def test_what_was_there_says_nothing_about_the_rate() -> None:
    shown, _, clock = line()
    meter = Meter(shown)
    meter.start(1, 100 * MB)
    meter.resumed("a", 80 * MB)
    assert str(shown) == "80%, 80 of 100 MB, 0 of 1 files"
    clock.now = 2.0
    meter.moved("a", 85 * MB)
    clock.now = 4.0
    meter.moved("a", 90 * MB)
    assert str(shown) == "90%, 90 of 100 MB, 0 of 1 files, 2.5 MB/s, a few seconds left"


def test_no_time_left_is_told_before_the_rate_has_settled() -> None:
    shown, _, clock = line()
    meter = Meter(shown)
    meter.start(1, 10_000 * MB)
    # A resumed upload looks for a while at what the store has, and its first bytes come slowly.
    clock.now = 60.0
    meter.resumed("a", 8000 * MB)
    clock.now = 120.0
    for tenth in range(20):
        clock.now = 120.0 + tenth / 10
        meter.moved("a", 8000 * MB + (tenth + 1) * MB)
        assert "left" not in str(shown)
    clock.now = 123.0
    meter.moved("a", 8030 * MB)
    assert str(shown).endswith("9.7 MB/s, 3 min left")


def test_a_wait_for_another_process_is_shown_until_bytes_move_again() -> None:
    shown, _, _ = line()
    meter = Meter(shown)
    meter.start(2, 100 * MB)
    meter.waiting("another process is downloading 'a' (pid 4711 on node3)")
    meter.resumed("a", 50 * MB)
    assert str(shown).endswith("another process is downloading 'a' (pid 4711 on node3)")
    meter.moved("b", MB)
    assert "another process" not in str(shown)


def test_a_rate_of_too_few_bytes_tells_no_time_left() -> None:
    shown, _, clock = line()
    meter = Meter(shown)
    meter.start(1, 1000 * MB)
    for second in range(1, 9):
        clock.now = float(second)
        meter.moved("a", second * 1000)
        assert str(shown).endswith(" kB/s")
    # It is as slow as that.
    for second in range(9, 40):
        clock.now = float(second)
        meter.moved("a", second * 1000)
    assert str(shown).endswith("1.0 kB/s, more than 2 days left")


def test_the_line_goes_on_while_nothing_moves() -> None:
    shown, stream, clock = line()
    meter = Meter(shown)
    meter.start(1, 100 * MB)
    for second in range(1, 11):
        clock.now = float(second)
        meter.moved("a", second * 4 * MB)
    drawn = []
    for _ in range(7):
        stream.truncate(0)
        clock.now += 1
        meter.tick()
        drawn.append(stream.getvalue().strip("\0\r ").rpartition("files, ")[2])
    assert drawn == [
        "3.6 MB/s, 20 s left",
        "3.3 MB/s, 20 s left",
        "3.1 MB/s, 20 s left",
        "2.9 MB/s, 20 s left",
        "nothing has arrived for 5 s",
        "nothing has arrived for 6 s",
        "nothing has arrived for 7 s",
    ]
    clock.now = 100.0
    meter.moved("a", 41 * MB)
    # What comes after a long wait says little about the time left.
    assert "left" not in str(shown)
    for second in range(1, 6):
        clock.now = 100.0 + second
        meter.moved("a", (41 + second) * MB)
    assert str(shown).endswith("1.0 MB/s, 1 min left")


def test_what_is_complete_waits_for_nothing() -> None:
    shown, _, clock = line()
    meter = Meter(shown)
    meter.start(1, 100 * MB)
    meter.moved("a", 100 * MB)
    clock.now = 60.0
    assert "nothing has arrived" not in str(shown)
    assert "left" not in str(shown)


def test_a_meter_ticks_until_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ticking(Told):
        def __init__(self) -> None:
            super().__init__()
            self.ticked = threading.Event()

        def tick(self) -> None:
            self.calls.append(("tick",))
            self.ticked.set()

    monkeypatch.setattr("provena_sdk.transfer.progress.meter._TICK_SECONDS", 0.0)
    told = Ticking()
    meter = Meter(told)
    meter.start(1, 100)
    assert told.ticked.wait(30)
    meter.finish(None)
    assert told.calls[-1] == ("finish", None)
    meter.tick()
    assert told.calls[-1] == ("finish", None)


def test_one_without_ticks_will_do() -> None:
    class Plain:
        start = resumed = advance = file_done = finish = lambda self, *told: None

    before = threading.enumerate()
    meter = Meter(Plain())  # type: ignore[arg-type]  # as somebody's who wrote it before there were ticks
    meter.start(1, 100)
    begun = [thread for thread in threading.enumerate() if thread not in before]
    assert "provena-progress" not in [thread.name for thread in begun]
    meter.finish(None)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (120, "50%, 50 of 100 MB, 1 of 3 files, 1 failed, 10.0 MB/s, 10 s left"),
        (60, "50%, 50 of 100 MB, 1 failed, 10.0 MB/s, 10 s left"),
        (40, "50%, 1 failed, 10.0 MB/s, 10 s left"),
        (28, "50%, 1 failed, 10 s left"),
        (20, "50%, 1 failed"),
        (6, "50%"),
    ],
)
def test_the_line_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, told: str) -> None:
    width = [200]
    monkeypatch.setattr(
        "provena_sdk.transfer.progress.line.shutil.get_terminal_size",
        lambda: os.terminal_size((width[0], 24)),
    )
    shown, stream, clock = line()
    meter = Meter(shown)
    meter.start(3, 100 * MB)
    for second in range(1, 6):
        clock.now = float(second)
        meter.moved("a", second * 10 * MB)
    meter.done(FileOutcome("b", "failed", error=OSError("full")))
    stream.truncate(0)
    # The window is made smaller while the line is there.
    width[0] = columns
    clock.now += 0.3
    meter.tick()
    drawn = stream.getvalue().strip("\0\r\n")
    assert drawn.rstrip() == told.rstrip()
    assert len(drawn) < columns


def test_the_rate_is_that_of_the_last_seconds() -> None:
    shown, _, clock = line()
    meter = Meter(shown)
    meter.start(1, 1000 * MB)
    done = 0
    for rate, seconds in ((1, 60), (10, 30)):
        for _ in range(seconds):
            clock.now += 1
            done += rate * MB
            meter.moved("a", done)
    assert "10.0 MB/s, 1 min left" in str(shown)


def test_nothing_is_shown_where_there_is_nothing_to_do() -> None:
    shown, stream, _ = line()
    meter = Meter(shown)
    meter.start(0, 0)
    meter.finish(TransferReport())
    assert stream.getvalue() == ""


def test_tqdm() -> None:
    stream = io.StringIO()
    bar = TqdmProgress(file=stream, desc="Reef")
    meter = Meter(bar)
    meter.start(2, 100)
    meter.resumed("a", 40)
    meter.moved("a", 50)
    meter.done(downloaded("a", 50))
    meter.done(downloaded("b", 50))
    meter.finish(None)
    assert (bar._bar.n, bar._bar.total) == (100, 100)
    written = stream.getvalue()
    assert "Reef" in written
    assert "2 of 2 files" in written


def test_tqdm_tells_how_long_nothing_moves() -> None:
    stream, clock = io.StringIO(), Clock()
    bar = TqdmProgress(file=stream)
    bar._clock, bar._tally = clock, Tally(clock)
    bar._drawn_at = -1.0
    meter = Meter(bar)
    meter.start(1, 100)
    meter.moved("a", 50)
    clock.now = 7.0
    meter.tick()
    meter.finish(None)
    assert "0 of 1 files, nothing has arrived for 7 s" in stream.getvalue()


def test_rich_tells_how_long_nothing_moves() -> None:
    clock = Clock()
    display = Display(console=Console(file=io.StringIO()))
    bar = RichProgress(display)
    bar._clock, bar._tally = clock, Tally(clock)
    bar._drawn_at = -1.0
    meter = Meter(bar)
    meter.start(1, 100)
    meter.moved("a", 50)
    clock.now = 7.0
    meter.tick()
    assert display.tasks[0].fields["speed"] == "nothing has arrived for 7 s"
    meter.finish(None)


def test_rich() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with Display(console=console) as display:
        meter = Meter(RichProgress(display, description="Reef"))
        meter.start(2, 100)
        meter.resumed("a", 40)
        meter.done(downloaded("a", 50))
        (task,) = display.tasks
        meter.finish(None)
        assert (task.description, task.completed, task.total) == ("Reef", 50, 100)
        assert task.fields["files"] == "1 of 2 files"
        assert display.live.is_started, "whoever began the display ends it"


def test_rich_with_a_display_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    shown = RichProgress()
    meter = Meter(shown)
    meter.start(1, 100)
    meter.done(downloaded("a", 100))
    meter.finish(None)
    assert not shown._display.live.is_started
    assert "1 of 1 files" in capsys.readouterr().out


def test_fsspec() -> None:
    callback = Callback()
    seen: list[int] = []
    callback.hooks = {"seen": lambda size, value, **_: seen.append(value)}
    meter = Meter(FsspecProgress(callback))
    meter.start(2, 100)
    meter.resumed("a", 40)
    meter.moved("a", 50)
    meter.moved("a", 30)
    meter.done(downloaded("b", 50))
    meter.finish(None)
    assert (callback.size, callback.value) == (100, 100)
    assert seen == sorted(seen)


@pytest.mark.parametrize("name", ["tqdm", "rich"])
def test_what_is_not_installed_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    adapter: Any = TqdmProgress if name == "tqdm" else RichProgress
    with pytest.raises(errors.InvalidArgument, match=rf"{name} is not installed.*pip install .*\[{name}\]"):
        adapter()


def test_progress_is_shown_where_a_person_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress_for(False, Terminal()) is None
    assert progress_for(None, io.StringIO()) is None
    assert isinstance(progress_for(None, Terminal()), LineProgress)
    assert isinstance(progress_for(True, io.StringIO()), LineProgress)
    monkeypatch.setattr("provena_sdk.display.notebook.kernel", object)
    assert isinstance(progress_for(None, io.StringIO()), NotebookProgress)
    assert progress_for(False) is None


@pytest.mark.parametrize(("seconds", "shown"), [(1.9, False), (2.1, True)])
def test_the_default_display_appears_after_two_seconds(seconds: float, shown: bool) -> None:
    progress, stream, clock = line()
    progress.only_if_it_lasts()
    meter = Meter(progress)
    meter.start(1, 100 * MB)
    clock.now = seconds
    meter.moved("a", 60 * MB)
    meter.finish(TransferReport())
    assert ("60%, 60 of 100 MB, 0 of 1 files, in 2.1 s " in stream.getvalue()) == shown
    assert bool(stream.getvalue()) == shown


def test_a_log_gets_few_lines() -> None:
    stream, clock = io.StringIO(), Clock()
    meter = Meter(LineProgress(stream, clock=clock))
    meter.start(1, 1000 * MB)
    for second in range(1, 101):
        clock.now = float(second)
        meter.moved("a", second * 10 * MB)
    meter.finish(TransferReport())
    lines = stream.getvalue().splitlines()
    assert lines[0] == "0%, 0.0 of 1.0 GB, 0 of 1 files"
    assert lines[-1] == "100%, 1.0 of 1.0 GB, 0 of 1 files, in 1 min 40 s"
    assert len(lines) == 5


def test_a_lost_connection_is_shown_until_bytes_arrive() -> None:
    shown, _, clock = line()
    meter = Meter(shown)
    meter.start(1, 100 * MB)
    meter.moved("a", 40 * MB)
    meter.retrying(Retry("a", "connection lost", 4.0, 3, 8))
    assert str(shown).endswith("40 of 100 MB, 0 of 1 files, connection lost, trying again in 4 s (3 of 8)")
    clock.now = 2.5
    assert str(shown).endswith("connection lost, trying again in 2 s (3 of 8)")
    clock.now = 6.0
    assert str(shown).endswith("connection lost, trying again (3 of 8)")
    assert (
        next(text for text in shown._tally.lines() if len(text) < 40) == "40%, connection lost, trying again"
    )
    clock.now = 60.0
    assert str(shown).endswith("nothing has arrived for 60 s")
    meter.moved("a", 20 * MB)
    assert str(shown).startswith("40%"), "a retry never makes the sum go back"
    meter.moved("a", 41 * MB)
    assert "lost" not in str(shown)


def test_the_time_left_stays_calm() -> None:
    shown, _, clock = line()
    meter = Meter(shown)
    meter.start(1, 600 * MB)
    done, words = 0, []
    for second in range(1, 281):
        clock.now = float(second)
        # Two MB/s on average, in bursts.
        done += (1 if second % 3 else 4) * MB
        meter.moved("a", done)
        words.append(str(shown).rpartition(", ")[2])
    changes = [later for former, later in itertools.pairwise(words) if former != later]
    expected = [f"{minutes} min left" for minutes in (5, 4, 3, 2, 1)]
    expected += [f"{seconds} s left" for seconds in (50, 40, 30, 20, 10)]
    assert changes == expected[: len(changes)]


def test_listing_and_comparing_are_shown() -> None:
    shown, stream, clock = line()
    meter = Meter(shown)
    meter.list(2000)
    assert str(shown) == "listing, 2,000 files"
    meter.compare(2000, 40_000 * MB)
    clock.now = 3.0
    meter.compared(files=120, bytes=1200 * MB)
    assert str(shown) == "comparing 120 of 2,000 files, 1.2 of 40 GB"
    assert "comparing 120 of 2,000 files, 1.2 of 40 GB" in stream.getvalue()
    meter.start(3, 100 * MB)
    assert str(shown) == "0%, 0.0 of 100 MB, 0 of 3 files"


def test_an_interrupt_reports_what_was_transferred() -> None:
    meter = Meter()
    assert (
        str(meter.interrupted(where="here")) == "stopped before the transfer began; run the same call again"
    )
    meter.start(6, 241 * MB)
    meter.resumed("a", 30 * MB)
    meter.moved("a", 40 * MB)
    meter.moved("b", 40 * MB)
    stopped = pickle.loads(pickle.dumps(meter.interrupted(where="here")))
    assert str(stopped) == "stopped; 80 of 241 MB are here, run the same call again to resume"
    assert (stopped.bytes, stopped.total_bytes) == (80 * MB, 241 * MB)
    assert isinstance(stopped, KeyboardInterrupt)


def test_an_interrupted_upload_reports_what_the_store_keeps() -> None:
    meter = Meter()
    meter.start(6, 241 * MB)
    for path in ("a", "b", "c"):
        meter.moved(path, 20 * MB)
    meter.kept("a", 8 * MB)
    meter.kept("a", 16 * MB)
    meter.kept("b", 8 * MB)
    meter.done(FileOutcome("b", "uploaded", bytes=20 * MB))
    meter.kept("c", 8 * MB)
    meter.done(FileOutcome("c", "failed", error=OSError("gone")))
    stopped = meter.interrupted(where="there")
    assert str(stopped) == "stopped; 36 of 241 MB are there, run the same call again to resume"
    assert stopped.bytes == 36 * MB


def test_each_file_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "provena_sdk.transfer"):
        meter = Meter()
        meter.done(FileOutcome("a", "downloaded", bytes=12 * MB, seconds=1.25))
        meter.done(FileOutcome("b", "failed", error=OSError("full")))
    assert [record.getMessage() for record in caplog.records] == [
        "downloaded 'a': 12.0 MB in 1.2 s",
        "failed 'b': full",
    ]
    assert vars(caplog.records[0])["bytes"] == 12 * MB
    assert vars(caplog.records[1])["error"] == "OSError"


def test_an_adapter_is_taken_as_it_is() -> None:
    told = Told()
    assert progress_for(told) is told


@pytest.mark.parametrize("given", ["yes", 1, Told, print, object()])
def test_anything_else_is_refused(given: Any) -> None:
    with pytest.raises(errors.InvalidArgument, match=r"^progress: "):
        progress_for(given)


class OnlyWrites:
    def write(self, text: str) -> None: ...

    def flush(self) -> None: ...


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [OnlyWrites(), closed(), None], ids=["only writes", "closed", "none"])
def test_nothing_is_shown_if_stderr_is_not_a_terminal(
    stream: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    assert progress_for(None) is None
