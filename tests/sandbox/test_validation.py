"""The checker against pydantic's own version 1, which pydantic 2 still carries."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

import pydantic.v1 as pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_sdk.sandbox.http.openapi import interface
from provena_sdk.sandbox.metadata.rules import checker, first_flaw
from provena_sdk.sandbox.metadata.wkt import is_wkt
from provena_sdk.sandbox.seed import metadata

CHECKER = checker(interface("datastore")["components"]["schemas"])


class PresignedURLRequest(pydantic.BaseModel):
    dataset_id: str
    file_path: str
    expires_in: int = pydantic.Field(10800, ge=1, le=86400)


class CredentialsRequest(pydantic.BaseModel):
    dataset_id: str
    console_session_required: bool


class SortType(StrEnum):
    CREATED_TIME = "CREATED_TIME"
    UPDATED_TIME = "UPDATED_TIME"
    DISPLAY_NAME = "DISPLAY_NAME"
    RELEASE_TIMESTAMP = "RELEASE_TIMESTAMP"
    ACCESS_INFO_URI_BEGINS_WITH = "ACCESS_INFO_URI_BEGINS_WITH"


class SortOptions(pydantic.BaseModel):
    sort_type: SortType | None
    ascending: bool = False
    begins_with: str | None


class NoFilterSubtypeListRequest(pydantic.BaseModel):
    sort_by: SortOptions | None
    pagination_key: dict[str, Any] | None
    page_size: int = 20


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-100_000, 100_000),
    st.floats(-1000, 1000),
    st.sampled_from(["", "x", "true", "No", "2", "2.5", "DISPLAY_NAME", " 7 "]),
    st.lists(st.integers(), max_size=1),
    st.dictionaries(st.sampled_from(["a"]), st.integers(), max_size=1),
)


def objects(*names: str) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from([*names, "surplus"]), SCALARS)


def _by_place(problems: Any) -> list[Any]:
    return sorted(json.loads(json.dumps(problems)), key=lambda problem: json.dumps(problem["loc"]))


def _agrees(model: type[pydantic.BaseModel], value: Any) -> None:
    kept, problems = CHECKER.check(model.__name__, value, ())
    expected, found = _by_pydantic(model, value)
    assert _by_place(problems) == _by_place(found)
    if not found:
        assert kept == expected


def _by_pydantic(model: type[pydantic.BaseModel], value: Any) -> tuple[Any, Any]:
    try:
        return json.loads(model.parse_obj(value).json()), []
    except pydantic.ValidationError as error:
        return None, error.errors()


@given(objects("dataset_id", "file_path", "expires_in"))
@settings(max_examples=150, deadline=None)
def test_presigned_url_requests_are_checked_as_pydantic_does(value: Any) -> None:
    _agrees(PresignedURLRequest, value)


@given(objects("dataset_id", "console_session_required"))
@settings(max_examples=150, deadline=None)
def test_credentials_requests_are_checked_as_pydantic_does(value: Any) -> None:
    _agrees(CredentialsRequest, value)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "page_size": SCALARS,
            "pagination_key": SCALARS,
            "sort_by": st.one_of(SCALARS, objects("sort_type", "ascending")),
        },
    )
)
@settings(max_examples=150, deadline=None)
def test_list_requests_are_checked_as_pydantic_does(value: Any) -> None:
    _agrees(NoFilterSubtypeListRequest, value)


@pytest.mark.parametrize("value", [None, 1, "text", [1], True])
def test_what_is_no_object_is_refused(value: Any) -> None:
    _, problems = CHECKER.check("CredentialsRequest", value, ("body",))
    assert problems == [{"loc": ["body"], "msg": "value is not a valid dict", "type": "type_error.dict"}]


BACKWARDS = {"begin_date": "2024-02-01", "end_date": "2024-01-01"}


def problems_of(**info: Any) -> list[Any]:
    return CHECKER.check("CollectionFormat", metadata(**info), ("body",))[1]


def test_complete_metadata_passes() -> None:
    kept, problems = CHECKER.check("CollectionFormat", metadata(), ("body",))
    assert problems == []
    assert kept == metadata()


@pytest.mark.parametrize(
    ("info", "field", "kind"),
    [
        ({"license": "ftp://example.com"}, "license", "value_error.url.scheme"),
        ({"license": "https://"}, "license", "value_error.url.host"),
        ({"license": 7}, "license", "value_error.url.scheme"),
        ({"license": []}, "license", "type_error.str"),
        ({"keywords": ["a", None]}, "keywords", "type_error.none.not_allowed"),
        ({"user_metadata": {"a": None}}, "user_metadata", "type_error.none.not_allowed"),
        ({"created_date": {"relevant": True, "value": "2024-02-30"}}, "created_date", "value_error.date"),
        ({"spatial_info": {"resolution": "coarse"}}, "spatial_info", "value_error"),
        ({"temporal_info": {"resolution": "daily"}}, "temporal_info", "value_error"),
        (
            {"temporal_info": {"duration": {"begin_date": "2024-02-01", "end_date": "2024-01-01"}}},
            "temporal_info",
            "value_error",
        ),
        ({"access_info": {"reposited": False, "uri": "https://a.b/c"}}, "access_info", "value_error"),
        ({"surplus": 1}, "surplus", "value_error.extra"),
    ],
)
def test_metadata_of_the_wrong_shape(info: dict[str, Any], field: str, kind: str) -> None:
    found = problems_of(**info)
    assert [(problem["loc"][:3], problem["type"]) for problem in found] == [
        (["body", "dataset_info", field], kind)
    ]


def test_values_are_coerced_as_the_service_does() -> None:
    info: dict[str, Any] = {
        "purpose": 12,
        "user_metadata": {"n": 1.5},
        "created_date": {"relevant": "yes", "value": 1704153600},
    }
    kept, problems = CHECKER.check("CollectionFormat", metadata(**info), ("body",))
    assert problems == []
    assert kept["dataset_info"]["purpose"] == "12"
    assert kept["dataset_info"]["user_metadata"] == {"n": "1.5"}
    assert kept["dataset_info"]["created_date"] == {"relevant": True, "value": "2024-01-02"}


def test_urls_are_kept_byte_for_byte() -> None:
    kept, _ = CHECKER.check("CollectionFormat", metadata(license="https://example.com"), ())
    assert kept["dataset_info"]["license"] == "https://example.com"


@pytest.mark.parametrize(
    ("info", "flaw"),
    [
        ({}, None),
        ({"spatial_info": {"coverage": "SRID=4326;POINT(1 2)", "extent": None}}, None),
        (
            {"spatial_info": {"coverage": None, "extent": "SRID=4326;POINT(1 2 3 4 5)"}},
            "Failed to parse the geometry",
        ),
        (
            {"spatial_info": {"coverage": "SRID=1;POINT(1 2)", "extent": None}},
            "Invalid SRID integer provided",
        ),
        ({"spatial_info": {"coverage": None, "extent": "SRID=7030;POINT(1 2)"}}, "epsg:7030"),
        ({"spatial_info": {"coverage": "srid=4326;POINT(1 2)", "extent": None}}, "Invalid EWKT format"),
        ({"spatial_info": {"coverage": "SRID=04326;POINT(1 2)", "extent": None}}, "epsg:04326"),
        ({"spatial_info": {"coverage": f"SRID={'9' * 5000};POINT(1 2)", "extent": None}}, "Invalid SRID"),
        ({"spatial_info": {"coverage": "SRID=28355;POINT(1 2)", "extent": None}}, None),
        ({"publisher_id": "10378.1/404"}, "Could not find Publisher Organisation ID"),
        ({"publisher_id": "10378.1/person"}, "Could not find Publisher Organisation ID"),
    ],
)
def test_flaws_of_well_formed_metadata(info: dict[str, Any], flaw: str | None) -> None:
    known = {"10378.1/1900001": "ORGANISATION", "10378.1/person": "PERSON"}
    found = first_flaw(metadata(**info), known.get)
    assert found is None if flaw is None else flaw in str(found)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("POINT(145.5 -16)", True),
        ("point (1e2 .5)", True),
        ("LINESTRING(0 0, 1 1)", True),
        ("LINESTRING(0 0)", False),
        ("POLYGON((0 0, 1 0, 1 1, 0 0), (0.1 0.1, 0.2 0.1, 0.2 0.2, 0.1 0.1))", True),
        ("POLYGON((0 0, 1 0, 1 1, 0 1))", False),
        ("MULTIPOINT((0 0), (1 1))", True),
        ("MULTIPOINT(0 0, 1 1)", True),
        ("MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))", True),
        ("GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(0 0, 1 1))", True),
        ("GEOMETRYCOLLECTION(POINT(1 1)", False),
        ("POINT(1 2) POINT(1 2)", False),
        ("POINT(a b)", False),
        ("CIRCLE(1 2)", False),
        ("POINT", False),
        ("", False),
        ("POINT(1 2); DROP", False),
    ],
)
def test_geometries(text: str, valid: bool) -> None:
    assert is_wkt(text) is valid


@given(st.text(alphabet="POINTLYG()0123456789., -", max_size=40))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_the_geometry_check(text: str) -> None:
    assert is_wkt(text) in (True, False)
