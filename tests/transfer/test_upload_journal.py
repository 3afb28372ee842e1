"""What is remembered of uploads that are under way."""

import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.transfer.resume.upload_journal import (
    FORGET_SECONDS,
    UploadJournals,
    UploadRecord,
    parse_journal,
)

HERE = DatasetLocation("10378.1/1", "reef", "datasets/10378-1-1/")
PLACE = {"store": "", "bucket": "reef", "prefix": HERE.prefix}
DEAD = {"pid": 2**22 + 1}


def begun(path: str = "big.nc", **changes: object) -> UploadRecord:
    fields = {
        "path": path,
        "upload_id": None,
        "source": "/data/" + path,
        "size": 2**40,
        "modified_ns": 1,
        "part_size": 2**27,
        "begun": time.time(),
    }
    return UploadRecord(**(fields | changes))  # type: ignore[arg-type]  # each test changes what it is about


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "uploads"


@pytest.fixture
def journals(folder: Path) -> UploadJournals:
    return UploadJournals(HERE, folder=folder)


@pytest.fixture
def change(folder: Path) -> Callable[..., None]:
    """Changes what the one journal says, and how long ago it was written."""

    def write(*, age: float = 0.0, **fields: object) -> None:
        [file] = folder.glob("*.json")
        known = json.loads(file.read_text())
        owner = fields.pop("owner", {})
        known["owner"] = (known["owner"] or {}) | owner if isinstance(owner, dict) else owner
        file.write_text(json.dumps(known | fields))
        os.utime(file, (time.time() - age,) * 2)

    return write


def test_a_journal_is_private_and_gone_when_removed(journals: UploadJournals, folder: Path) -> None:
    journal = journals.new(begun())
    assert not folder.exists()
    journal.write(upload_id="u1")
    [file] = folder.iterdir()
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert journals.upload_ids("big.nc") == {"u1"}
    assert journals.upload_ids("other.nc") == set()
    journal.remove()
    assert list(folder.iterdir()) == []
    journal.remove()


def test_uploads_of_living_processes_are_left_alone(
    journals: UploadJournals, change: Callable[..., None]
) -> None:
    journals.new(begun()).write(upload_id="u1")
    assert list(journals.adopt("big.nc")) == []
    change(owner={"host": "another machine"}, age=3000)
    assert list(journals.adopt("big.nc")) == []


@pytest.mark.skipif(os.name != "posix", reason="nothing can be known of other processes there")
def test_an_upload_of_a_dead_process_is_taken_over_once(
    journals: UploadJournals, change: Callable[..., None], folder: Path
) -> None:
    journals.new(begun()).write(upload_id="u1")
    change(owner=DEAD)
    assert list(journals.adopt("other.nc")) == []
    [adopted] = journals.adopt("big.nc")
    assert adopted.begun.upload_id == "u1"
    assert list(journals.adopt("big.nc")) == []
    adopted.release()
    [again] = journals.adopt("big.nc")
    again.remove()
    assert list(folder.iterdir()) == []


def test_an_upload_of_another_machine_is_taken_over_after_an_hour(
    journals: UploadJournals, change: Callable[..., None]
) -> None:
    journal = journals.new(begun())
    journal.write(upload_id="u1")
    change(owner={"host": "another machine"}, age=4000)
    journal._touched -= 100
    journal.touch()
    assert list(journals.adopt("big.nc")) == []
    change(owner={"host": "another machine"}, age=4000)
    journal.touch()
    assert [found.begun.upload_id for found in journals.adopt("big.nc")] == ["u1"]


def test_other_datasets_and_stores_have_journals_of_their_own(
    journals: UploadJournals, change: Callable[..., None], folder: Path
) -> None:
    journals.new(begun()).write(upload_id="u1")
    change(owner=None)
    for others in (
        UploadJournals(HERE, "https://store.example.org", folder=folder),
        UploadJournals(DatasetLocation("x", "reef", "datasets/10378-1-11/"), folder=folder),
        UploadJournals(DatasetLocation("x", "atoll", HERE.prefix), folder=folder),
    ):
        assert list(others.adopt("big.nc")) == []
    assert len(list(journals.adopt("big.nc"))) == 1


def test_what_nobody_went_on_with_is_forgotten_after_a_week(
    journals: UploadJournals, change: Callable[..., None]
) -> None:
    journals.new(begun()).write(upload_id="u1")
    change(owner=None)
    assert list(journals.adopt_forgotten()) == []
    change(owner={"host": "another machine"}, begun=time.time() - FORGET_SECONDS - 1)
    assert list(journals.adopt_forgotten()) == []
    change(owner=None, begun=time.time() - FORGET_SECONDS - 1)
    assert [found.begun.path for found in journals.adopt_forgotten()] == ["big.nc"]


