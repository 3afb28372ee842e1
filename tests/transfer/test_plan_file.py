"""Plans in files: what is saved is read back, and anything else in such a file is refused before anything is sent."""

from __future__ import annotations

import json
import os
import re
import stat
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_sdk.errors import FileConflict, InvalidArgument, UnsafePath
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.local.seen import Seen
from provena_sdk.transfer.plan_file.here import items_here
from provena_sdk.transfer.plan_file.record import item_of, record_of
from provena_sdk.transfer.plan_file.saved import SavedPlan, read_plan, write_plan
from provena_sdk.transfer.spec.items import ACTIONS, PlanItem, conflict, refused
from provena_sdk.transfer.spec.options import TransferOptions

MOMENT = datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
HANDLE = "10378.1/1900011"


@pytest.fixture(autouse=True)
def _own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "state"))


def info(path: str, size: int = 5) -> FileInfo:
    return FileInfo(path, size, "d41d8cd98f00b204e9800998ecf8427e", MOMENT)


SEEN = Seen(5, -7)

DOWNLOADS = [
    PlanItem("new", "obs/a", 5, "a", info=info("obs/a")),
    PlanItem("changed", "obs/b", 5, "b", "it replaces a link", info=info("obs/b"), seen=SEEN),
    PlanItem("same", "obs/c", 5, "c", info=info("obs/c"), seen=SEEN),
    PlanItem("delete", "obs/d", 5, "d", seen=SEEN),
    conflict("obs/e", "a folder has that name", "e", 5),
    refused("obs/../x", "it holds a '..' segment"),
]
UPLOADS = [
    PlanItem("new", "run/a", 5, "a", seen=SEEN),
    PlanItem("changed", "run/b", 5, "b", info=info("run/b", 9), seen=SEEN),
    PlanItem("same", "run/c", 5, "c", info=info("run/c"), seen=SEEN),
    PlanItem("delete", "run/d", 5, info=info("run/d")),
    PlanItem("skip", "metadata.json", 5, "metadata.json", reason="it belongs to the service"),
    conflict("run/e", "the dataset has a folder of that name", "e", 5),
    refused("run/\udcff", "it is not valid Unicode", "\udcff"),
]


def saved(tmp_path: Path, transfer: Any = "download", items: list[PlanItem] | None = None) -> SavedPlan:
    found = (DOWNLOADS if transfer == "download" else UPLOADS) if items is None else items
    return SavedPlan(
        transfer, HANDLE, tmp_path / "data", TransferOptions(verify="size", map_names=True), found, 3
    )


def facts(item: PlanItem) -> tuple[object, ...]:
    local = None if item.action == "refused" else item.local
    error = None if item.error is None else (type(item.error), str(item.error))
    return item.action, item.path, item.bytes, local, item.reason, error, item.info, item.seen


@pytest.mark.parametrize("transfer", ["download", "upload"])
def test_what_is_saved_is_read_back(tmp_path: Path, transfer: str) -> None:
    plan = saved(tmp_path, transfer)
    assert {item.action for item in [*DOWNLOADS, *UPLOADS]} == set(ACTIONS)
    file = write_plan(tmp_path / "plan.jsonl", plan)
    found = read_plan(file)
    assert (found.transfer, found.dataset_id, found.folder) == (transfer, HANDLE, tmp_path / "data")
    assert (found.options, found.none_of) == (plan.options, 3)
    assert list(map(facts, found.items)) == list(map(facts, plan.items))
    lines = file.read_text().splitlines()
    assert len(lines) == len(plan.items) + 1
    assert all(isinstance(json.loads(line), dict) for line in lines)


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_only_the_user_may_read_a_plan(tmp_path: Path) -> None:
    file = write_plan(tmp_path / "plan.jsonl", saved(tmp_path))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_relative_folder_stays_the_same_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plan = SavedPlan("download", HANDLE, Path("data"), TransferOptions(), DOWNLOADS)
    file = write_plan(tmp_path / "plan.jsonl", plan)
    monkeypatch.chdir("/")
    assert read_plan(file).folder == tmp_path / "data"


class TestTheFolderOfAnotherUser:
    """A plan that this user did not write on this machine does not decide on the local folder."""

    def refused(self, file: Path) -> None:
        with pytest.raises(InvalidArgument, match="directory must be given") as caught:
            read_plan(file)
        assert caught.value.argument == "directory"

    def test_without_the_key(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = write_plan(tmp_path / "plan.jsonl", saved(tmp_path))
        monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "of_another"))
        self.refused(file)
        assert read_plan(file, tmp_path / "mine").folder == tmp_path / "mine"

    @pytest.mark.parametrize(
        "change", [{"folder": "/etc"}, {"dataset": "10378.1/2"}, {"transfer": "upload"}, {"seal": "00"}]
    )
    def test_with_another_first_line(self, tmp_path: Path, change: dict[str, str]) -> None:
        file = write_plan(tmp_path / "plan.jsonl", saved(tmp_path, items=[]))
        header = json.loads(file.read_text())
        file.write_text(json.dumps({**header, **change}))
        self.refused(file)

    def test_without_a_seal(self, tmp_path: Path) -> None:
        file = write_plan(tmp_path / "plan.jsonl", saved(tmp_path))
        first, *others = file.read_text().splitlines()
        header = json.loads(first)
        del header["seal"]
        file.write_text("\n".join([json.dumps(header), *others]))
        self.refused(file)

    def test_lines_may_be_left_out(self, tmp_path: Path) -> None:
        file = write_plan(tmp_path / "plan.jsonl", saved(tmp_path))
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if '"delete"' not in line))
        assert [item.action for item in read_plan(file).items] == [
            "new",
            "changed",
            "same",
            "conflict",
            "refused",
        ]


