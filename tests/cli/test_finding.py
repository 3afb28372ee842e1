"""The commands that find and describe datasets."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provena_sdk import Deployment, Provena
from provena_sdk.cli.app import run as run_command
from provena_sdk.sandbox import Fault, Sandbox
from tests.cli.conftest import Run
from tests.cli.seeded import REEF, TIDES, furnish

LIST = "/registry/items/list"


@pytest.fixture
def sandbox(provena_sandbox: Sandbox) -> Sandbox:
    furnish(provena_sandbox)
    return provena_sandbox


@pytest.fixture
def provena(sandbox: Sandbox) -> Iterator[Provena]:
    deployment = Deployment.from_env(sandbox.environment())
    with Provena(deployment, access_token=sandbox.access_token("writer")) as provena:
        yield provena


def broken_page(sandbox: Sandbox, run: Run) -> None:
    """Let the next listing have a dataset without a licence."""
    page = run("api", "POST", LIST, "--data", "{}").json
    page["items"][0]["collection_format"]["dataset_info"]["license"] = None
    sandbox.faults.add(Fault(service="datastore", path=LIST, body=json.dumps(page)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("search", "reef", "--since", "2024-13"), "--since must be a date"),
        (("search", "reef", "--bbox", "1,2,3,400"), "--bbox must be west"),
        (("diff", REEF, "0", "9"), "B: dataset"),
        (("people", "show", "X"), "PERSON"),
        (("ls", REEF, "--profile", "nope"), "--profile: there is no profile"),
        (("ls", REEF, "--deployment", "http://x"), "--deployment is not a domain name"),
    ],
)
def test_arguments_have_their_names_in_the_command(
    sandbox: Sandbox, run: Run, arguments: tuple[str, ...], message: str
) -> None:
    done = run(*arguments)
    assert done.code != 0
    assert done.stderr.startswith(f"Error: {message}"), done.stderr


def test_a_search(sandbox: Sandbox, run: Run) -> None:
    found = run("search", "reef", "--json")
    assert {hit["handle"] for hit in found.json} == {REEF, TIDES}
    found = run("search", "alpha", "reef", "--bbox", "140,-30,150,-5", "--since", "2020", "--json")
    assert found.json == [
        {
            "handle": REEF,
            "name": "Alpha reef survey",
            "status": "NOT_RELEASED",
            "place": "145°E to 155°E, 25°S to 10°S",
            "time": "2010-02-01 to 2021-04-03",
            "bbox": [145.0, -25.0, 155.0, -10.0],
            "owner": "writer",
            "score": found.json[0]["score"],
        }
    ]
    elsewhere = run("search", "reef", "--until", "1990", "--quiet")
    assert (elsewhere.code, elsewhere.stdout) == (0, "")
    assert "2 hits are elsewhere, or of another time." in run("search", "reef", "--until", "1990").stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--bbox", "1,2,3"], "--bbox: must be four numbers with commas"),
        (["--bbox", "1,2,3,x"], "--bbox: must be four numbers with commas"),
        (["--bbox", "1,2,3,-4"], "bbox must be west, south, east, north"),
        (["--since", "soon"], "since must be a date"),
        (["-n", "51"], "51 is not in the range 1<=x<=50"),
    ],
)
def test_a_search_that_is_refused(sandbox: Sandbox, run: Run, arguments: list[str], said: str) -> None:
    refused = run("search", "reef", *arguments)
    assert refused.code == 2
    assert said in refused.stderr
    assert not any("/search" in exchange.path for exchange in sandbox.requests)


def test_hits_that_fail_are_reported(sandbox: Sandbox, run: Run) -> None:
    path = "/registry/items/fetch-dataset"
    sandbox.faults.add(Fault(service="datastore", path=path, status=400, body='{"detail": "no"}'))
    found = run("search", "alpha")
    assert (found.code, found.stdout) == (7, "")
    assert f"Warning: {REEF}: The service refused (400): no." in found.stderr


def test_a_listing(sandbox: Sandbox, run: Run) -> None:
    theirs = sandbox.add_dataset("Kelp", owner="writer2")
    assert run("list", "--sort", "name", "--quiet").lines == [REEF, theirs, TIDES]
    assert run("list", "--sort", "name", "--reverse", "-n", "1", "--quiet").lines == [TIDES]
    assert run("list", "--owner", "writer2", "--fields", "name,owner").lines == ["Kelp\twriter2"]
    assert set(run("list", "--mine", "--quiet").lines) == {REEF, TIDES}
    nothing = run("list", "--status", "Released", "--modified-since", "2024", "--json")
    assert (nothing.json, nothing.stderr) == ([], "No datasets.\n")
    for status in ("NOT_RELEASED", "not released", "Not-Released"):
        assert set(run("list", "--status", status, "--quiet").lines) == {REEF, theirs, TIDES}
    assert set(run("list", "--json").json[0]) >= {"handle", "name", "license", "keywords", "updated"}
    assert run("list", "--mine", "--owner", "x").code == 2
    assert "--modified-since must be a date" in run("list", "--modified-since", "soon").stderr


class First(io.StringIO):
    """Notes how many pages were fetched when the first row was written."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.sandbox = sandbox
        self.pages: list[int] = []

    def write(self, text: str) -> int:
        self.pages.append(sum(exchange.path == LIST for exchange in self.sandbox.requests))
        return super().write(text)


