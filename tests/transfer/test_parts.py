"""Small parts: checksums, the byte budget, reports, plans."""

import asyncio
import html
import itertools
import pickle
from pathlib import Path

import pytest

from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import FileStoreError, IntegrityError, TransferFailed
from provena_sdk.s3.budget import ByteBudget
from provena_sdk.s3.checksums import ETag, even_parts, parse_etag
from provena_sdk.s3.parts import each_part, is_in_parts, is_part_size, part_size
from provena_sdk.transfer.local.source_file import SourceFile
from provena_sdk.transfer.report import FileOutcome, TransferReport

MIB = 1024**2


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"0cc175b9c0f1b6a831c399e269772661"', ETag("0cc175b9c0f1b6a831c399e269772661")),
        ("0CC175B9C0F1B6A831C399E269772661-12", ETag("0cc175b9c0f1b6a831c399e269772661", 12)),
        ("not-an-md5", None),
        ("0cc175b9c0f1b6a831c399e269772661-0", None),
        ("", None),
    ],
)
def test_reading_etags(value: str, expected: ETag | None) -> None:
    assert parse_etag(value) == expected


def test_even_parts_make_up_the_whole() -> None:
    for size, part in itertools.product(range(1, 40), range(1, 12)):
        parts = list(even_parts(size, part))
        assert (sum(parts), len(parts)) == (size, -(-size // part))


def test_part_sizes_reach_five_tebibytes() -> None:
    for size in (50_000 * MIB, 80_000 * MIB, 80_000 * MIB + 1, 5 * 1024**4):
        for rate in (None, 0.0, 1e9):
            assert -(-size // part_size(size, rate)) <= 10_000
    assert list(each_part(5, 5)) == [(0, 5)]


def test_parts_are_small_while_the_line_is_slow() -> None:
    assert [part_size(100 * MIB, rate) // MIB for rate in (None, 0.0, 8e6, 9e6)] == [5, 5, 5, 8]
    # Before the line is known, one in a hundred may be larger.
    assert [part_size(size * MIB) // MIB for size in (499, 500)] == [5, 8]
    assert part_size(10_000 * MIB, 2e6) == 5 * MIB


def test_files_of_two_parts_are_sent_in_parts() -> None:
    assert [is_in_parts(size * MIB, 1e9) for size in (15, 16)] == [False, True]
    assert [is_in_parts(size * MIB) for size in (9, 10)] == [False, True]


def test_which_parts_the_store_takes() -> None:
    assert not is_part_size(5 * MIB - 1, 20 * MIB)
    assert not is_part_size(5 * 1024**3 + 1, 1024**4)
    assert [is_part_size(5 * MIB, 50_000 * MIB + more) for more in (0, 1)] == [True, False]


async def test_the_budget_is_never_exceeded_and_serves_in_order() -> None:
    budget = ByteBudget(100)
    served: list[int] = []

    async def one(number: int, size: int) -> None:
        async with budget.hold(size):
            served.append(number)
            await asyncio.sleep(0.001)

    await asyncio.gather(*(one(number, size) for number, size in enumerate([60, 60, 10, 500, 1, 1])))
    assert served == [0, 1, 2, 3, 4, 5]
    assert budget.peak == 100


async def test_a_waiter_that_gives_up_frees_its_place() -> None:
    budget = ByteBudget(10)

    async def hold(size: int) -> None:
        async with budget.hold(size):
            await asyncio.sleep(0)

    async with budget.hold(10):
        waiting = asyncio.create_task(hold(5))
        served_meanwhile = asyncio.create_task(hold(5))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
    # Cancelled just after its turn came, and before it could use it.
    served_meanwhile.cancel()
    await asyncio.gather(waiting, served_meanwhile, return_exceptions=True)
    async with asyncio.timeout(1), budget.hold(10):
        pass


def test_reports_print_well() -> None:
    nasty = "<script>alert(1)</script>.csv"
    error = FileStoreError("The object store answered 'SlowDown'.", path=nasty, store_code="SlowDown")
    report = TransferReport(
        (
            FileOutcome("a.csv", "uploaded", bytes=1_500, verified="checksum"),
            FileOutcome("metadata.json", "skipped", reason="it belongs to the service"),
            FileOutcome(nasty, "failed", error=error),
        ),
        seconds=1.25,
    )
    assert str(report).splitlines() == [
        "1 failed, 1 skipped, 1 uploaded; 1.5 kB in 1.2 s",
        f"  failed     {nasty}: The object store answered 'SlowDown'.",
        "  skipped    metadata.json: it belongs to the service",
    ]
    assert repr(report) == "<TransferReport: 1 failed, 1 skipped, 1 uploaded; 1.5 kB in 1.2 s>"
    page = report._repr_html_()
    assert nasty not in page
    assert html.escape(nasty) in page
    assert str(TransferReport()) == "no files; 0 B in 0.0 s"
    assert report[0].ok
    assert list(report[1:]) == [report[1], report[2]]


def test_a_report_names_what_it_deleted_and_what_failed_before_all_else() -> None:
    error = OSError(28, "No space left on device")
    report = TransferReport(
        (
            *(FileOutcome(f"a/{number:02}", "same") for number in range(30)),
            *(FileOutcome(f"b/{number:02}", "downloaded", bytes=1, reason="by size") for number in range(30)),
            *(FileOutcome(f"c/{number:02}", "deleted") for number in range(23)),
            FileOutcome("x", "conflict"),
            FileOutcome("y", "failed", error=error),
            FileOutcome("z", "refused"),
        )
    )
    lines = str(report).splitlines()
    assert lines[1:6] == [
        "  failed     y: No space left on device",
        "  refused    z",
        "  conflict   x",
        "  deleted    c/00",
        "  deleted    c/01",
    ]
    assert lines[23:26] == ["  deleted    c/19", "  … and 3 more", "  downloaded b/00 (1 B): by size"]
    page = report._repr_html_()
    order = [page.index(f">{text}</td>") for text in ("y", "z", "x", "c/19", "… and 3 more", "b/00", "a/00")]
    assert order == sorted(order)
    # A file that was the same is not empty; nothing of it was moved.
    assert "<th>transferred</th>" in page
    assert "<th>Size</th>" not in page


def test_failures_are_raised_as_one_group_that_pickles() -> None:
    error = IntegrityError("damaged", path="b")
    report = TransferReport(
        (FileOutcome("a", "downloaded", bytes=1), FileOutcome("b", "failed", error=error))
    )
    with pytest.raises(
        TransferFailed, match=r"1 of 2 files was not transferred, the first being b: damaged\."
    ) as caught:
        report.raise_for_failures()
    copied = pickle.loads(pickle.dumps(caught.value))
    assert str(copied) == str(caught.value)
    assert [outcome.path for outcome in copied.report.failed] == ["b"]
    assert [str(one) for one in copied.exceptions] == ["damaged"]
    by_kind = caught.value.subgroup(OSError)
    assert by_kind is not None
    assert by_kind.exceptions == (error,)
    TransferReport((FileOutcome("a", "skipped"),)).raise_for_failures()


@pytest.mark.parametrize("name", ["\x1b[2J", "a\u202egnp.exe", "bad\udcff.txt", "two\nlines", "bell\x07"])
def test_names_are_printed_so_that_they_do_nothing(name: str) -> None:
    error = OSError(28, "No space left on device")
    report = TransferReport(
        (FileOutcome(name, "failed", reason=name), FileOutcome(name, "failed", error=error))
    )
    with pytest.raises(TransferFailed) as caught:
        report.raise_for_failures()
    for text in (str(report), report._repr_html_(), str(caught.value)):
        assert text.replace("\n", "").isprintable()
        assert text.encode()
    assert len(str(report).splitlines()) == 3


def test_errors_of_this_machine_are_noted_without_their_number() -> None:
    assert FileOutcome("a", "failed", error=OSError(28, "No space left on device")).note == (
        "No space left on device"
    )
    assert FileOutcome("a", "failed", error=PermissionError(13, "Permission denied", "/data/a")).note == (
        "Permission denied: '/data/a'"
    )


def test_how_many_files_failed() -> None:
    def told(*outcomes: FileOutcome) -> tuple[str, str | None]:
        with pytest.raises(TransferFailed) as caught:
            TransferReport(outcomes).raise_for_failures()
        return caught.value.message, caught.value.hint

    bad, good = FileOutcome("b", "failed", error=ValueError("no.")), FileOutcome("a", "same")
    left = FileOutcome("c", "skipped", reason="it belongs to the service")
    assert told(bad) == ("b was not transferred: no.", None)
    assert told(bad, bad) == (
        "None of the 2 files was transferred, the first being b: no.",
        "The report of this error names each.",
    )
    assert told(good, bad) == (
        "1 of 2 files was not transferred, the first being b: no.",
        "The others are in place.",
    )
    assert told(bad, left) == ("1 of 2 files was not transferred, the first being b: no.", None)
    assert told(bad, good, bad) == (
        "2 of 3 files were not transferred, the first being b: no.",
        "The report of this error names each; the others are in place.",
    )


@pytest.mark.parametrize(
    ("bucket", "prefix"), [("", "a/"), ("b", ""), ("b", "/"), ("b", "a"), ("b", "/a/"), ("b/c", "a/")]
)
def test_locations_must_be_folders(bucket: str, prefix: str) -> None:
    with pytest.raises(ValueError, match=r"bucket|prefix"):
        DatasetLocation("x", bucket, prefix)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"12345")
    source = SourceFile(path)
    assert source.read(0, 2) == b"12"
    path.write_bytes(b"1234567")
    with pytest.raises(IntegrityError, match="changed while it was read"):
        source.read(2, 3)
    source.close()
