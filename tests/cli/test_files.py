"""``ls``, ``tree``, ``du``, ``cat``, ``head``, ``cp``, ``mv``, ``rm`` and ``url``."""

from __future__ import annotations

import sys
import urllib.request
from typing import Any

import pytest

from provena_sdk.cli import streams
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.sandbox import Sandbox
from tests.cli.conftest import Run, in_this_process
from tests.cli.seeded import REEF, TIDES, furnish

FILES = ["metadata.json", "obs/2023.csv", "obs/2024.csv", "readme.txt"]


@pytest.fixture(autouse=True)
def _furnished(provena_sandbox: Sandbox) -> None:
    furnish(provena_sandbox)


def names(run: Run, target: str = REEF) -> list[str]:
    return run("ls", "-r", target, "--quiet").lines


def test_files_are_listed(run: Run) -> None:
    assert run("ls", REEF).lines[1:] == ["obs/\t", "readme.txt\t32"]
    assert names(run) == FILES
    assert names(run, f"{REEF}/obs/") == FILES[1:3]
    (file,) = run("ls", f"provena://{REEF}/obs/2024.csv", "--json").json
    assert (file["path"], file["size"], sorted(file)) == (
        "obs/2024.csv",
        48,
        ["etag", "modified", "path", "size"],
    )
    missing = run("ls", f"{REEF}/none", "--json")
    assert (missing.code, missing.error["code"]) == (ExitCode.NOT_FOUND, "dataset-file-not-found")
    assert "obs/2024.csv" in run("ls", f"{REEF}/obs/2025.csv").stderr
    assert run("ls", "10378.1/nothing").code == ExitCode.NOT_FOUND
    assert run("ls", "nothing").code == ExitCode.USAGE


def test_trees_and_sizes(run: Run) -> None:
    assert run("tree", f"{REEF}/obs").lines == [
        "obs/        80 B  2 files",
        "  2023.csv  32 B",
        "  2024.csv  48 B",
    ]
    assert run("tree", f"{REEF}/obs", "--depth", 1, "--json").json["entries"] == [
        {"name": "obs/", "files": 2, "size": 80}
    ]
    assert run("du", f"{REEF}/obs").lines == [".\t80\t2", "obs/\t80\t2"]
    assert len(run("du", REEF, "-d", 0, "--jsonl").lines) == 1


def test_contents(run: Run, provena_sandbox: Sandbox) -> None:
    assert run("cat", f"{REEF}/readme.txt", f"{TIDES}/tides.csv").output == (
        b"Temperatures at the alpha reef.\nday,metres\n2024-01-01,2.5\n"
    )
    assert run("cat", f"{REEF}/readme.txt", "--json").code == ExitCode.USAGE
    assert run("cat", REEF).code == ExitCode.USAGE
    assert run("head", f"{REEF}/obs/2024.csv", "-n", 1, "--json").json["rows"] == [["2024-01-01", 27.5]]
    assert run("head", f"{REEF}/obs/2024.csv").lines[1:3] == [
        "day         temperature",
        "(date)      (number)",
    ]
    assert run("head", f"{REEF}/obs").code == ExitCode.USAGE