@pytest.mark.slow
def test_the_first_row_comes_after_one_request(
    sandbox: Sandbox, environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.populate(700)
    environment("writer")
    with monkeypatch.context() as changed:
        stream = First(sandbox)
        changed.setattr(sys, "stdout", stream)
        assert run_command(["list"]) == 0
    assert len(stream.getvalue().splitlines()) == 702
    assert stream.pages[0] <= 2  # the second is fetched ahead
    assert stream.pages[-1] == 4


def test_a_listing_without_a_broken_dataset_is_partly_done(sandbox: Sandbox, run: Run) -> None:
    broken_page(sandbox, run)
    listed = run("list", "--quiet")
    assert (listed.code, listed.lines) == (7, [REEF])
    assert f"Warning: 1 item could not be read: {TIDES} (" in listed.stderr


def test_a_dataset(sandbox: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    card = run("show", f"hdl:{REEF}")
    assert card.lines[0] == "Alpha reef survey"
    assert "Wren Castellanos (writer)" in card.stdout
    assert ">>>" not in card.stdout
    assert run("show", REEF, "--quiet").lines == [REEF]
    data = run("show", REEF, "--json").json
    assert data["collection_format"]["dataset_info"]["name"] == "Alpha reef survey"
    assert (data["locked"], data["url"]) == (False, f"https://registry.localhost/item/{REEF}")
    monkeypatch.setattr("provena_sdk.resources.interactive.properties.has_browser", lambda: False)
    assert run("show", REEF, "--web").lines == [data["url"]]
    assert run("show", "10378.1/1", "--json").error["code"] == "dataset-not-found"


def test_history_versions_and_differences(sandbox: Sandbox, run: Run, provena: Provena) -> None:
    reef = provena.datastore.interactive_dataset(REEF)
    reef.set("found by more people", keywords=["coral"])
    newest = reef.version("new season").new_version_id
    states = run("history", REEF, "--json").json
    assert [(state["state"], state["why"], state["changed"]) for state in states] == [
        (1, "found by more people", ["dataset_info.keywords"]),
        (0, "Initial record creation", []),
    ]
    assert {state["username"] for state in states} == {"writer"}
    assert run("history", REEF, "--quiet").lines == ["1", "0"]
    assert run("versions", newest, "--quiet").lines == [REEF, newest]
    assert run("versions", REEF, "--json").json[1]["why"] == "new season"
    change = {"field": "dataset_info.keywords", "before": None, "after": ["coral"]}
    assert run("diff", REEF, 0, 1, "--json").json == [change]
    shown = run("diff", REEF, 0, "--exit-code")
    assert (shown.code, shown.lines[1:]) == (10, ["dataset_info.keywords", "+ coral"])
    assert run("diff", REEF, 1, "--exit-code").code == 0
    unknown = run("diff", REEF, 0, 7)
    assert (unknown.code, "It has 0, 1." in unknown.stderr) == (2, True)


@pytest.mark.slow
def test_an_inventory(sandbox: Sandbox, run: Run, tmp_path: Path) -> None:
    rows = run("inventory", "--files", "--sort", "name", "--jsonl").lines
    assert [(row["handle"], row["files"]) for row in map(json.loads, rows)] == [(REEF, 4), (TIDES, 2)]
    out = tmp_path / "all.parquet"
    assert run("inventory", "--out", out).lines == [str(out)]
    assert out.read_bytes()[:4] == b"PAR1"
    refused = run("inventory", "--out", tmp_path / "all.csv")
    assert (refused.code, "--out: must end in .parquet or .xlsx" in refused.stderr) == (2, True)


def test_a_missing_library_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    missing = run("inventory", "--out", tmp_path / "all.xlsx")
    assert (missing.code, missing.stderr.count("\n")) == (1, 1)
    assert "install provena-sdk[excel]" in missing.stderr


def test_files_that_cannot_be_counted_are_reported(sandbox: Sandbox, run: Run) -> None:
    sandbox.set_access(REEF, general=("metadata-read",))
    listed = run("inventory", "--files", "--fields", "handle,failure", user="reader")
    assert listed.code == 7
    assert f"Warning: {REEF}: DatasetAccessDenied: " in listed.stderr


def test_citations(sandbox: Sandbox, run: Run) -> None:
    assert run("cite", REEF).stdout.startswith("Castellanos, W. (20")
    assert run("cite", REEF, "--style", "bibtex").stdout.startswith("@misc{castellanos20")
    assert run("cite", REEF, "--author", "Diver, Ada", "--author", "Kelp Lab").stdout.startswith(
        "Diver, A., & Kelp Lab."
    )
    assert json.loads(run("cite", REEF, "--style", "csl-json").stdout)[0]["id"] == REEF
    assert run("cite", REEF, "--author", " ").code == 2


def test_exports(sandbox: Sandbox, run: Run, tmp_path: Path) -> None:
    crate = run("export", REEF).json
    assert crate["@context"].startswith("https://w3id.org/ro/crate/")
    assert "obs/2024.csv" in json.dumps(crate)
    assert "obs/2024.csv" not in run("export", REEF, "--format", "schema.org", "--no-files").stdout
    written = run("export", REEF, "--out", tmp_path)
    assert written.lines == [str(tmp_path / "ro-crate-metadata.json")]
    assert json.loads((tmp_path / "ro-crate-metadata.json").read_text("utf-8")) == crate