NEW: dict[str, Any] = record_of(DOWNLOADS[0])
SEND: dict[str, Any] = record_of(UPLOADS[0])


def but(record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**record, **changes}


def store(**changes: Any) -> dict[str, Any]:
    return {**NEW["store"], **changes}


BAD_DOWNLOADS = {
    "a path out of the dataset": but(NEW, path="../a"),
    "a path with an empty segment": but(NEW, path="a//b"),
    "a local path out of the folder": but(NEW, local="../.ssh/authorized_keys"),
    "an absolute local path": but(NEW, local="/etc/passwd"),
    "a drive": but(NEW, local="C:x"),
    "a backslash": but(NEW, local="..\\x"),
    "a NUL": but(NEW, local="a\0b"),
    "half a surrogate pair": but(NEW, local="\ud800"),
    "a part file": but(NEW, local=".a.5f3a.provena-part"),
    "an action of uploads": but(NEW, action="skip"),
    "an unknown action": but(NEW, action="run"),
    "an action that is a list": but(NEW, action=["new"]),
    "an unknown field": but(NEW, url="https://example.org"),
    "new, but it replaces": but(NEW, here={"bytes": 5, "mtime_ns": 1}),
    "no path": {key: NEW[key] for key in NEW if key != "path"},
    "an empty path": but(NEW, path=""),
    "a path that is a number": but(NEW, path=1),
    "no store": {key: NEW[key] for key in NEW if key != "store"},
    "a store that is a list": but(NEW, store=[]),
    "a header in the ETag": but(NEW, store=store(etag='a"\r\nHost: b')),
    "an ETag that is long": but(NEW, store=store(etag="a" * 201)),
    "a size that is true": but(NEW, bytes=True, store=store(bytes=True)),
    "a size that is negative": but(NEW, bytes=-1, store=store(bytes=-1)),
    "a size that is huge": but(NEW, bytes=2**60, store=store(bytes=2**60)),
    "a size that is a float": but(NEW, bytes=5.0),
    "another size than the file's": but(NEW, bytes=4),
    "a time without a zone": but(NEW, store=store(modified="2024-05-01T12:00:00")),
    "a time that is none": but(NEW, store=store(modified="yesterday")),
    "the service's file to be deleted": but(record_of(DOWNLOADS[3]), path="metadata.json"),
    "a reason that is an object": but(NEW, reason={}),
    "a path that is too long": but(NEW, path="a" * 1025),
}
BAD_UPLOADS = {
    "the service's file": but(SEND, path="metadata.json"),
    "the service's file to be deleted": but(record_of(UPLOADS[3]), path="metadata.json"),
    "a local path out of the folder": but(SEND, local="../secret"),
    "an absolute local path": but(SEND, local="/etc/passwd"),
    "a deletion of a local file": but(record_of(UPLOADS[3]), local="d"),
    "a time that is too large": but(SEND, here={"bytes": 5, "mtime_ns": 2**63}),
}


@pytest.mark.parametrize(
    ("transfer", "record"),
    [
        *(pytest.param("download", record, id=f"download: {name}") for name, record in BAD_DOWNLOADS.items()),
        *(pytest.param("upload", record, id=f"upload: {name}") for name, record in BAD_UPLOADS.items()),
    ],
)
def test_a_bad_line_is_refused_by_its_number(tmp_path: Path, transfer: str, record: dict[str, Any]) -> None:
    file = write_plan(tmp_path / "plan.jsonl", saved(tmp_path, transfer, items=[]))
    with file.open("a") as opened:
        opened.write(json.dumps(record))
    with pytest.raises(InvalidArgument, match=r"^file: line 2 of ") as caught:
        read_plan(file)
    assert str(caught.value).isprintable()
    assert not (tmp_path / "data").exists()


