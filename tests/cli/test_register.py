"""Registering, editing, reviewing and sharing from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from provena_sdk import Provena
from provena_sdk.config import Deployment
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.seed import metadata
from tests.cli.conftest import Run

REVIEWER = "10378.1/1900005"


@pytest.fixture
def kelp(provena_sandbox: Sandbox) -> str:
    """A dataset of writer."""
    return provena_sandbox.add_dataset("Kelp", keywords=["algae"], purpose="Monitoring")


@pytest.fixture
def stored(provena_sandbox: Sandbox, kelp: str) -> Any:
    """What the registry holds of it."""
    return lambda: provena_sandbox.state.items[kelp].metadata["dataset_info"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where commands run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def filled_in(path: Path, **fields: Any) -> Path:
    """Write metadata that can be registered."""
    path.write_text(json.dumps(metadata(**fields), indent=2), "utf-8")
    return path


def test_a_file_is_written_to_be_filled_in(run: Run, here: Path) -> None:
    assert run("init").stdout == "metadata.yaml\n"
    assert yaml.safe_load((here / "metadata.yaml").read_text("utf-8"))["dataset_info"]["name"] == ""
    again = run("init", "--json")
    assert (again.code, again.error["hint"]) == (6, "--force replaces it.")
    assert run("init", "new.json", "--json").json == {"file": "new.json"}
    assert "dataset_info" in json.loads((here / "new.json").read_text("utf-8"))


def test_a_file_begins_with_the_metadata_of_a_dataset(run: Run, here: Path, kelp: str) -> None:
    assert run("init", "like.yaml", "--from", f"hdl:{kelp}").code == 0
    read = yaml.safe_load((here / "like.yaml").read_text("utf-8"))
    assert (read["dataset_info"]["name"], read["dataset_info"]["keywords"]) == ("Kelp", ["algae"])
    assert {approval["relevant"] for approval in read["approvals"].values()} == {None}


@pytest.mark.parametrize("offline", [[], ["--offline"]])
def test_every_error_of_a_file_has_line_and_column(run: Run, here: Path, offline: list[str]) -> None:
    (here / "wrong.yaml").write_text(
        yaml.safe_dump(metadata(keyword=["reef"], license="CC-BY"), sort_keys=True)
    )
    done = run("validate", "wrong.yaml", *offline)
    assert done.code == 1
    places = [line.split(": ")[0] for line in done.lines]
    assert all(place.startswith("wrong.yaml:") and place.count(":") == 2 for place in places)
    assert [line.split(": ")[1] for line in done.lines] == ["dataset_info.keyword", "dataset_info.license"]
    first = run("validate", "wrong.yaml", "--json", *offline).json[0]
    assert (first["field"], first["suggestion"]) == ("dataset_info.keyword", "keywords")
    assert f"wrong.yaml:{first['line']}:{first['column']}" == places[0]


def test_names_are_looked_up_and_syntax_errors_have_their_place(run: Run, here: Path) -> None:
    data = metadata()
    data["associations"]["organisation_id"] = "Coral Sea Institut"
    data["associations"]["data_custodian_id"] = "Nobody Known"
    (here / "names.json").write_text(json.dumps(data, indent=2))
    (here / "broken.yaml").write_text("a: [1,\nb: 2")
    done = run("validate", "names.json", "broken.yaml")
    assert done.code == 1
    assert [line.split(": ")[1] for line in done.lines[:2]] == [
        "associations.organisation_id",
        "associations.data_custodian_id",
    ]
    assert "Did you mean Coral Sea Institute" in done.lines[0]
    assert done.lines[2].startswith("broken.yaml:2:")
    assert run("validate", str(filled_in(here / "good.json"))).stderr.endswith("good.json is valid.\n")


def test_what_only_the_service_finds_is_reported(run: Run, here: Path) -> None:
    data = metadata()
    data["associations"]["organisation_id"] = "10378.1/0000000"
    (here / "unknown.json").write_text(json.dumps(data))
    done = run("validate", "unknown.json")
    assert done.code == 1
    assert "10378.1/0000000" in done.stdout


def test_create_prints_the_handle_alone(run: Run, here: Path, provena_sandbox: Sandbox) -> None:
    file = filled_in(here / "new.json")
    handle = run("create", file).stdout.removesuffix("\n")
    assert handle in provena_sandbox.state.items
    assert run("create", file, "--json").json["handle"].startswith("10378.1/")
    before = len(provena_sandbox.state.items)
    assert run("create", file, "--dry-run").stdout == ""
    assert len(provena_sandbox.state.items) == before


@pytest.mark.slow
def test_create_uploads_a_folder(run: Run, here: Path, provena_sandbox: Sandbox) -> None:
    (here / "results").mkdir()
    (here / "results" / "a.csv").write_text("a\n")
    done = run("create", filled_in(here / "new.json"), "--put", "results")
    assert done.code == 0
    handle = done.stdout.removesuffix("\n")
    deployment = Deployment.from_env(provena_sandbox.environment())
    with Provena(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        files = provena.datastore.interactive_dataset(handle).list_files()
    assert [file.path for file in files] == ["a.csv", "metadata.json"]


def test_a_folder_that_does_not_exist_is_refused_before_anything_is_registered(
    run: Run, here: Path, provena_sandbox: Sandbox
) -> None:
    before = len(provena_sandbox.state.items)
    assert run("create", filled_in(here / "new.json"), "--put", "nowhere").code == 2
    assert len(provena_sandbox.state.items) == before


@pytest.mark.parametrize(("raised", "code"), [("error", 7), ("interrupt", 130)])
def test_the_handle_is_printed_even_if_the_upload_fails(
    run: Run, here: Path, provena_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, raised: str, code: int
) -> None:
    from provena_sdk import errors
    from provena_sdk.resources.dataset_transfers import DatasetTransfers

    error = errors.ConnectionFailed("no line") if raised == "error" else errors.TransferInterrupted("stopped")

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(DatasetTransfers, "upload_all_files", fail)
    (here / "my results").mkdir()
    done = run("create", filled_in(here / "new.json"), "--put", "my results", "--json")
    assert done.code == code
    handle = done.json["handle"]
    assert handle in provena_sandbox.state.items
    assert done.error["hint"] == f"Go on with: provena put 'my results/' {handle}"


def test_edit_sets_fields(run: Run, kelp: str, stored: Any) -> None:
    done = run(
        "edit", kelp, "--set", "name=Kelp forests", "--set", "keywords=kelp,algae", "-m", "typo", "--json"
    )
    assert done.json == [
        {"field": "dataset_info.name", "before": "Kelp", "after": "Kelp forests"},
        {"field": "dataset_info.keywords", "before": ["algae"], "after": ["kelp", "algae"]},
    ]
    assert stored()["name"] == "Kelp forests"
    assert run("edit", kelp, "--set", "name=Kelp forests", "-m", "again").stderr == (
        "Nothing differs; nothing was sent.\n"
    )


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("nmae=x", "Did you mean 'name'?"),
        ("name", "must be written as field=value"),
        ("access_info.url=x", "Its fields are description, reposited, uri."),
        ("access_info.reposite=x", "Did you mean 'dataset_info.access_info.reposited'?"),
        ("license=CC-BY", "did you mean https://creativecommons.org/licenses/by/4.0/?"),
    ],
)
def test_edit_refuses_what_cannot_be_meant(
    run: Run, kelp: str, stored: Any, assignment: str, said: str
) -> None:
    done = run("edit", kelp, "--set", assignment, "-m", "typo")
    assert done.code == 2
    assert said in done.stderr
    assert stored()["name"] == "Kelp"


def test_a_dry_run_of_an_edit_sends_nothing_and_needs_no_reason(run: Run, kelp: str, stored: Any) -> None:
    done = run("edit", kelp, "--set", "name=Kelp forests", "--dry-run")
    assert done.code == 0
    assert "+ Kelp forests" in done.lines
    assert stored()["name"] == "Kelp"


def test_edit_takes_a_patch_and_a_file(run: Run, kelp: str, stored: Any, here: Path) -> None:
    (here / "patch.json").write_text('{"dataset_info": {"purpose": null}}')
    assert run("edit", kelp, "--patch", "patch.json", "-m", "no purpose").code == 0
    assert stored().get("purpose") is None
    assert run("edit", kelp, "--file", filled_in(here / "all.json"), "-m", "all new").code == 0
    assert stored()["name"] == metadata()["dataset_info"]["name"]


def test_a_reason_is_required_without_a_terminal(run: Run, kelp: str) -> None:
    for arguments in (["edit", kelp, "--set", "name=x"], ["lock", kelp], ["version", kelp]):
        done = run(*arguments)
        assert (done.code, done.stderr.splitlines()[0]) == (2, "Error: --message is missing.")
    assert run("edit", kelp).code == 2


def test_revert_restores_a_state(run: Run, kelp: str, stored: Any) -> None:
    run("edit", kelp, "--set", "name=Kelp forests", "-m", "typo")
    assert run("revert", kelp, 0, "--dry-run", "--json").json == [
        {"field": "dataset_info.name", "before": "Kelp forests", "after": "Kelp"}
    ]
    assert stored()["name"] == "Kelp forests"
    assert run("revert", kelp, 0, "-m", "was right").code == 0
    assert stored()["name"] == "Kelp"
    assert run("revert", kelp, 7, "-m", "no such").code == 5


def test_version_prints_the_new_handle(run: Run, kelp: str, provena_sandbox: Sandbox) -> None:
    assert run("version", kelp, "-m", "more", "--dry-run").stdout == ""
    new = run("version", kelp, "-m", "more").stdout.removesuffix("\n")
    assert new in provena_sandbox.state.items
    assert run("version", kelp, "-m", "more", "--dry-run").code == 6


def test_a_release_from_request_to_decision(run: Run, kelp: str, provena_sandbox: Sandbox) -> None:
    provena_sandbox.state.reviewers.add(REVIEWER)
    assert run("release", "status", kelp).stdout == f"dataset {kelp}: not released\n"
    asked = run("release", "request", kelp, "--reviewer", "Ruth Okonkwo", "-m", "please", "--json").json
    assert (asked["status"], asked["reviewer"]) == ("PENDING", {"id": REVIEWER, "name": "Ruth Okonkwo"})
    (waiting,) = run("inbox", "--json", user="reviewer").json
    assert (waiting["dataset"], waiting["notes"]) == (kelp, "please")
    assert run("release", "approve", kelp, "-m", "fine", user="reviewer").code == 2  # nobody can be asked
    approved = run("release", "approve", kelp, "-m", "fine", "--yes", "--json", user="reviewer").json
    assert [step["action"] for step in approved["steps"]] == ["REQUEST", "APPROVE"]
    assert run("inbox", user="reviewer").stderr == "Nothing waits for your review.\n"


def test_reviewers_are_added_and_removed_by_name(run: Run, provena_sandbox: Sandbox) -> None:
    assert run("reviewers", "add", "Ruth Okonkwo", user="admin").code == 0
    assert run("reviewers", "list", "--json").json == [{"id": REVIEWER, "name": "Ruth Okonkwo"}]
    assert run("reviewers", "add", "Rosa Marchetti").code == 4
    assert run("reviewers", "remove", "ruth okonkwo", user="admin").code == 0
    assert provena_sandbox.state.reviewers == set()


def test_locks(run: Run, kelp: str) -> None:
    assert run("lock", kelp, "-m", "cited").stderr == f"Dataset {kelp} is locked.\n"
    again = run("lock", kelp, "-m", "cited", "--json")
    assert (again.code, again.error["code"]) == (6, "already-locked")
    assert run("edit", kelp, "--set", "name=x", "-m", "typo").code == 6
    assert run("unlock", kelp, "--dry-run").stderr == f"Dataset {kelp} would be unlocked.\n"
    assert run("unlock", kelp, "-m", "typo").code == 0


def test_lock_without_a_handle_records_the_data_of_a_project(
    run: Run, here: Path, provena_sandbox: Sandbox
) -> None:
    reef = provena_sandbox.add_dataset("Reef", files={"a.csv": b"a"})
    (here / "provena.toml").write_text(f'[datasets.reef]\nhandle = "{reef}"\n')
    (row,) = run("lock", "--json").json
    assert (row["name"], row["dataset"]) == ("reef", reef)
    assert (here / "provena.lock").exists()
    assert run("lock", "-m", "cited").code == 2


@pytest.mark.slow
def test_access_is_set_to_exactly_a_level(run: Run, kelp: str) -> None:
    def may(level: str) -> str:
        done = run("access", "set", kelp, "Coral team", level, "--json")
        return next((str(group["may"]) for group in done.json["groups"]), "nothing")

    levels = ["admin", "write", "write-files", "write-metadata", "read", "metadata", "none"]
    assert [may(level) for level in levels] == [
        "everything",
        "read and write metadata and files",
        "read metadata, read and write files",
        "read and write metadata, read files",
        "read metadata and files",
        "read metadata",
        "nothing",
    ]


def test_everyone_is_given_access_only_when_confirmed(run: Run, kelp: str) -> None:
    assert run("access", "set", kelp, "everyone", "none", "--json").json["everyone"]["may"] == "nothing"
    assert run("access", "set", kelp, "everyone", "read").code == 2
    assert run("access", "show", kelp, "--json").json["everyone"]["may"] == "nothing"
    given = run("access", "set", kelp, "everyone", "read", "--yes", "--json").json
    assert given["everyone"]["may"] == "read metadata and files"
    assert run("access", "set", kelp, "everyone", "admin", "--yes").code == 2
