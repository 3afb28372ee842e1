"""Problems of metadata in files are reported with line and column."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provena_api.models import CollectionFormat

from provena_sdk.errors import InvalidArgument, InvalidMetadata
from provena_sdk.metadata.json_places import joined, places
from provena_sdk.metadata.sources import dataset_metadata, read_file
from provena_sdk.sandbox.seed import metadata

YAML = """\
associations:
  organisation_id: CSIRO
approvals: &none
  ethics_registration: {relevant: false, obtained: false}
  ethics_access: {relevant: false, obtained: false}
  indigenous_knowledge: {relevant: false, obtained: false}
dataset_info:
  name: Reef survey
  description: >
    Corals of the northern reef.
  access_info: {reposited: true}
  publisher_id: CSIRO
  created_date: {relevant: true, value: 2024-12-31}
  published_date: {relevant: false}
  license: CC-BY
  keyword: [reef]
  formats:
    - csv
    - [nc]
"""


def told(path: Path) -> list[tuple[int | None, int | None, str]]:
    with pytest.raises(InvalidMetadata) as caught:
        dataset_metadata("dataset_mint_info", path)
    return [(each.line, each.column, each.path) for each in caught.value.problems]


def test_lines_and_columns_of_yaml(tmp_path: Path) -> None:
    path = tmp_path / "metadata.yaml"
    path.write_text(YAML)
    assert told(path) == [
        (3, 1, "approvals.export_controls"),
        (15, 3, "dataset_info.license"),
        (16, 3, "dataset_info.keyword"),
        (19, 7, "dataset_info.formats[1]"),
    ]
    with pytest.raises(InvalidMetadata) as caught:
        dataset_metadata("dataset_mint_info", path)
    assert str(caught.value).startswith(
        "dataset_mint_info: 'metadata.yaml': 4 problems: (1) line 3, column 1: approvals.export_controls: missing (2) "
    )


def test_lines_and_columns_of_json(tmp_path: Path) -> None:
    data = metadata(keyword=["reef"], formats=["csv", None])
    del data["approvals"]
    path = tmp_path / "metadata.json"
    path.write_text(json.dumps(data, indent=2))
    lines = path.read_text().splitlines()
    for line, column, field in told(path):
        assert line is not None
        assert column is not None
        if field == "approvals":
            assert (line, column) == (1, 1)
        else:
            name = "null" if field.endswith("]") else f'"{field.rpartition(".")[2]}"'
            assert lines[line - 1][column - 1 :].startswith(name)


def test_metadata_in_yaml_are_those_in_json(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    data = metadata(keywords=["reef"], temporal_info={"resolution": "P1D"})
    (tmp_path / "metadata.json").write_text(json.dumps(data))
    (tmp_path / "metadata.yml").write_text(yaml.safe_dump(data))
    first, second = (dataset_metadata("metadata", tmp_path / f"metadata.{end}") for end in ("json", "yml"))
    assert first == second


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("m.json", '{"a":\n 1,}', "'m.json': line 2, column "),
        ("m.yaml", "a: [1,\nb: 2", "'m.yaml': line 2, column 5: not YAML: "),
        ("m.yaml", "a: &x 1\nb: *x", "aliases (*name), which are not supported"),
        ("m.yaml", "- 1", "must contain an object with fields"),
        ("m.yaml", "", "must contain an object with fields"),
        ("m.yaml", "a: \x01", "is not YAML: "),
        ("m.yaml", "a: !!python/object:os.system 1", "line 1, column 4: not YAML: "),
        ("m.yaml", "a: !!binary aGk=", "cannot be written as JSON"),
        ("m.yaml", "[" * 2000, "not YAML: "),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InvalidArgument) as caught:
        dataset_metadata("dataset_mint_info", tmp_path / name)
    message = re.sub(r"'[^']*/(m\.\w+)'", r"'\1'", str(caught.value))
    assert words in message
    assert len(message) < 500


def test_yaml_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    (tmp_path / "metadata.yaml").write_text(YAML)
    with pytest.raises(
        InvalidArgument, match=r"needs PyYAML\. Install it with: pip install 'provena-sdk\[yaml\]'"
    ):
        dataset_metadata("dataset_mint_info", tmp_path / "metadata.yaml")


def test_a_field_that_is_deleted_from_a_model_is_not_set() -> None:
    made = CollectionFormat.from_dict(metadata(keywords=["reef"]))
    del made.dataset_info.keywords
    assert dataset_metadata("metadata", made).dataset_info.keywords is None
    del made.dataset_info.license
    with pytest.raises(InvalidMetadata, match=r"dataset_info\.license: missing"):
        dataset_metadata("metadata", made)


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_places_take_little_memory(tmp_path: Path, ending: str) -> None:
    if ending == "yaml":
        pytest.importorskip("yaml")
    name, path = "n" * 900, tmp_path / f"metadata.{ending}"
    path.write_text(json.dumps({"a": 0, name: {name: [0] * 500}, "many": [0] * 11_000}))
    found = read_file("metadata", path).places
    assert len(found) == 10_000
    assert found["many[9]"][0] == 1
    assert sum(map(len, found)) < 200_000


NAMES = st.text('ab"\\\n{é', min_size=1, max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, JSON, max_size=4), st.sampled_from([None, 0, 1, 3]))
def test_all_places_are_found(data: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(data, indent=indent)
    lines = text.split("\n")
    found = places(text)

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for name, entry in value.items():
                line, column = found[joined(path, name)]
                assert lines[line - 1][column - 1 :].startswith('"')
                walk(entry, joined(path, name))
        elif isinstance(value, list):
            for number, entry in enumerate(value):
                line, column = found[joined(path, number)]
                assert lines[line - 1][column - 1 :].startswith(json.dumps(entry)[0])
                walk(entry, joined(path, number))

    walk(data, "")
