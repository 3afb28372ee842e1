"""The journal of a large download: what survives a torn write, and who may go on with a part file."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.files import journal as journals
from provena_sdk.files.journal import (
    Heading,
    Journal,
    Partial,
    begin,
    clear_broken_off,
    read_journal,
)
from provena_sdk.files.part_file import Destination, journal_path, part_path, sweep
from provena_sdk.files.pieces import Pieces
from provena_sdk.files.process import this_process

HOUR = 3600
DEAD = "4194305"  # more than any process number there is


def heading(pieces: int = 5, width: int = 4, **changed: object) -> Heading:
    fields: dict[str, object] = {
        "path": "obs/a.nc",
        "target": "a.nc",
        "etag": "e-2",
        "size": pieces * 10,
        "piece": 10,
        "part": pieces * 10,
        "pieces": pieces,
        "width": width,
        "digest": "crc32" if width else "",
    }
    return Heading(**{**fields, **changed})  # type: ignore[arg-type]  # what is changed is the tests' business


@pytest.fixture
def target(tmp_path: Path) -> str:
    return str(tmp_path / "a.nc")


@pytest.fixture
def broken_off(tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Leaves a part file and a journal with some pieces, as a process that has died does; returns the token."""

    def leave(*there: int, token: str = "dead0001", dead: bool = True, **changed: object) -> str:
        partial_heading = heading(**changed)  # type: ignore[arg-type]
        journal = Journal(journal_path(target, token), partial_heading)
        for index in there:
            journal.add(index, bytes([index] * partial_heading.width))
        Path(part_path(target, token)).write_bytes(b"x" * partial_heading.size)
        if dead:
            path = Path(journal.path)
            first, _, rest = path.read_text().partition("\n")
            fields = json.loads(first)
            fields["owner"]["pid"] = int(DEAD)
            path.write_text(json.dumps(fields) + "\n" + rest)
        return token

    return leave


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def begun(tmp_path: Path, target: str, wanted: Heading | None = None) -> Partial:
    return begin(Destination(tmp_path), target, wanted or heading())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "j"), heading(part=[20, 30]))
    journal.add(3, b"abcd")
    journal.add(0, b"\0\1\2\3")
    found = read_journal(journal.path)
    assert found is not None
    assert found.heading == heading(part=[20, 30])
    assert list(found.pieces) == [0, 3]
    assert found.pieces.digest(3) == b"abcd"
    journal.delete()
    assert names(tmp_path) == []
    journal.add(1, b"late")
    assert names(tmp_path) == []


@given(st.data())
def test_a_journal_cut_anywhere_claims_nothing_wrong(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.journal"
    path.unlink(missing_ok=True)
    added = data.draw(st.dictionaries(st.integers(0, 19), st.binary(min_size=4, max_size=4)))
    journal = Journal(str(path), heading(pieces=20))
    for index, digest in added.items():
        journal.add(index, digest)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    tail = data.draw(st.sampled_from([b"", b"\0", b"\0" * 40, b"[", b"[1"]))
    path.write_bytes(whole[:cut] + tail)
    found = read_journal(str(path))
    if found is None:
        assert cut < len(whole.splitlines(keepends=True)[0])
        return
    complete = whole[:cut].count(b"\n") - 1
    assert {index: found.pieces.digest(index) for index in found.pieces} == dict(
        list(added.items())[:complete]
    )


@given(st.binary(max_size=200))
def test_what_is_no_journal_is_refused(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.journal"
    path.write_bytes(noise)
    assert read_journal(str(path)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": None},
        {"pieces": -1},
        {"pieces": 10**12},
        {"pieces": "5"},
        {"pieces": True},
        {"width": 65},
        {"etag": None},
        {"extra": 1},
    ],
)
def test_headings_that_are_not_ours_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    journal = Journal(str(tmp_path / "j"), heading())
    path = Path(journal.path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change) + "\n")
    assert read_journal(journal.path) is None


@pytest.mark.parametrize("line", ['[5,"00000000"]', '[0,"000000"]', '[0,"0000000g"]', "[0,null]", "{}", ""])
def test_lines_that_are_not_ours_make_a_journal_worthless(tmp_path: Path, line: str) -> None:
    journal = Journal(str(tmp_path / "j"), heading())
    with open(journal.path, "a") as file:
        file.write(line + '\n[1,"61626364"]\n')
    assert read_journal(journal.path) is None


def test_a_journal_that_is_not_there(tmp_path: Path) -> None:
    assert read_journal(str(tmp_path / "j")) is None


def test_a_dead_process_is_taken_over(tmp_path: Path, target: str, broken_off: Callable[..., str]) -> None:
    token = broken_off(1, 4)
    partial = begun(tmp_path, target)
    assert list(partial.pieces) == [1, 4]
    assert partial.part.read(0, 10) == b"x" * 10
    assert not os.path.exists(part_path(target, token))
    assert not os.path.exists(journal_path(target, token))
    # Should this process die too, the next one knows as much.
    found = read_journal(partial.journal.path)
    assert found is not None
    assert list(found.pieces) == [1, 4]
    partial.discard()
    assert names(tmp_path) == []


def test_a_process_at_work_is_left_alone(tmp_path: Path, target: str, broken_off: Callable[..., str]) -> None:
    token = broken_off(1, dead=False)
    partial = begun(tmp_path, target)
    assert list(partial.pieces) == []
    clear_broken_off(Destination(tmp_path), target)
    partial.discard()
    assert os.path.exists(part_path(target, token))


