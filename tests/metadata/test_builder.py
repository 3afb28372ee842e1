"""Metadata can be made in one call, from what a scientist knows."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from provena_sdk import CollectionFormat, DatasetMetadata
from provena_sdk.errors import InvalidArgument, InvalidMetadata
from provena_sdk.metadata.checks import check

NEEDED: dict[str, Any] = {
    "name": "Reef temperatures",
    "description": "Loggers at Lizard Island.",
    "organisation": "Coral Sea Institute",
    "license": "CC-BY-4.0",
}


def made(**fields: Any) -> dict[str, Any]:
    return DatasetMetadata.new(**{**NEEDED, "nothing_sensitive": True, **fields}).to_dict()


def test_what_is_made_is_right() -> None:
    metadata = DatasetMetadata.new(**NEEDED, nothing_sensitive=True)
    assert isinstance(metadata, CollectionFormat)
    assert metadata.problems() == ()
    assert metadata.to_dict() == {
        "associations": {"organisation_id": "Coral Sea Institute"},
        "approvals": {
            name: {"relevant": False, "obtained": False}
            for name in ("ethics_registration", "ethics_access", "indigenous_knowledge", "export_controls")
        },
        "dataset_info": {
            "name": "Reef temperatures",
            "description": "Loggers at Lizard Island.",
            "access_info": {"reposited": True},
            "publisher_id": "Coral Sea Institute",
            "created_date": {"relevant": False},
            "published_date": {"relevant": False},
            "license": "https://creativecommons.org/licenses/by/4.0/",
        },
    }
    assert pickle.loads(pickle.dumps(metadata)) == copy.deepcopy(metadata) == metadata


@pytest.mark.parametrize(
    "day", ["2024-12-31", date(2024, 12, 31), datetime(2024, 12, 31, 23, 59, tzinfo=UTC)]
)
def test_days_may_be_text_dates_and_times(day: Any) -> None:
    assert made(created=day)["dataset_info"]["created_date"] == {"relevant": True, "value": "2024-12-31"}


@pytest.mark.parametrize(
    ("coverage", "ewkt"),
    [
        ("SRID=4326;POINT(145 -16)", "SRID=4326;POINT(145 -16)"),
        ((145, -16), "SRID=4326;POINT(145 -16)"),
        ((145, -17, 146.5, -16), "SRID=4326;POLYGON((145 -17, 146.5 -17, 146.5 -16, 145 -16, 145 -17))"),
        (SimpleNamespace(bounds=(1, 2, 1, 2)), "SRID=4326;POINT(1 2)"),
        (
            (170, -20, -170, 0),
            "SRID=4326;MULTIPOLYGON(((170 -20, 180 -20, 180 0, 170 0, 170 -20)), "
            "((-180 -20, -170 -20, -170 0, -180 0, -180 -20)))",
        ),
    ],
)
def test_areas(coverage: Any, ewkt: str) -> None:
    assert made(coverage=coverage)["dataset_info"]["spatial_info"] == {"coverage": ewkt}


def test_periods_and_steps() -> None:
    temporal = made(period=("2024-01-01", date(2024, 12, 31)), time_step=timedelta(hours=6), resolution=0.05)
    assert temporal["dataset_info"]["temporal_info"] == {
        "duration": {"begin_date": "2024-01-01", "end_date": "2024-12-31"},
        "resolution": "P0DT21600S",
    }
    assert temporal["dataset_info"]["spatial_info"] == {"resolution": "0.05"}
    assert made(time_step=timedelta(days=1))["dataset_info"]["temporal_info"] == {"resolution": "P1D"}


def test_approvals_that_were_obtained() -> None:
    approvals = made(nothing_sensitive=False, obtained=["ethics_access"])["approvals"]
    assert approvals.pop("ethics_access") == {"relevant": True, "obtained": True}
    assert list(approvals.values()) == [{"relevant": False, "obtained": False}] * 3


def test_files_elsewhere() -> None:
    access = made(external_url="https://example.com/data", access_description="Download.")
    assert access["dataset_info"]["access_info"] == {
        "reposited": False,
        "uri": "https://example.com/data",
        "description": "Download.",
    }


def test_whether_anything_is_sensitive_is_never_assumed() -> None:
    with pytest.raises(
        InvalidMetadata, match="nothing_sensitive: must be True if the dataset needs none of ethics_"
    ):
        DatasetMetadata.new(**NEEDED)


def test_all_problems_come_at_once_under_the_names_of_the_arguments() -> None:
    with pytest.raises(InvalidMetadata) as caught:
        DatasetMetadata.new(
            **{**NEEDED, "name": "", "license": "CC"},
            created="31/12/2024",
            external_url="https://example.com",
            keywords="reef",
            period=("2024-02-01", "2024-01-01"),
            time_step="hourly",
        )
    assert str(caught.value).startswith("metadata: 8 problems: (1) ")
    assert {problem.path for problem in caught.value.problems} == {
        "access_description",
        "created",
        "keywords",
        "license",
        "name",
        "nothing_sensitive",
        "period[1]",
        "time_step",
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"nothing_sensitive": "yes"}, "nothing_sensitive must be True or False, not str"),
        ({"obtained": ["ethics_access"]}, "obtained must be left out, as nothing_sensitive is True"),
        ({"nothing_sensitive": False, "obtained": ["ethics"]}, "obtained must be of ethics_access, "),
        ({"coverage": (200, 0)}, "coverage must be west, south, east and north in degrees"),
        ({"coverage": (1, 2, 3)}, "coverage must be west"),
        ({"coverage": (0, 10, 1, 5)}, "south, 10.0, is more than north, 5.0"),
        ({"coverage": 7}, "coverage must be west"),
        ({"period": "2024"}, "period must be the first and the last day"),
        ({"organisation": None}, "organisation: must not be null"),
    ],
)
def test_arguments_that_are_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        made(**fields)
    assert words in str(caught.value)


def test_what_is_changed_later_is_checked_again() -> None:
    metadata = DatasetMetadata.new(**NEEDED, nothing_sensitive=True)
    metadata.dataset_info.license = "CC0"
    [problem] = metadata.problems()
    assert problem.suggestion == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert check(metadata.to_dict()).problems == (problem,)
