"""The checks reach the service's verdict on all metadata that were recorded being sent to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.errors import InvalidArgument, InvalidMetadata
from provena_sdk.metadata.checks import check
from provena_sdk.metadata.sources import dataset_metadata
from provena_sdk.sandbox.http.openapi import interface
from provena_sdk.sandbox.metadata.rules import checker, first_flaw
from provena_sdk.sandbox.seed import ORGANISATIONS, metadata

DATA = Path(__file__).resolve().parents[1] / "data"
ROUTES = ("/metadata/validate-metadata", "/register/mint-dataset", "/register/update-metadata")
ABOUT_METADATA = (
    "Failed field value validation",
    "Registry API responded with an error during validation",
    "Exception when validating against schema",
)
# Refused or accepted for another reason than the metadata: the header, or the registry's content.
NOT_DECIDED_BY_METADATA = {
    "validate.content-type-text",
    "validate.content-type-vendor-json",
    "validate.no-content-type",
    "mint.bad.unknown-organisation",
    "update.bad.unknown-organisation",
}


def recorded() -> list[dict[str, Any]]:
    """All exchanges that sent metadata."""
    return [
        entry
        for path in sorted(DATA.glob("*/*.json"))
        for entry in json.loads(path.read_text("utf-8"))
        if isinstance(entry, dict)
        and entry.get("path") in ROUTES
        and entry["method"] == "POST"
        and entry["name"] not in NOT_DECIDED_BY_METADATA
    ]


EXCHANGES = recorded()


def refused_places(entry: dict[str, Any]) -> list[str] | None:
    """Where the service found the metadata wrong; empty if it did not say where, None if they are valid."""
    answer = entry["response"]
    if entry["status"] == 422:
        places = [error["loc"][1:] for error in answer["detail"] if error["loc"][0] == "body"]
        return [".".join(str(part) for part in place if part != "__root__") for place in places] or None
    status = answer.get("status", answer) if isinstance(answer, dict) else {}
    told = str(status.get("details") or status.get("detail") or "") if isinstance(status, dict) else ""
    return [] if told.startswith(ABOUT_METADATA) else None


def is_malformed(entry: dict[str, Any]) -> bool:
    """Whether JSON that cannot be read was sent, where the service names an offset, and the SDK line and column."""
    body = entry.get("body")
    return isinstance(body, dict) and "__raw__" in body


def sent(entry: dict[str, Any], folder: Path) -> Any:
    """What a user passes to send what was recorded."""
    body = entry.get("body")
    if isinstance(body, dict) and "__raw__" in body:
        (folder / "metadata.json").write_text(body["__raw__"])
        return folder / "metadata.json"
    return body


@pytest.mark.parametrize("entry", EXCHANGES, ids=lambda entry: entry["name"])
def test_the_verdict_is_that_of_the_service(entry: dict[str, Any], tmp_path: Path) -> None:
    wanted = refused_places(entry)
    if wanted is None:
        dataset_metadata("metadata_payload", sent(entry, tmp_path))
        return
    with pytest.raises(InvalidArgument) as caught:
        dataset_metadata("metadata_payload", sent(entry, tmp_path))
    if isinstance(caught.value, InvalidMetadata) and not is_malformed(entry):
        found = [problem.path for problem in caught.value.problems]
        assert len(found) >= len(wanted)  # the service stops at the first contradiction of an object
        assert all(any(path.startswith(place) for path in found) for place in wanted)


def test_enough_was_recorded() -> None:
    verdicts = [refused_places(entry) is None for entry in EXCHANGES]
    assert len(verdicts) >= 70
    assert verdicts.count(False) >= 25


@pytest.mark.parametrize("name", ["mint.bad.unknown-organisation", "update.bad.unknown-organisation"])
def test_what_only_the_registry_knows_is_left_to_it(name: str) -> None:
    [entry] = [
        entry
        for path in DATA.glob("wire/*.json")
        for entry in json.loads(path.read_text("utf-8"))
        if entry["name"] == name
    ]
    assert dataset_metadata("metadata_payload", entry["body"]).to_dict() == entry["body"]


CHECKER = checker(interface("datastore")["components"]["schemas"])
EWKT = ["SRID=4326;POINT(1 2)", "POINT(1 2)", "SRID=4326;POLYGON((0 0, 1 0, 1 1, 0 0))", "SRID=4326;POINT(1)"]
EWKT += ["SRID=4326;POLYGON((0 0, 1 0, 1 1))", "SRID=4326;LINESTRING(0 0, 1 1)", "SRID=x;POINT(1 2)"]
DATES = ["2024-01-02", "2024-1-2", "2024-02-30", "2020-01-01", "31/12/2024", 1704153600, True, "soon"]
TEXTS = ["", "x", 7, 2.5, True, [], {}, ["a"], None, "P1D", "PT", "-1", "0.1", "1e400", "reef"]
URLS = [
    "https://example.com",
    "http://",
    "CC-BY-4.0",
    "ftp://example.com/",
    "urn:x:y",
    "HTTPS://e",
    " https://e",
]
FLAGS = [True, False, "yes", "NO", 1, 0, 2, None, "maybe", [], 1.0]
VALUES = st.sampled_from([*EWKT, *DATES, *TEXTS, *URLS, *FLAGS])
PATHS = [
    ("associations",),
    ("approvals",),
    ("dataset_info",),
    ("surprise",),
    *(("associations", name) for name in ("organisation_id", "data_custodian_id", "point_of_contact")),
    ("approvals", "ethics_access"),
    ("approvals", "export_controls", "relevant"),
    ("approvals", "export_controls", "obtained"),
    *(
        ("dataset_info", name)
        for name in ("name", "description", "license", "keywords", "formats", "user_metadata", "purpose")
    ),
    *(
        ("dataset_info", name)
        for name in ("access_info", "created_date", "spatial_info", "version", "keyword")
    ),
    *(("dataset_info", "access_info", name) for name in ("reposited", "uri", "description")),
    *(
        ("dataset_info", each, name)
        for each in ("created_date", "published_date")
        for name in ("relevant", "value")
    ),
    *(("dataset_info", "spatial_info", name) for name in ("coverage", "extent", "resolution")),
    ("dataset_info", "temporal_info", "resolution"),
    ("dataset_info", "temporal_info", "duration"),
    *(("dataset_info", "temporal_info", "duration", name) for name in ("begin_date", "end_date")),
]


def changed(changes: list[tuple[tuple[str, ...], Any]]) -> dict[str, Any]:
    """Valid metadata with changes."""
    data = metadata(
        spatial_info={"coverage": EWKT[0]},
        temporal_info={"duration": {"begin_date": "2024-01-01", "end_date": "2024-02-01"}},
    )
    for path, value in changes:
        inner: Any = data
        for name in path[:-1]:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner[path[-1]] = value
    return data


@given(st.lists(st.tuples(st.sampled_from(PATHS), VALUES), max_size=3))
def test_nothing_is_refused_that_the_sandbox_accepts(changes: list[tuple[tuple[str, ...], Any]]) -> None:
    data = changed(changes)
    kept, problems = CHECKER.check("CollectionFormat", json.loads(json.dumps(data)), ("body",))
    kinds = dict.fromkeys(ORGANISATIONS, "ORGANISATION")
    if not problems and first_flaw(kept, kinds.get) is None:
        assert check(json.loads(json.dumps(data))).problems == ()