def test_who_was_not_heard_of_for_an_hour_is_taken_over(
    tmp_path: Path, target: str, broken_off: Callable[..., str]
) -> None:
    token = broken_off(1, dead=False)
    old = time.time() - HOUR - 60
    os.utime(journal_path(target, token), (old, old))
    partial = begun(tmp_path, target)
    assert list(partial.pieces) == [1]
    partial.discard()


def test_what_is_kept_can_be_taken_over_at_once(tmp_path: Path, target: str) -> None:
    first = begun(tmp_path, target)
    first.part.write(0, b"0123456789")
    first.journal.add(0, b"abcd")
    first.keep()
    assert not first.part.write(10, b"late")
    second = begun(tmp_path, target)
    assert list(second.pieces) == [0]
    assert second.part.read(0, 10) == b"0123456789"
    second.discard()
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "change", [{"etag": "f"}, {"size": 51}, {"piece": 11}, {"digest": "md5"}, {"path": "b"}]
)
def test_another_object_is_begun_anew(
    tmp_path: Path, target: str, broken_off: Callable[..., str], change: dict[str, object]
) -> None:
    broken_off(1)
    partial = begun(tmp_path, target, heading(**change))  # type: ignore[arg-type]
    assert list(partial.pieces) == []
    partial.discard()
    assert names(tmp_path) == []


def test_only_one_takes_over(
    tmp_path: Path, target: str, broken_off: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = broken_off(1)
    real = os.rename

    def overtaken(source: str, target: str) -> None:
        real(source, source + ".taken-by-another")
        real(source, target)

    monkeypatch.setattr(os, "rename", overtaken)
    partial = begun(tmp_path, target)
    assert list(partial.pieces) == []
    partial.discard()
    assert os.path.exists(part_path(target, token) + ".taken-by-another")


def test_the_most_complete_of_several_is_taken(
    tmp_path: Path, target: str, broken_off: Callable[..., str]
) -> None:
    broken_off(1, token="aaaa")
    broken_off(0, 1, 2, token="bbbb")
    broken_off(4, token="cccc")
    partial = begun(tmp_path, target)
    assert list(partial.pieces) == [0, 1, 2]
    clear_broken_off(Destination(tmp_path), target)
    partial.discard()
    assert names(tmp_path) == []


def test_a_part_file_that_is_a_link_is_not_written_through(
    tmp_path: Path, target: str, broken_off: Callable[..., str]
) -> None:
    token = broken_off(1)
    (tmp_path / "mine").write_bytes(b"precious")
    for make in (os.symlink, os.link):
        os.unlink(part_path(target, token))
        make(tmp_path / "mine", part_path(target, token))
        partial = begun(tmp_path, target)
        assert list(partial.pieces) == []
        partial.discard()
        broken_off(1, token=(token := token + "x"))
    assert (tmp_path / "mine").read_bytes() == b"precious"


def test_pieces_without_digests_are_believed_until_the_machine_goes_down(
    tmp_path: Path, target: str, broken_off: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_off(1, 2, width=0)
    partial = begun(tmp_path, target, heading(width=0))
    assert list(partial.pieces) == [1, 2]
    partial.keep()
    now = this_process()
    monkeypatch.setattr(journals, "this_process", lambda: now | {"boot": "another"})
    partial = begun(tmp_path, target, heading(width=0))
    assert list(partial.pieces) == []
    partial.discard()


def test_targets_whose_long_names_begin_alike_do_not_mix(tmp_path: Path) -> None:
    one, other = ("n" * 254 + end for end in "ab")
    assert journal_path(one, "t") == journal_path(other, "t")
    partial = begin(Destination(tmp_path), str(tmp_path / one), heading(target=one))
    partial.journal.add(0, b"abcd")
    partial.keep()
    second = begin(Destination(tmp_path), str(tmp_path / other), heading(target=other))
    assert list(second.pieces) == []
    second.discard()
    third = begin(Destination(tmp_path), str(tmp_path / one), heading(target=one))
    assert list(third.pieces) == [0]
    third.discard()


@pytest.mark.parametrize(
    ("kinds", "hours", "kept"),
    [
        ("part", 2, False),
        ("part", 0.5, True),
        ("journal", 2, False),
        ("both", 2, True),
        ("both", 8 * 24, False),
    ],
)
def test_sweeping(
    tmp_path: Path, target: str, broken_off: Callable[..., str], kinds: str, hours: float, kept: bool
) -> None:
    token = broken_off(1)
    old = time.time() - hours * HOUR
    for kind, path in (("part", part_path(target, token)), ("journal", journal_path(target, token))):
        if kinds in (kind, "both"):
            os.utime(path, (old, old))
        else:
            os.unlink(path)
    before = names(tmp_path)
    sweep(tmp_path, ["a.nc"])
    assert names(tmp_path) == (before if kept else [])


def test_a_kept_download_is_swept_by_the_age_of_its_part_file(tmp_path: Path, target: str) -> None:
    partial = begun(tmp_path, target)
    partial.keep()
    sweep(tmp_path, ["a.nc"])
    assert len(names(tmp_path)) == 2


def test_journals_of_the_largest_files_stay_small(tmp_path: Path) -> None:
    count = 5 * 1024**4 // (8 * 1024**2)
    pieces = Pieces(count, 16)
    for index in range(0, count, 64):
        pieces.add(index, index.to_bytes(16, "big"))
    journal = Journal(str(tmp_path / "j"), heading(pieces=count, width=16, size=5 * 1024**4), pieces)
    found = read_journal(journal.path)
    assert found is not None
    assert found.pieces.flags() == pieces.flags()
    assert found.pieces.digest(64 * 100) == (6400).to_bytes(16, "big")
    assert Path(journal.path).stat().st_size < 50 * count // 64 + 1000
