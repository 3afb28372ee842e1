"""Metadata as text for an editor, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provena_sdk.display.changes import changes
from provena_sdk.metadata.checks import check
from provena_sdk.metadata.sources import read_file
from provena_sdk.metadata.template import editable_text
from provena_sdk.sandbox.seed import metadata

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "openapi" / "datastore.json").read_text("utf-8"))[
    "components"
]["schemas"]
COLLECTION = json.loads(
    json.dumps({**SCHEMA["CollectionFormat"], "definitions": SCHEMA}).replace(
        "#/components/schemas/", "#/definitions/"
    )
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40) | st.sampled_from(
    [
        "a: b",
        "# no",
        "two\nlines",
        "two\n\n  lines\n- x",
        "\x85\u2028",
        "yes",
        "2024-01-02",
        "|-",
        "tab\tbed\n\ttab",
    ]
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXT,
        "description": TEXT,
        "purpose": TEXT,
        "keywords": st.lists(TEXT, max_size=3),
        "user_metadata": st.dictionaries(TEXT, TEXT, max_size=2),
        "spatial_info": st.just({"coverage": "SRID=4326;POINT(145 -16)"}),
        "published_date": st.just({"relevant": True, "value": "2024-03-04"}),
    },
)


@pytest.mark.parametrize("format", ["yaml", "json"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(fields=FIELDS)
def test_metadata_as_text_are_read_as_they_were(tmp_path: Path, format: str, fields: dict[str, Any]) -> None:
    data = {**metadata(**fields), "newer": {"field": [1, "x"]}}
    path = tmp_path / f"metadata.{format}"
    path.write_text(editable_text(COLLECTION, data, format, "Metadata."), "utf-8", newline="")
    read = read_file("path", path).data
    assert changes(data, read) == []
    assert check(read, served=data).problems == ()


def test_text_of_several_lines_stays_readable() -> None:
    data = metadata(description="Corals.\n\nAnd fish: # all")
    lines = editable_text(COLLECTION, data, "yaml", "Metadata.").splitlines()
    start = lines.index("  description: |-")
    assert lines[start + 1 : start + 4] == ["    Corals.", "", "    And fish: # all"]
    assert '  #purpose: ""' in lines
