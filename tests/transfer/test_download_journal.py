"""The journal of a large download: what survives a torn write, and who may go on with a part file."""

import json
import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.concurrency import processes as process
from provena_sdk.datasets.paths import journal_name, part_name, part_stem
from provena_sdk.transfer.local.destination import Destination, Target
from provena_sdk.transfer.local.seal import Seal
from provena_sdk.transfer.resume.download_journal import DownloadJournal, Heading, read_journal
from provena_sdk.transfer.resume.leftovers import sweep
from provena_sdk.transfer.resume.partial_download import PartialDownload, begin_or_resume, remove_interrupted
from provena_sdk.transfer.resume.ranges import Segment, Segments
from provena_sdk.transfer.resume.segment_digest import SegmentDigest

HOUR = 3600
DEAD = 4194305  # more than any process number there is
SEAL = Seal(bytes(range(32)))


def heading(ranges: int = 5, width: int = 4, **changed: object) -> Heading:
    fields: dict[str, object] = {
        "store": "",
        "bucket": "reef",
        "key": "datasets/x/obs/a.nc",
        "target": "a.nc",
        "etag": "e-2",
        "size": ranges * 10,
        "part": ranges * 10,
        "width": width,
        "digest": "crc32" if width else "",
    }
    return Heading(**{**fields, **changed})  # type: ignore[arg-type]  # what is changed is the tests' business


def segment(index: int, digest: bytes) -> Segment:
    return Segment(index * 10, 10, digest)


