"""What is wrong with metadata is reported all at once, by field, with what was probably meant."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from provena_sdk.errors import InvalidMetadata
from provena_sdk.metadata import suggestions
from provena_sdk.metadata.checks import check
from provena_sdk.metadata.sources import dataset_metadata
from provena_sdk.sandbox.seed import metadata


def problems(data: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in check(data).problems]


def info(**fields: Any) -> list[str]:
    """The problems of metadata in which some fields of dataset_info are replaced."""
    return [each.removeprefix("dataset_info.") for each in problems(metadata(**fields))]


def test_metadata_as_the_service_stores_them_are_right() -> None:
    assert problems(metadata()) == []


def test_everything_is_reported_at_once() -> None:
    data = metadata(keyword=["reef"], license="CC-BY")
    del data["approvals"]["ethics_access"]
    data["dataset_info"]["name"] = None
    data["dataset_info"]["created_date"] = {"relevant": True, "value": "31/12/2024"}
    assert problems(data) == [
        "approvals.ethics_access: missing",
        "dataset_info.created_date.value: '31/12/2024' is not a date (YYYY-MM-DD); did you mean 2024-12-31?",
        "dataset_info.license: 'CC-BY' is neither an http(s) URL nor a known SPDX identifier; "
        "did you mean https://creativecommons.org/licenses/by/4.0/?",
        "dataset_info.name: must not be null",
        "dataset_info.keyword: unknown; did you mean keywords?",
    ]


def test_a_licence_may_be_given_by_its_spdx_identifier() -> None:
    checked = check(metadata(license="cc by 4.0"))
    assert not checked.problems
    assert checked.data["dataset_info"]["license"] == "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"keywords": "reef, kelp"},
            "keywords: must be a list, not 'reef, kelp'; did you mean ['reef', 'kelp']?",
        ),
        ({"keywords": ["reef", None]}, "keywords[1]: must not be null"),
        ({"keywords": ["reef", ["kelp"]]}, "keywords[1]: must be text, not a list"),
        ({"user_metadata": {"run": {}}}, "user_metadata.run: must be text, not an object"),
        ({"user_metadata": 7}, "user_metadata: must be an object with fields, not 7"),
        ({"description": ""}, "description: must not be empty"),
        (
            {"organisation_id": "CSIRO"},
            "organisation_id: unknown; did you mean associations.organisation_id?",
        ),
        ({"surprise": 1}, "surprise: unknown"),
        (
            {"license": "cc by"},
            "license: 'cc by' is neither an http(s) URL nor a known SPDX identifier; "
            "did you mean https://creativecommons.org/licenses/by/4.0/?",
        ),
        (
            {"license": "example.com/terms"},
            "license: 'example.com/terms' is neither an http(s) URL nor a known SPDX identifier; "
            "did you mean https://example.com/terms?",
        ),
        ({"license": "mine"}, "license: 'mine' is neither an http(s) URL nor a known SPDX identifier"),
        ({"version": "2"}, "version: is set by the service; leave it out"),
        (
            {"created_date": {"relevant": True}},
            "created_date.value: missing, as relevant is true; write a date, such as 2024-12-31",
        ),
        (
            {"created_date": {"relevant": False, "value": "2024-01-02"}},
            "created_date.relevant: must be true, as there is a value, 2024-01-02",
        ),
        (
            {"created_date": {"relevant": True, "value": 20240102}},
            "created_date.value: 20240102 is not a date (YYYY-MM-DD); did you mean 2024-01-02?",
        ),
        (
            {"created_date": {"relevant": "maybe"}},
            "created_date.relevant: must be true or false, not 'maybe'",
        ),
        (
            {"published_date": {"relevant": True, "value": "2023-12-31"}},
            "published_date.value: 2023-12-31 is before dataset_info.created_date.value, 2024-01-02",
        ),
        (
            {"access_info": {"reposited": True, "uri": "https://example.com"}},
            "access_info.uri: must be left out, as reposited is true: the datastore holds the files",
        ),
        (
            {"access_info": {"reposited": False, "uri": "https://example.com"}},
            "access_info.description: missing, as reposited is false",
        ),
        (
            {"spatial_info": {"coverage": "POINT(145 -16)"}},
            "spatial_info.coverage: 'POINT(145 -16)' is not EWKT (SRID=4326;POINT(145 -16)); "
            "did you mean SRID=4326;POINT(145 -16)?",
        ),
        (
            {"spatial_info": {"extent": "SRID=4326;POLYGON((0 0, 1 0, 1 1))"}},
            "spatial_info.extent: 'SRID=4326;POLYGON((0 0, 1 0, 1 1))' is not EWKT: "
            "a ring must end at the point where it begins",
        ),
        (
            {"spatial_info": {"resolution": "0"}},
            "spatial_info.resolution: must be a number of degrees above 0, not '0'",
        ),
        (
            {"temporal_info": {"resolution": "daily"}},
            "temporal_info.resolution: 'daily' is not an ISO 8601 duration such as P1D (a day) or PT6H (six hours); "
            "did you mean P1D?",
        ),
        (
            {"temporal_info": {"duration": {"begin_date": "2024-02-01", "end_date": "2024-01-01"}}},
            "temporal_info.duration.end_date: 2024-01-01 is before 2024-02-01",
        ),
    ],
)
def test_each_kind_of_problem(fields: dict[str, Any], told: str) -> None:
    assert info(**fields) == [told]


@pytest.mark.parametrize(
    ("relevant", "obtained", "told"),
    [
        (True, False, "obtained: must be true before registering, as relevant is true"),
        (False, True, "relevant: must be true, as obtained is true"),
    ],
)
def test_approvals_need_one_another(relevant: bool, obtained: bool, told: str) -> None:
    data = metadata()
    data["approvals"]["export_controls"] = {"relevant": relevant, "obtained": obtained}
    assert problems(data) == [f"approvals.export_controls.{told}"]


# What shapely 2.2 and isodate 0.7, which the service uses, accept and refuse.
ACCEPTED_GEOMETRIES = """
POINT Z (1 2 3)|POINTZ(1 2 3)|POINT M(1 2 3)|point(1 2)|POINT(1. .5)|POINT(+1 -2)|POINT(0x10 1)|POINT(1 nan)
POINT(1 inf)|POINT(1e400 2)|MULTIPOINT(1 2, 3 4)|MULTIPOINT((1 2), (3 4))|MULTIPOINT EMPTY|POLYGON EMPTY|POLYGON(EMPTY)
POLYGON((0 0, 1 1, 0 0))|LINEARRING(0 0,1 0,1 1,0 0)|MULTIPOLYGON(((0 0,1 0,1 1,0 0)),EMPTY)|LINESTRING(0 0, 1 1)
POLYGON((0 0 1,1 0 1,1 1 1,0 0 2))|GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1))|GEOMETRYCOLLECTION EMPTY
multipolygon(((0 0, 1 0, 1 1, 0 0)),((2 2, 3 2, 3 3, 2 2)))
"""
REFUSED_GEOMETRIES = """
POLYGON((0 0, 0 0))|POINT(1,2)|POINT(1 2|POINT(1 2))|POINT(1_0 2)|POINT()|BOX(1 2,3 4)|SRID=4326;POINT(1 2)|REEF
TRIANGLE((0 0,1 0,1 1,0 0))|POLYGON((0 0,1 0,1 1,0 0),(0 0,1 1))|POINT(a b)|POINT(1)|MULTIPOLYGON(((0 0,1 0,1 1,2 2)))
"""
ACCEPTED_DURATIONS = (
    "P1D PT P1Y2M10DT2H30M -P1D +P1D P0,5D P0001-01-01T00:00:00 P2W P1W2D PT1.5S P1DT P20240101T000000"
)
REFUSED_DURATIONS = "P p1d P1H daily P-1D P1M1Y 1D D"


def listed(texts: str) -> list[str]:
    return texts.strip().replace("\n", "|").split("|")


@pytest.mark.parametrize("geometry", listed(ACCEPTED_GEOMETRIES))
@pytest.mark.parametrize("srid", [4326, 28356, 99999])
def test_geometries_that_the_service_reads(geometry: str, srid: int) -> None:
    assert info(spatial_info={"coverage": f"SRID={srid};{geometry}"}) == []


@pytest.mark.parametrize("geometry", listed(REFUSED_GEOMETRIES))
def test_geometries_that_the_service_refuses(geometry: str) -> None:
    [told] = info(spatial_info={"extent": f"SRID=4326;{geometry}"})
    assert "is not EWKT: " in told


@pytest.mark.parametrize("resolution", ACCEPTED_DURATIONS.split())
def test_durations_that_the_service_reads(resolution: str) -> None:
    assert info(temporal_info={"resolution": resolution}) == []


@pytest.mark.parametrize("resolution", REFUSED_DURATIONS.split())
def test_durations_that_the_service_refuses(resolution: str) -> None:
    [told] = info(temporal_info={"resolution": resolution})
    assert "is not an ISO 8601 duration" in told


def test_what_the_service_would_make_of_a_value_is_sent() -> None:
    data = metadata(created_date={"relevant": "yes", "value": 1704153600}, spatial_info={"resolution": 0.5})
    data["dataset_info"]["name"] = 42
    made = dataset_metadata("dataset_mint_info", data).to_dict()["dataset_info"]
    assert made["name"] == "42"
    assert made["created_date"] == {"relevant": True, "value": "2024-01-02"}
    assert made["spatial_info"] == {"resolution": "0.5"}


@pytest.mark.parametrize("value", [1700000000 * 1000**power for power in range(4)])
def test_a_time_since_1970_is_read_whatever_its_unit(value: int) -> None:
    for given in (value, str(value)):
        data = metadata(created_date={"relevant": True, "value": given})
        made = dataset_metadata("dataset_mint_info", data).to_dict()["dataset_info"]
        assert made["created_date"]["value"] == "2023-11-14"
    for endless in ("inf", "-inf", "nan", 10**400):
        assert info(created_date={"relevant": True, "value": endless})


def test_names_of_organisations_and_persons_stay_allowed() -> None:
    data = metadata(publisher_id="Coral Sea Institute")
    data["associations"]["data_custodian_id"] = "Ada Diver"
    assert problems(data) == []


def test_fields_that_came_from_a_newer_service_go_back_to_it() -> None:
    data = metadata(depth="10 m")
    assert [problem.message for problem in check(data).problems] == ["unknown"]
    assert check(data, served=data).problems == ()
    assert check(data, served=data).data["dataset_info"]["depth"] == "10 m"
    data["dataset_info"]["keyword"] = ["reef"]
    [problem] = check(data, served=metadata(depth="12 m")).problems
    assert problem.path == "dataset_info.keyword"


def test_the_error_names_the_first_problems_and_keeps_all() -> None:
    with pytest.raises(InvalidMetadata) as caught:
        dataset_metadata("dataset_mint_info", {})
    assert str(caught.value) == (
        "dataset_mint_info: 3 problems: (1) approvals: missing (2) associations: missing (3) dataset_info: missing"
    )
    with pytest.raises(InvalidMetadata) as caught:
        dataset_metadata("dataset_mint_info", {"associations": {}, "approvals": {}, "dataset_info": {}})
    assert str(caught.value).endswith(" and 5 more, in error.problems")
    assert "(7) " in str(caught.value)
    assert "(8) " not in str(caught.value)
    assert len(caught.value.problems) == 12
    assert caught.value.problems[0].path == "approvals.ethics_access"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.problems) == (str(caught.value), caught.value.problems)


@pytest.mark.parametrize("given", ["2024-13-45", "99/99/2024", "1/2/3", "", "2024", None, object()])
def test_no_date_is_guessed_where_there_is_none(given: object) -> None:
    assert suggestions.dates(given) is None


def test_text_in_problems_is_printable() -> None:
    [told] = info(license="\x1b[2Jmine")
    assert told == r"license: '\x1b[2Jmine' is neither an http(s) URL nor a known SPDX identifier"