def test_what_is_no_journal_is_passed_over_and_removed_in_time(
    journals: UploadJournals, folder: Path
) -> None:
    journal = journals.new(begun())
    journal.write(upload_id="u1")
    [file] = folder.iterdir()
    file.write_bytes(b'{"version": 1, "pa')
    file.with_suffix(".part").write_bytes(b"")
    assert list(journals.adopt("big.nc")) == []
    assert len(list(folder.iterdir())) == 2
    for left in folder.iterdir():
        os.utime(left, (0, 0))
    assert list(journals.adopt_forgotten()) == []
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_pipe_is_passed_over_and_removed_in_time(journals: UploadJournals, folder: Path) -> None:
    journals.new(begun()).write(upload_id="known")
    [journal] = folder.glob("*.json")
    pipe = journal.with_name(journal.name.replace(".", ".0", 1))
    os.mkfifo(pipe)
    assert journals.upload_ids("big.nc") == {"known"}
    long_ago = time.time() - FORGET_SECONDS - 1
    os.utime(pipe, (long_ago, long_ago))
    assert journals.upload_ids("big.nc") == {"known"}
    assert not pipe.exists()


def test_a_folder_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"a file where a folder is needed")
    journals = UploadJournals(HERE, folder=tmp_path / "state" / "uploads")
    journal = journals.new(begun())
    journal.write(upload_id="u1")
    journal.touch()
    journal.release()
    journal.remove()
    assert list(journals.adopt("big.nc")) == []
    assert list(journals.adopt_forgotten()) == []


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege there")
def test_a_link_in_the_way_is_not_written_through(
    journals: UploadJournals, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious").write_bytes(b"mine")
    journal = journals.new(begun())
    journal.write(upload_id=None)
    [file] = folder.iterdir()
    file.with_suffix(".part").symlink_to(tmp_path / "precious")
    journal.write(upload_id="u1")
    assert (tmp_path / "precious").read_bytes() == b"mine"
    assert journals.upload_ids("big.nc") == {"u1"}


GOOD = json.dumps(
    {"version": 1, **PLACE, "path": "é", "upload_id": "u", "source": "/é", "size": 1}
    | {"modified_ns": 1, "part_size": 1, "begun": 1.5, "owner": None}
).encode()


def test_a_whole_journal_is_read() -> None:
    assert parse_journal(GOOD, PLACE) == (UploadRecord("é", "u", "/é", 1, 1, 1, 1.5), None)
    opaque = GOOD.replace(b'"owner"', b'"opaque_etags": true, "owner"')
    assert parse_journal(opaque, PLACE) == (UploadRecord("é", "u", "/é", 1, 1, 1, 1.5, True), None)
    assert parse_journal(GOOD, PLACE | {"bucket": "other"}) is None
    assert parse_journal(GOOD.replace(b'"version": 1', b'"version": 2'), PLACE) is None


@given(st.integers(0, len(GOOD) - 1))
def test_a_torn_journal_is_none(length: int) -> None:
    assert parse_journal(GOOD[:length], PLACE) is None


@given(
    st.sampled_from(["path", "upload_id", "source", "size", "modified_ns", "part_size", "begun"]),
    st.sampled_from([True, [], {}, "x", None, -1, 1.5, 10**40]),
)
def test_fields_of_another_kind_make_it_none_or_stay_what_they_are(name: str, value: object) -> None:
    found = parse_journal(json.dumps(json.loads(GOOD) | {name: value}).encode(), PLACE)
    if found is not None:
        assert getattr(found[0], name) == value
        assert type(value) in {"begun": (int, float), "upload_id": (str, type(None))}.get(name, (str, int))


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_anything_else_is_none(content: bytes) -> None:
    assert parse_journal(content, PLACE) is None


def test_deep_nesting_is_none() -> None:
    assert parse_journal(b"[" * 100_000, PLACE) is None


@pytest.mark.skipif(os.name != "posix", reason="there are no such files or modes")
@pytest.mark.parametrize("kind", ["writable", "foreign", "hard link"])
def test_what_somebody_else_could_have_written_is_not_believed(
    journals: UploadJournals, change: Callable[..., None], folder: Path, kind: str
) -> None:
    journals.new(begun()).write(upload_id="theirs")
    change(owner=None)
    [file] = folder.iterdir()
    if kind == "foreign" and os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    if kind == "writable":
        file.chmod(0o666)
    elif kind == "foreign":
        os.chown(file, 12345, -1)
    else:
        (folder.parent / "elsewhere").hardlink_to(file)
    assert list(journals.adopt("big.nc")) == []
    assert journals.upload_ids("big.nc") == set()