def test_the_records_that_were_made_bad_are_good(tmp_path: Path) -> None:
    assert facts(item_of("download", NEW)) == facts(DOWNLOADS[0])
    assert facts(item_of("upload", SEND)) == facts(UPLOADS[0])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1 .*: it is not JSON"),
        ("{}", "line 1 .*: it is not the first line of a plan"),
        ('{"provena_plan": 2}', "line 1 .*: the plan was written by another version"),
        ('{"provena_plan": 1}', "line 1 .* is missing"),
        ("[" * 60_000, "line 1 .*: (it is nested too deeply|it is not JSON)"),
        ("[]", "line 1 .*: it is not an object"),
        ("\x00\xff", "line 1 .*"),
        (" " * 70_000, "line 1 .*: it has more than 65,536 bytes"),
        (" " * 65_536 + "\r\n", "line 1 .*: it is not JSON"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "plan.jsonl"
    file.write_text(text, "latin-1")
    with pytest.raises(InvalidArgument, match=reason):
        read_plan(file)


def test_lines_after_a_bad_first_one_take_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "plan.jsonl"
    file.write_bytes(b"\n" * 1_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(InvalidArgument, match="line 1 "):
            read_plan(file)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_plan_of_too_many_items_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_plan(tmp_path / "plan.jsonl", saved(tmp_path))
    monkeypatch.setattr("provena_sdk.transfer.plan_file.saved._MOST_ITEMS", 2)
    with pytest.raises(InvalidArgument, match=r"line 4 .*: the plan has more than 2 items"):
        read_plan(file)


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "not a handle"},
        {"dataset": 1},
        {"folder": ""},
        {"options": {"verify": "none"}},
        {"options": {"map_names": "no"}},
        {"options": {"concurrency": 10**9}},
        {"options": {"limit_rate": "fast"}},
        {"options": []},
        {"none_of": -1},
        {"transfer": "delete"},
        {"command": "rm"},
    ],
)
def test_a_bad_first_line_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    file = write_plan(tmp_path / "plan.jsonl", saved(tmp_path, items=[]))
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(InvalidArgument, match="line 1"):
        read_plan(file, tmp_path)


@pytest.mark.parametrize("name", ["path", "local"])
def test_one_file_twice_is_refused(tmp_path: Path, name: str) -> None:
    twice = [NEW, {**NEW, "path": "obs/z", "local": "z", name: NEW[name]}]
    file = write_plan(tmp_path / "plan.jsonl", saved(tmp_path, items=[]))
    with file.open("a") as opened:
        opened.writelines(json.dumps(record) + "\n" for record in twice)
    with pytest.raises(InvalidArgument, match=f"line 3 .*'{name}' is .*, as on line 2"):
        read_plan(file)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InvalidArgument, match="cannot be read"):
            read_plan(path)
    wrong: Any = 3
    with pytest.raises(InvalidArgument, match="must be a str or a Path"):
        read_plan(wrong)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plan.jsonl")
    with pytest.raises(InvalidArgument, match="cannot be read"):
        read_plan(tmp_path / "plan.jsonl")


def test_a_file_that_is_needed_as_a_folder_is_in_conflict(tmp_path: Path) -> None:
    items = [PlanItem("new", path, 5, path, info=info(path)) for path in ("a", "a/b")]
    first, second = items_here(saved(tmp_path, items=items))
    assert (first.action, second.action) == ("conflict", "new")
    assert isinstance(first.error, FileConflict)


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_out_of_the_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "secret").write_text("key")
    (tmp_path / "data" / "a").symlink_to(tmp_path / "secret")
    (tmp_path / "data" / "up").symlink_to(tmp_path)
    items = [PlanItem("new", path, 5, path, seen=SEEN) for path in ("a", "up/secret")]
    found = items_here(saved(tmp_path, "upload", items=items))
    assert [item.action for item in found] == ["refused", "refused"]
    assert all(isinstance(item.error, UnsafePath) for item in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def mutated(draw: Callable[[Any], Any], record: dict[str, Any]) -> dict[str, Any]:
    found = dict(record)
    for name in draw(st.sets(st.sampled_from([*record, "extra"]), min_size=1)):
        inner = found.get(name)
        found[name] = mutated(draw, inner) if isinstance(inner, dict) and draw(st.booleans()) else draw(JSON)
    return found


@st.composite
def records(draw: Callable[[Any], Any]) -> tuple[str, dict[str, Any]]:
    transfer = draw(st.sampled_from(["download", "upload"]))
    item = draw(st.sampled_from(DOWNLOADS if transfer == "download" else UPLOADS))
    return transfer, mutated(draw, record_of(item))


@given(records())
@settings(max_examples=150, deadline=None)
def test_whatever_a_line_holds_it_is_an_item_below_the_folder_or_refused(
    made: tuple[Any, dict[str, Any]],
) -> None:
    transfer, record = made
    try:
        item = item_of(transfer, record)
    except ValueError:
        return
    if item.action in ("new", "changed", "same", "delete"):
        for path in filter(None, (item.path, item.local)):
            assert not os.path.isabs(path)
            assert not {"", ".", ".."} & set(re.split(r"[/\\]", path))
        assert 0 <= item.bytes <= 5 * 1024**4
    assert facts(item_of(transfer, json.loads(json.dumps(record_of(item))))) == facts(item)