def test_a_terminal_gets_no_control_characters(
    provena_sandbox: Sandbox, environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = provena_sandbox.add_dataset(
        "Odd", files={"a.txt": b"one\x1b[2J\r\n\ttwo\n", "b.bin": bytes(9), "c.txt": b"caf\xe9"}
    )
    environment("writer")
    shown = in_this_process(monkeypatch, ["cat", f"{handle}/a.txt"], terminal=True)
    assert shown.stdout == "one\\x1b[2J\n\ttwo\n"
    refused = in_this_process(monkeypatch, ["cat", f"{handle}/b.bin"], terminal=True)
    assert (refused.code, refused.stdout) == (ExitCode.USAGE, "")
    assert "is not text" in refused.stderr
    cut = in_this_process(monkeypatch, ["cat", f"{handle}/c.txt"], terminal=True)
    assert cut.stdout == "caf\N{REPLACEMENT CHARACTER}"


def test_characters_and_ends_of_lines_may_be_in_two_chunks() -> None:
    chunks = [b"a\r", b"\nb\rc\xc3", b"\xa9\r", b"", b"\n\r", b"d\r"]
    assert b"".join(streams.for_terminal(chunks)).decode(sys.stdout.encoding) == "a\nb\\rcé\n\\rd\\r"


def test_copying_and_moving(run: Run) -> None:
    planned = run("cp", f"{REEF}/readme.txt", f"{REEF}/obs/", "--dry-run", "--json").json
    assert [(one["outcome"], one["target"]) for one in planned] == [("planned", "obs/readme.txt")]
    assert names(run) == FILES
    folder = run("cp", f"{REEF}/obs", f"{TIDES}/reef/")
    assert (folder.code, "2 files" in folder.stderr) == (ExitCode.USAGE, True)
    assert run("cp", "-r", f"{REEF}/obs", f"{TIDES}/reef/").code == 0
    assert names(run, TIDES)[1:] == ["reef/obs/2023.csv", "reef/obs/2024.csv", "tides.csv"]
    taken = run("mv", f"{REEF}/readme.txt", f"{REEF}/obs/2024.csv")
    assert (taken.code, "--replace" in taken.stderr) == (ExitCode.CONFLICT, True)
    assert run("mv", f"{REEF}/readme.txt", f"{REEF}/obs/2024.csv", "--replace").code == 0
    assert run("mv", f"{REEF}/obs", f"{REEF}/observations").code == 0
    assert names(run) == ["metadata.json", "observations/2023.csv", "observations/2024.csv"]


@pytest.mark.parametrize("local", ["data.csv", "./data.csv", "/data/obs", "~/data.csv"])
@pytest.mark.parametrize("command", ["cp", "mv"])
def test_local_files_are_transferred_by_others(run: Run, command: str, local: str) -> None:
    for arguments in ((local, REEF), (f"{REEF}/readme.txt", local)):
        refused = run(command, *arguments)
        assert refused.code == ExitCode.USAGE
        assert "'provena put' uploads" in refused.stderr
    assert names(run) == FILES


def test_some_that_are_taken(run: Run) -> None:
    run("cp", f"{REEF}/readme.txt", f"{TIDES}/2024.csv")
    partly = run("cp", "-r", f"{REEF}/obs/", TIDES, "--json")
    assert [one["outcome"] for one in partly.json] == ["copied", "conflict"]
    assert (partly.code, partly.error["code"]) == (ExitCode.PARTLY_DONE, "transfer-failed")


def test_deleting(run: Run) -> None:
    asked = run("rm", f"{REEF}/readme.txt")
    assert (asked.code, "--yes" in asked.stderr) == (ExitCode.USAGE, True)
    assert run("rm", f"{REEF}/obs", "--yes").code == ExitCode.USAGE
    assert run("rm", f"{REEF}/metadata.json", "--yes").code == ExitCode.NOT_PERMITTED
    planned = run("rm", "-r", REEF, TIDES, "--dry-run", "--jsonl")
    assert len(planned.lines) == 4
    assert names(run) == FILES
    assert run("rm", f"{REEF}/obs/2023.csv", f"{TIDES}/tides.csv", "--yes", "--quiet").lines == [
        "obs/2023.csv",
        "tides.csv",
    ]
    assert run("rm", "-r", REEF, "--yes").code == 0
    assert names(run) == ["metadata.json"]
    assert run("rm", f"{REEF}/readme.txt", "--yes").code == ExitCode.NOT_FOUND


def test_a_url(run: Run) -> None:
    made = run("url", f"{REEF}/readme.txt", "--expires", "1h30m")
    (url,) = made.lines
    assert url not in made.stderr
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"Temperatures at the alpha reef.\n"
    assert run("url", f"{REEF}/readme.txt", "--expires", 60, "--json").json["expires_in"] == 60
    for wrong in ("soon", "2d", "0s", "1h30", ""):
        assert run("url", f"{REEF}/readme.txt", "--expires", wrong).code == ExitCode.USAGE
    assert run("url", REEF).code == ExitCode.USAGE
    assert run("url", f"{REEF}/none").code == ExitCode.NOT_FOUND


def test_a_missing_library_is_no_wrong_usage(
    run: Run, provena_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = provena_sandbox.add_dataset(files={"sst.nc": b"\x89HDF\r\n\x1a\n"})
    monkeypatch.setitem(sys.modules, "h5netcdf", None)
    done = run("head", f"{handle}/sst.nc")
    assert done.code == ExitCode.FAILED
    assert "pip install 'provena-sdk[netcdf]'" in done.stderr
