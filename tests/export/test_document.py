"""Exports, held against the validators of their formats."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlcroissant
import pytest
from datacite import schema45
from hypothesis import given
from hypothesis import strategies as st
from rdflib import SDO
from rocrate.rocrate import ROCrate

from provena_sdk import errors
from provena_sdk.export.document import ExportedDocument, checked_format, export
from provena_sdk.export.record import DatasetRecord, describe, written_authors
from provena_sdk.s3.models import FileInfo
from tests.export.records import HANDLE, ORGANISATION, item, organisation, person, record

FORMATS = ("ro-crate", "schema.org", "datacite", "croissant")
DAY = datetime(2024, 5, 2, tzinfo=UTC)
FILES = [
    FileInfo("metadata.json", 10, "e", DAY),
    FileInfo("obs/2024 final.csv", 20, "e", DAY),
    FileInfo("a:b.nc", 30, "e", DAY),
    FileInfo("ä/é#%?.parquet", 0, "e", DAY),
]
FULL: dict[str, Any] = {
    "keywords": ["coral", "kelp", "coral"],
    "formats": ["CSV"],
    "purpose": "Monitoring",
    "rights_holder": "Reef trust",
    "usage_limitations": "None",
    "preferred_citation": "Cite Wren.",
    "published_date": {"relevant": True, "value": "2024-02-03"},
    "temporal_info": {"duration": {"begin_date": "2020-01-01", "end_date": "2020-12-31"}, "resolution": None},
    "custodian": "10378.1/1900003",
    "versions": {"version": 2, "previous_version": "10378.1/1", "next_version": "10378.1/3"},
}
RECORDS = {
    "plain": record(),
    "full": describe(item(**FULL), person(), {ORGANISATION: organisation(), "10378.1/1900003": person()}),
    "nobody known": describe(item(), None, {}),
    "elsewhere": record(
        access_info={"reposited": False, "uri": "https://example.com/d", "description": "mail"}
    ),
    "a box": replace(record(), bounds=(145.0, -25.0, 155.0, -10.0)),
    "a point": replace(record(), bounds=(145.0, -25.0, 145.0, -25.0)),
    "across the date line": replace(record(), bounds=(170.0, -25.0, -170.0, -10.0)),
    "other authors": replace(record(), authors=written_authors(["Tane, Will", "Reef team"])),
}


@pytest.fixture(params=RECORDS, ids=lambda name: name.replace(" ", "-"))
def described(request: pytest.FixtureRequest) -> DatasetRecord:
    return RECORDS[request.param]


@pytest.fixture(params=[FILES, [], None], ids=["files", "no-files", "left-out"])
def files(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_datacite(described: DatasetRecord, files: Any) -> None:
    document = export(described, files, "datacite")
    schema45.validator.validate(document)
    assert described.name in schema45.tostring(document)


def test_croissant(described: DatasetRecord, files: Any) -> None:
    read = mlcroissant.Dataset(jsonld=dict(export(described, files, "croissant")))
    assert not read.metadata.ctx.issues.errors
    assert not read.metadata.ctx.issues.warnings
    assert [one.name for one in read.metadata.distribution] == [file.path for file in files or []]
    assert read.metadata.name == described.name


def test_ro_crate(described: DatasetRecord, files: Any, tmp_path: Path) -> None:
    for file in files or []:
        path = tmp_path / file.path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    assert export(described, files, "ro-crate").save(tmp_path) == tmp_path / "ro-crate-metadata.json"
    crate = ROCrate(tmp_path)
    assert crate.name == described.name
    assert len(crate.data_entities) == len(files or [])
    assert crate.root_dataset["publisher"]["name"] == described.publisher.label
    assert crate.root_dataset["author"]
    # Every reference leads to an entity of the crate.
    for entity in crate.get_entities():
        for value in entity.properties().values():
            for reference in value if isinstance(value, list) else [value]:
                if isinstance(reference, dict):
                    assert crate.dereference(reference["@id"]) is not None or reference["@id"].startswith(
                        "https://w3id"
                    )


def test_schema_org(described: DatasetRecord, files: Any) -> None:
    document = export(described, files, "schema.org")
    assert [term for term in terms(document) if term not in SDO] == []
    assert document["@type"] == "Dataset"


def terms(value: Any) -> set[str]:
    """All types and properties of a JSON-LD document."""
    if isinstance(value, list):
        return {term for one in value for term in terms(one)}
    if not isinstance(value, dict):
        return set()
    names = (
        {name for name in value if not name.startswith("@")} | {value["@type"]} - {None}
        if "@type" in value
        else set(value)
    )
    return names | {term for one in value.values() for term in terms(one)}


def test_what_is_said() -> None:
    full = RECORDS["full"]
    document = export(full, FILES, "schema.org")
    assert document["temporalCoverage"] == "2020-01-01/2020-12-31"
    assert document["creator"][0]["affiliation"]["name"] == "Coral Sea Institute"
    assert document["creator"][0]["@id"] == "https://orcid.org/0000-0090-0000-0002"
    assert document["isBasedOn"] == "https://hdl.handle.net/10378.1/1"
    assert document["distribution"][1]["contentUrl"] == f"provena://{HANDLE}/obs/2024%20final.csv"
    cited = export(full, FILES, "datacite")
    assert cited["publicationYear"] == "2024"
    assert cited["sizes"] == ["4 files", "60 bytes"]
    assert {one["relationType"] for one in cited["relatedIdentifiers"]} == {
        "IsNewVersionOf",
        "IsPreviousVersionOf",
    }
    assert cited["subjects"] == [{"subject": "coral"}, {"subject": "kelp"}]
    assert cited["publisher"]["publisherIdentifierScheme"] == "ROR"
    assert cited["rightsList"][0]["rightsIdentifier"] == "CC-BY-4.0"


def test_places() -> None:
    assert export(RECORDS["a point"], None, "schema.org")["spatialCoverage"]["geo"]["latitude"] == -25
    assert (
        export(RECORDS["a box"], None, "schema.org")["spatialCoverage"]["geo"]["box"]
        == "-25.0 145.0 -10.0 155.0"
    )
    (west, east) = export(RECORDS["across the date line"], None, "datacite")["geoLocations"]
    assert west["geoLocationBox"]["eastBoundLongitude"] == 180
    assert east["geoLocationBox"]["westBoundLongitude"] == -180


@given(st.text(min_size=1), st.lists(st.text(min_size=1)))
def test_any_text_can_be_saved_and_shown(text: str, paths: list[str]) -> None:
    described = record(text, keywords=[text], description=text, license=text, preferred_citation=text)
    for format in FORMATS:
        document = export(described, [FileInfo(path, 1, "e", DAY) for path in paths], format)
        assert json.loads(document.json.encode()) == document
        assert all(line.isprintable() for line in str(document).split("\n"))
        assert len(repr(document)) < 200


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JavaScript://creativecommons.org/licenses/by/4.0/", "data:,x"]
)
def test_urls_that_run_something_are_not_given_as_urls(url: str) -> None:
    described = record(license=url, access_info={"reposited": False, "uri": url, "description": "mail"})
    for format in FORMATS:
        files = [FileInfo("javascript:alert(1)", 1, "e", DAY)]
        for name, value in texts(export(described, files, format)) | texts(export(described, None, format)):
            if url.strip() in value or "javascript:" in value:
                assert name in {"name", "rights", "citeAs"}
    schema45.validator.validate(export(described, None, "datacite"))
    elsewhere = export(RECORDS["elsewhere"], None, "schema.org")
    assert elsewhere["distribution"][0]["contentUrl"] == "https://example.com/d"


def texts(value: Any, name: str = "") -> set[tuple[str, str]]:
    """All texts of a document, with the names of their fields."""
    if isinstance(value, dict):
        return {found for key, one in value.items() for found in texts(one, key)}
    if isinstance(value, list):
        return {found for one in value for found in texts(one, name)}
    return {(name, str(value))}


def test_no_text_ends_a_script_element(tmp_path: Path) -> None:
    document = export(record("</script><script>alert(1)</script>"), None, "schema.org")
    assert "<" not in document.json
    assert "<" not in document.save(tmp_path / "a.json").read_text("utf-8")
    assert json.loads(document.json) == document


def test_saving(tmp_path: Path) -> None:
    document = export(record(), None, "datacite")
    assert document.save(tmp_path) == tmp_path / "datacite.json"
    assert document.save(tmp_path / "x.json") == tmp_path / "x.json"
    assert json.loads((tmp_path / "x.json").read_text("utf-8")) == document


def test_a_document_is_a_dict_that_shows_itself() -> None:
    document = export(record("<b>"), None, "ro-crate")
    assert repr(document) == f"<ExportedDocument ro-crate of {HANDLE}>"
    assert "<b>" not in document._repr_html_()
    copied = pickle.loads(pickle.dumps(document))
    assert (type(copied), copied, copied.format) == (ExportedDocument, document, "ro-crate")


def test_an_unknown_format() -> None:
    with pytest.raises(
        errors.InvalidArgument, match=r"format must be 'ro-crate', 'schema\.org', 'datacite' or 'croissant'"
    ):
        checked_format("dcat")


def test_the_validators_notice_what_is_wrong() -> None:
    document = export(record(), FILES, "datacite")
    del document["titles"]
    with pytest.raises(Exception, match="'titles' is a required property"):
        schema45.validator.validate(document)
    document = export(record(), FILES, "croissant")
    del document["distribution"][0]["encodingFormat"]
    with pytest.raises(mlcroissant.ValidationError, match="encodingFormat"):
        mlcroissant.Dataset(jsonld=dict(document))
    assert "nonsense" not in SDO
