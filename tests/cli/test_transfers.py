"""``get``, ``put``, ``sync``, ``plan``, ``apply`` and ``verify``: where files go, what is printed, how it ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from provena_sdk.cli.parameters import target
from provena_sdk.cli.transfers.places import destination, path_of, sources
from provena_sdk.sandbox import Sandbox
from tests.cli.conftest import Run

FILES = {"obs/2023.csv": b"1", "obs/2024.csv": b"22", "readme.txt": b"333"}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def handle(provena_sandbox: Sandbox) -> str:
    return provena_sandbox.add_dataset(files=FILES)


def here() -> list[str]:
    return sorted(
        path.as_posix() for path in Path().rglob("*") if path.is_file() and path.name != "metadata.json"
    )


def plant(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)


def in_dataset(run: Run, handle: str) -> list[str]:
    planned = run("get", handle, "elsewhere", "--dry-run", "--json").json
    return [item["path"] for item in planned if item["path"] != "metadata.json"]


WHOLE = ["obs/2023.csv", "obs/2024.csv", "readme.txt"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "given", "expected"),
    [
        ("", ["data"], [f"data/{name}" for name in WHOLE]),
        ("", ["."], WHOLE),
        ("/obs", [], ["obs/2023.csv", "obs/2024.csv"]),
        ("/obs", ["data"], ["data/obs/2023.csv", "data/obs/2024.csv"]),
        ("/obs", ["data/"], ["data/obs/2023.csv", "data/obs/2024.csv"]),
        ("/obs/", ["data"], ["data/2023.csv", "data/2024.csv"]),
        ("/obs/2024.csv", [], ["2024.csv"]),
        ("/obs/2024.csv", ["data/"], ["data/2024.csv"]),
        ("/obs/2024.csv", ["new.csv"], ["new.csv"]),
        ("/obs/2024.csv", ["data/new.csv"], ["data/new.csv"]),
        ("", ["data", "--include", "*.txt"], ["data/readme.txt"]),
    ],
)
def test_get_puts_files_where_cp_would(
    run: Run, handle: str, path: str, given: list[str], expected: list[str]
) -> None:
    assert run("get", f"{handle}{path}", *given).code == 0
    assert here() == expected


def test_without_a_destination_a_dataset_gets_a_folder(run: Run, handle: str) -> None:
    done = run("get", handle)
    assert done.code == 0
    assert "4 downloaded" in done.stdout
    assert here() == [f"{handle.partition('/')[2]}/{name}" for name in WHOLE]


def test_a_file_goes_into_a_folder_that_exists(run: Run, handle: str) -> None:
    plant("data/mine")
    assert run("get", f"{handle}/readme.txt", "data").code == 0
    assert here() == ["data/mine", "data/readme.txt"]


def test_a_dry_run_of_get_changes_nothing(run: Run, handle: str) -> None:
    done = run("get", handle, "data", "--dry-run", "--jsonl", "--fields", "action,path")
    assert [json.loads(line) for line in done.lines][1:] == [
        {"action": "new", "path": name} for name in WHOLE
    ]
    assert here() == []


def test_get_prints_an_outcome_for_each_file_as_json(run: Run, handle: str) -> None:
    found = run("get", handle, "data", "--json", "--exclude", "metadata.json").json
    assert [(one["outcome"], one["path"], one["bytes"], one["verified"]) for one in found] == [
        ("downloaded", name, len(FILES[name]), "checksum") for name in WHOLE
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("get", "HANDLE/none"), 5),
        (("get", "10378.1/1"), 5),
        (("get", "HANDLE", "taken"), 2),
        (("get", "HANDLE", "data", "--limit-rate", "fast"), 2),
        (("get", "HANDLE", "data", "--include", "*.{a,b}"), 2),
        (("put", "none", "HANDLE"), 2),
        (("sync", "a", "b"), 2),
        (("sync", "HANDLE", "HANDLE"), 2),
        (("apply", "taken"), 2),
        (("verify", "none", "HANDLE"), 2),
    ],
)
def test_what_cannot_be_done_has_its_exit_code(
    run: Run, handle: str, arguments: tuple[str, ...], code: int
) -> None:
    plant("taken")
    done = run(*(argument.replace("HANDLE", handle) for argument in arguments))
    assert done.code == code, done.stderr
    assert done.stdout == ""
    assert here() == ["taken"]


def test_refused_arguments_are_named_as_they_were_typed(run: Run, handle: str) -> None:
    plant("taken")
    Path("empty").mkdir()
    for arguments, words in (
        (("get", handle, "taken"), "DST: 'taken' cannot be a folder"),
        (("get", handle, "data", "--limit-rate", "fast"), "--limit-rate must be a number of bytes"),
        (("sync", "none", handle), "SRC: 'none' does not exist."),
        (("sync", "empty", handle, "--delete"), "and --delete would delete all 3"),
        (("apply", "taken"), "PLAN: line 1 of 'taken': it is not JSON"),
        (("plan", handle, "data", "--out", "none/plan.jsonl"), "none/plan.jsonl: No such file"),
    ):
        assert words in run(*arguments).stderr


def test_who_may_not_and_disks_that_are_full_have_their_exit_codes(
    run: Run, provena_sandbox: Sandbox, handle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = provena_sandbox.add_dataset(owner="writer2", private=True, files={"a": b"1"})
    plant("a.csv")
    assert run("get", handle, "data", "--no-input", user=None).code == 3
    assert run("get", closed, "data").code == 4
    assert run("put", "a.csv", closed).code == 4
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    assert run("get", handle, "data").code == 9
    assert here() == ["a.csv"]


def test_files_that_are_in_the_way_leave_the_rest_done(run: Run, handle: str) -> None:
    plant("data/obs")
    done = run("get", handle, "data", "--json")
    assert done.code == 7
    assert {one["outcome"] for one in done.json} == {"downloaded", "conflict"}
    assert done.error["code"] == "partly-done"
    assert run("get", f"{handle}/obs", "data").code == 6


def test_put_keeps_names_or_sends_contents(run: Run, provena_sandbox: Sandbox) -> None:
    plant("results/a.csv", "results/sub/b.csv", "c.csv", "d.csv")
    handle = provena_sandbox.add_dataset()
    assert run("put", "results", handle).code == 0
    assert run("put", "results/", f"{handle}/run1").code == 0
    assert run("put", "c.csv", f"{handle}/new.csv").code == 0
    done = run("put", "c.csv", "d.csv", "results/sub/", f"{handle}/several", "--json")
    assert [one["path"] for one in done.json] == ["several/b.csv", "several/c.csv", "several/d.csv"]
    assert in_dataset(run, handle) == [
        "new.csv",
        *("results/a.csv", "results/sub/b.csv", "run1/a.csv", "run1/sub/b.csv"),
        *("several/b.csv", "several/c.csv", "several/d.csv"),
    ]


def test_a_dry_run_of_put_changes_nothing(run: Run, provena_sandbox: Sandbox) -> None:
    plant("a.csv", "b/c.csv")
    handle = provena_sandbox.add_dataset()
    done = run("put", "a.csv", "b/", handle, "--dry-run", "--json")
    assert [(one["action"], one["path"]) for one in done.json] == [("new", "a.csv"), ("new", "c.csv")]
    assert in_dataset(run, handle) == []


def test_sync_asks_before_it_deletes(run: Run, handle: str) -> None:
    plant("data/mine")
    asked = run("sync", handle, "data", "--delete")
    assert asked.code == 2
    assert "delete    mine" in asked.stderr
    assert "Delete 1 file from 'data'? Nobody can be asked here." in asked.stderr
    assert here() == ["data/mine"]
    assert run("sync", handle, "data", "--delete", "--yes").code == 0
    assert here() == [f"data/{name}" for name in WHOLE]


def test_sync_compares_contents_with_or_without_slashes(run: Run, handle: str) -> None:
    plant("results/a.csv")
    assert run("sync", "results", f"{handle}/obs", "--delete", "--yes").code == 0
    assert in_dataset(run, handle) == ["obs/a.csv", "readme.txt"]
    assert run("sync", f"{handle}/obs/", "results/", "--json").json[0]["outcome"] == "same"
    assert run("sync", f"{handle}/obs/", "results/", "--quiet").lines == []


def test_a_plan_is_written_and_applied(run: Run, handle: str) -> None:
    planned = run("plan", handle, "data", "--out", "plan.jsonl", "--exclude", "metadata.json")
    assert "3 files" in planned.stdout
    assert "provena apply plan.jsonl" in planned.stderr
    assert here() == ["plan.jsonl"]
    assert "3 downloaded" in run("apply", "plan.jsonl").stdout
    assert here() == [*(f"data/{name}" for name in WHOLE), "plan.jsonl"]
    assert run("apply", "plan.jsonl", "--json").json[0]["outcome"] == "same"


def test_a_plan_of_somebody_else_needs_a_folder(run: Run, handle: str) -> None:
    run("plan", handle, "data", "--out", "plan.jsonl")
    lines = Path("plan.jsonl").read_text().splitlines(keepends=True)
    header = {**json.loads(lines[0]), "folder": "/etc"}
    Path("plan.jsonl").write_text("".join([json.dumps(header) + "\n", *lines[1:]]))
    refused = run("apply", "plan.jsonl")
    assert refused.code == 2
    assert "--dir must be given" in refused.stderr
    assert run("apply", "plan.jsonl", "--dir", "mine").code == 0
    assert here() == [*(f"mine/{name}" for name in WHOLE), "plan.jsonl"]


def test_patterns_that_match_nothing_are_a_warning(run: Run, handle: str) -> None:
    done = run("get", handle, "data", "--include", "*.NONE", "--json")
    assert done.code == 0
    assert done.stderr.startswith("Warning: --include and --exclude matched none of ")


def test_verify_finds_differences(run: Run, handle: str) -> None:
    run("get", handle, "data")
    assert run("verify", "data", handle).code == 0
    Path("data/readme.txt").write_text("xxx")
    found = run("verify", "data", handle, "--json")
    assert found.code == 10
    assert {one["path"]: one["state"] for one in found.json}["readme.txt"] == "different"
    assert run("verify", "data", handle, "--quiet").lines == ["readme.txt"]
    for path in ("obs/", "obs"):
        assert run("verify", "data/obs", f"{handle}/{path}").code == 0
    one = run("verify", "data", f"{handle}/readme.txt", "--json")
    assert (one.code, [file["state"] for file in one.json]) == (10, ["different"])
    assert run("verify", "data", f"{handle}/none").code == 5


def test_a_destination_is_what_cp_makes_of_it(tmp_path: Path) -> None:
    file = target("10378.1/1451860/obs/2024.csv")
    assert destination(file, "a/b.csv") == ("a", "b.csv", "a/b.csv")
    assert destination(file, "a/") == ("a/", "", "")
    assert destination(file, str(tmp_path)) == (str(tmp_path), "", "")
    assert destination(target("10378.1/1451860/obs/"), "a") == ("a", "", "")
    assert path_of(target("10378.1/1451860/obs/")) == "obs/"
    assert path_of(target("10378.1/1451860/obs")) == "obs"


def test_sources_are_sent_in_few_transfers() -> None:
    assert list(sources(["a/x", "a/y", "z", ".", "./q"])) == [["a/x", "a/y"], ["z"], ".", ["./q"]]
    assert list(sources(["a/", "b/"])) == ["a/", "b/"]
    assert list(sources(["..", "c/."])) == ["..", "c/."]