def numbers(segments: Segments) -> list[int]:
    return [offset // 10 for offset, _, _ in segments]


def place(folder: Path, name: str = "a.nc", seal: Seal = SEAL) -> Target:
    return Destination(folder, seal).target(name)


def token_of_the_dead(monkeypatch: pytest.MonkeyPatch, name: str = "a.nc") -> str:
    with monkeypatch.context() as patched:
        mark = process.process_mark().split("-")
        patched.setattr(
            "provena_sdk.transfer.local.seal.process_mark", lambda: f"{mark[0]}-{DEAD:x}-{mark[2]}"
        )
        return SEAL.token(part_stem(name))


@pytest.fixture
def broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Leaves a part file and a journal with some ranges, as a process that has died does; returns the token."""

    def leave(*there: int, dead: bool = True, **changed: object) -> str:
        token = token_of_the_dead(monkeypatch) if dead else SEAL.token(part_stem("a.nc"))
        partial_heading = heading(**changed)  # type: ignore[arg-type]
        journal = DownloadJournal(place(tmp_path), token, partial_heading)
        for index in there:
            journal.add(segment(index, bytes([index] * partial_heading.width)))
        (tmp_path / part_name("a.nc", token)).write_bytes(b"x" * partial_heading.size)
        return token

    return leave


def paths(folder: Path, token: str) -> tuple[Path, Path]:
    return folder / part_name("a.nc", token), folder / journal_name("a.nc", token)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def begun(
    folder: Path, wanted: Heading | None = None, *, name: str = "a.nc", seal: Seal = SEAL
) -> PartialDownload:
    return begin_or_resume(place(folder, name, seal), wanted or heading(), SegmentDigest("crc32", None), seal)


def journal_of(folder: Path) -> Path:
    [path] = folder.glob(".*.provena-journal")
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    target = place(tmp_path)
    journal = DownloadJournal(target, "t", heading(part=[20, 30]))
    journal.add(segment(3, b"abcd"))
    journal.add(segment(0, b"\0\1\2\3"))
    found = read_journal(target, "t")
    assert found is not None
    assert found.heading == heading(part=[20, 30])
    assert numbers(found.segments) == [0, 3]
    assert list(found.segments) == [segment(0, b"\0\1\2\3"), segment(3, b"abcd")]
    assert found.owner == process.this_process()
    journal.delete()
    assert names(tmp_path) == []
    journal.add(segment(1, b"late"))
    assert names(tmp_path) == []


@given(st.data())
def test_a_journal_cut_anywhere_claims_nothing_wrong(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    target, path = place(folder, "cut"), folder / journal_name("cut", "t")
    path.unlink(missing_ok=True)
    added = data.draw(st.dictionaries(st.integers(0, 19), st.binary(min_size=4, max_size=4)))
    journal = DownloadJournal(target, "t", heading(ranges=20))
    for index, digest in added.items():
        journal.add(segment(index, digest))
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    tail = data.draw(st.sampled_from([b"", b"\0", b"\0" * 40, b"[", b"[1"]))
    path.write_bytes(whole[:cut] + tail)
    found = read_journal(target, "t")
    if found is None:
        assert cut < len(whole.splitlines(keepends=True)[0])
        return
    complete = whole[:cut].count(b"\n") - 1
    assert {offset // 10: digest for offset, _, digest in found.segments} == dict(
        list(added.items())[:complete]
    )


@given(st.binary(max_size=200))
def test_what_is_no_journal_is_refused(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / journal_name("noise", "t")).write_bytes(noise)
    assert read_journal(place(folder, "noise"), "t") is None


@pytest.mark.parametrize(
    "change",
    [
        {"version": 3},
        {"version": None},
        {"size": -1},
        {"size": "5"},
        {"size": True},
        {"owner": None},
        {"width": 65},
        {"etag": None},
        {"extra": 1},
    ],
)
def test_headings_that_are_not_ours_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    DownloadJournal(place(tmp_path), "t", heading())
    path = journal_of(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change) + "\n")
    assert read_journal(place(tmp_path), "t") is None


@pytest.mark.parametrize(
    "line",
    [
        '[50,1,"00000000"]',
        '[45,6,"00000000"]',
        '[0,0,"00000000"]',
        '[-1,2,"00000000"]',
        '[0,10,"000000"]',
        '[0,10,"0000000g"]',
        "[0,10,null]",
        '[0,"00000000"]',
        "{}",
        "",
        "[" * 10_000,
    ],
)
def test_lines_that_are_not_ours_make_a_journal_worthless(tmp_path: Path, line: str) -> None:
    DownloadJournal(place(tmp_path), "t", heading())
    with journal_of(tmp_path).open("a") as file:
        file.write(line + '\n[10,10,"61626364"]\n')
    assert read_journal(place(tmp_path), "t") is None


def test_a_journal_that_is_not_there(tmp_path: Path) -> None:
    assert read_journal(place(tmp_path), "t") is None


@pytest.mark.skipif(os.name != "posix", reason="there are no such files")
@pytest.mark.parametrize("kind", ["link", "hard link", "pipe", "folder"])
def test_what_only_has_a_journals_name_is_not_read(tmp_path: Path, kind: str) -> None:
    DownloadJournal(place(tmp_path), "t", heading())
    path = journal_of(tmp_path)
    real = path.rename(tmp_path / "real")
    makes: dict[str, Callable[[], object]] = {
        "link": lambda: path.symlink_to(real),
        "hard link": lambda: path.hardlink_to(real),
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
    }
    makes[kind]()
    assert read_journal(place(tmp_path), "t") is None


def test_a_dead_process_is_taken_over(tmp_path: Path, broken_off: Callable[..., str]) -> None:
    token = broken_off(1, 4)
    partial = begun(tmp_path)
    assert numbers(partial.stored) == [1, 4]
    assert partial.part.read(0, 10) == b"x" * 10
    assert not any(path.exists() for path in paths(tmp_path, token))
    # Should this process die too, the next one knows as much.
    mine = SEAL.read(journal_of(tmp_path).name)
    assert mine is not None
    found = read_journal(place(tmp_path), mine.token)
    assert found is not None
    assert numbers(found.segments) == [1, 4]
    partial.discard()
    assert names(tmp_path) == []


def test_a_process_at_work_is_left_alone(tmp_path: Path, broken_off: Callable[..., str]) -> None:
    token = broken_off(1, dead=False)
    partial = begun(tmp_path)
    assert numbers(partial.stored) == []
    remove_interrupted(place(tmp_path))
    partial.discard()
    assert paths(tmp_path, token)[0].exists()


def test_who_was_not_heard_of_for_an_hour_is_taken_over(
    tmp_path: Path, broken_off: Callable[..., str]
) -> None:
    token = broken_off(1, dead=False)
    old = time.time() - HOUR - 60
    os.utime(paths(tmp_path, token)[1], (old, old))
    partial = begun(tmp_path)
    assert numbers(partial.stored) == [1]
    partial.discard()


def test_what_is_left_can_be_taken_over_at_once(tmp_path: Path) -> None:
    first = begun(tmp_path)
    first.part.write(0, b"0123456789")
    first.add(segment(0, b"abcd"))
    first.keep()
    assert not first.part.write(10, b"late")
    second = begun(tmp_path)
    assert numbers(second.stored) == [0]
    assert second.part.read(0, 10) == b"0123456789"
    second.discard()
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "change",
    [
        {"etag": "f"},
        {"size": 51},
        {"part": 11},
        {"digest": "md5"},
        {"key": "datasets/y/obs/a.nc"},
        {"bucket": "atoll"},
        {"store": "https://store.example.org"},
    ],
)
def test_another_object_is_begun_anew(
    tmp_path: Path, broken_off: Callable[..., str], change: dict[str, object]
) -> None:
    broken_off(1)
    partial = begun(tmp_path, heading(**change))  # type: ignore[arg-type]
    assert numbers(partial.stored) == []
    partial.discard()
    assert names(tmp_path) == []


def test_only_one_takes_over(
    tmp_path: Path, broken_off: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = broken_off(1)
    part, _ = paths(tmp_path, token)
    real = os.rename

    def overtaken(source: str, target: str, **folders: int) -> None:
        part.rename(f"{part}.taken-by-another")
        monkeypatch.undo()
        real(source, target, **folders)

    monkeypatch.setattr(os, "rename", overtaken)
    monkeypatch.setattr(Path, "rename", lambda self, other: real(self, other))
    partial = begun(tmp_path)
    assert numbers(partial.stored) == []
    partial.discard()
    assert os.path.exists(f"{part}.taken-by-another")


def test_the_most_complete_of_several_is_taken(tmp_path: Path, broken_off: Callable[..., str]) -> None:
    broken_off(1)
    broken_off(0, 1, 2)
    broken_off(4)
    partial = begun(tmp_path)
    assert numbers(partial.stored) == [0, 1, 2]
    remove_interrupted(place(tmp_path))
    partial.discard()
    assert names(tmp_path) == []


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_a_part_file_that_is_a_link_is_not_written_through(
    tmp_path: Path, broken_off: Callable[..., str], make: Callable[[Path, Path], None]
) -> None:
    part, _ = paths(tmp_path, broken_off(1))
    (tmp_path / "mine").write_bytes(b"precious")
    part.unlink()
    make(tmp_path / "mine", part)
    partial = begun(tmp_path)
    assert numbers(partial.stored) == []
    partial.part.write(0, b"0123456789")
    partial.discard()
    assert (tmp_path / "mine").read_bytes() == b"precious"


def test_without_digests_nothing_is_gone_on_with(tmp_path: Path, broken_off: Callable[..., str]) -> None:
    broken_off(1, 2, width=0)
    partial = begun(tmp_path, heading(width=0))
    assert numbers(partial.stored) == []
    partial.discard()


def test_what_bears_another_seal_is_neither_taken_over_nor_removed(
    tmp_path: Path, broken_off: Callable[..., str]
) -> None:
    broken_off(0, 1)
    before = names(tmp_path)
    other = Seal(bytes(32))
    partial = begun(tmp_path, seal=other)
    assert numbers(partial.stored) == []
    remove_interrupted(place(tmp_path, seal=other))
    partial.discard()
    sweep(tmp_path, ["a.nc"], other)
    assert names(tmp_path) == before


def test_without_a_key_nothing_is_left(tmp_path: Path) -> None:
    partial = begun(tmp_path, seal=Seal(None))
    partial.part.write(0, b"0123456789")
    partial.add(segment(0, b"abcd"))
    assert len(names(tmp_path)) == 1, "the part file"
    partial.keep()
    assert names(tmp_path) == []


def test_targets_whose_long_names_begin_alike_do_not_mix(tmp_path: Path) -> None:
    one, other = ("n" * 254 + end for end in "ab")
    assert journal_name(one, "t") == journal_name(other, "t")
    partial = begun(tmp_path, heading(target=one), name=one)
    partial.add(segment(0, b"abcd"))
    partial.keep()
    second = begun(tmp_path, heading(target=other), name=other)
    assert numbers(second.stored) == []
    second.discard()
    third = begun(tmp_path, heading(target=one), name=one)
    assert numbers(third.stored) == [0]
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
    tmp_path: Path, broken_off: Callable[..., str], kinds: str, hours: float, kept: bool
) -> None:
    token = broken_off(1, dead=False)
    old = time.time() - hours * HOUR
    for kind, path in zip(("part", "journal"), paths(tmp_path, token), strict=True):
        if kinds in (kind, "both"):
            os.utime(path, (old, old))
        else:
            path.unlink()
    before = names(tmp_path)
    sweep(tmp_path, ["a.nc"], SEAL)
    assert names(tmp_path) == (before if kept else [])


def test_what_the_dead_left_alone_is_swept_at_once(tmp_path: Path, broken_off: Callable[..., str]) -> None:
    _, journal = paths(tmp_path, broken_off(1))
    sweep(tmp_path, ["a.nc"], SEAL)
    assert len(names(tmp_path)) == 2, "it can be gone on with"
    journal.unlink()
    sweep(tmp_path, ["a.nc"], SEAL)
    assert names(tmp_path) == []


def test_a_download_that_was_left_is_swept_by_the_age_of_its_part_file(tmp_path: Path) -> None:
    partial = begun(tmp_path)
    partial.add(segment(0, b"abcd"))
    partial.keep()
    sweep(tmp_path, ["a.nc"], SEAL)
    assert len(names(tmp_path)) == 2


@pytest.mark.slow
def test_journals_of_the_largest_files_take_little_memory(tmp_path: Path) -> None:
    length, count = 4 * 1024**2, 5 * 1024**4 // (4 * 1024**2)
    segments = Segments(20)
    for index in range(0, count, 16):
        segments.add(Segment(index * length, length, index.to_bytes(20, "big")))
    tracemalloc.start()
    DownloadJournal(place(tmp_path), "t", heading(width=20, size=5 * 1024**4), segments)
    found = read_journal(place(tmp_path), "t")
    assert found is not None
    assert next(iter(found.segments)) == Segment(0, length, bytes(20))
    assert len(list(found.segments.gaps(5 * 1024**4))) == len(found.segments) == count // 16
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 250 * len(segments)
    assert journal_of(tmp_path).stat().st_size < 80 * len(segments) + 1000


def test_of_segments_at_one_offset_the_last_counts() -> None:
    """A damaged segment is carried over into the new journal before it is fetched again."""
    segments = Segments(1)
    for segment in (Segment(0, 4, b"o"), Segment(4, 4, b"b"), Segment(0, 4, b"n")):
        segments.add(segment)
    assert list(segments) == [Segment(0, 4, b"n"), Segment(4, 4, b"b")]
