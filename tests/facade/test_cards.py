"""Datasets and other models as text and as cards, as they come from the services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from provena_api import models

from provena_sdk.views.dataset_card import dataset_card
from provena_sdk.views.item_lists import DatasetList
from provena_sdk.workflows.batch import FetchedDatasets

STATUS = {"success": True, "details": ""}
EVIL = "reef\x1b]52;c;AAAA\x07</td><script>alert(1)</script>\u202etxt.exe\u2028\ud800" + "x" * 100_000
AREA = "SRID=4326;POLYGON((145 -25, 155 -25, 155 -10, 145 -10, 145 -25))"


@pytest.fixture
def item(metadata: Callable[..., dict[str, Any]]) -> Callable[..., models.ItemDataset]:
    """A dataset; keywords go into its ``dataset_info``."""

    def make(name: str = "Kelp", **info: Any) -> models.ItemDataset:
        return models.ItemDataset.from_dict(
            {
                "id": "10378.1/7",
                "display_name": name,
                "owner_username": "ada",
                "created_timestamp": 1,
                "updated_timestamp": 1,
                "record_type": "COMPLETE_ITEM",
                "collection_format": metadata(name, **info),
                "s3": {"bucket_name": "b", "path": "p/", "s3_uri": "s3://b/p/"},
                "release_status": "PENDING",
                "history": [],
            }
        )

    return make


def test_a_card_says_what_it_is_where_and_when(item: Callable[..., models.ItemDataset]) -> None:
    dataset = item(
        keywords=["kelp", "reef"],
        spatial_info={"coverage": AREA, "resolution": "0.1"},
        temporal_info={
            "duration": {"begin_date": "2019-01-01", "end_date": "2024-12-31"},
            "resolution": "P1D",
        },
    )
    card = dataset_card(
        dataset,
        locked=True,
        roles=["metadata-read", "admin"],
        owner_name="Ada Lovelace",
        organisation_name="Kelp Institute",
        url="https://registry.example.org/item/10378.1/7",
        files=12,
        size=3_400_000,
        calls=["reef.list_files()"],
    )
    lines = str(card).splitlines()
    assert lines[:3] == [
        "Kelp",
        "10378.1/7 <https://registry.example.org/item/10378.1/7>  release pending  locked",
        "About Kelp",
    ]
    facts = dict(line.strip().split(maxsplit=1) for line in lines[3:-1])
    assert facts["owner"] == "Ada Lovelace (ada)"
    assert facts["organisation"] == "Kelp Institute"
    assert facts["place"] == "145°E to 155°E, 25°S to 10°S"
    assert facts["time"] == "2019-01-01 to 2024-12-31"
    assert facts["resolution"] == "0.1°, 1 day"
    assert facts["keywords"] == "kelp, reef"
    assert facts["files"] == "12 files, 3.4 MB"
    assert lines[-2] == "  your roles    admin, metadata-read"
    assert lines[-1] == "  >>> reef.list_files()"
    html = card._repr_html_()
    assert html.count("<svg xmlns") == 2
    assert 'href="https://registry.example.org/item/10378.1/7"' in html
    assert 'href="https://creativecommons.org/licenses/by/4.0/"' in html


def test_a_dataset_shows_itself_briefly_as_text_and_as_a_card(
    item: Callable[..., models.ItemDataset],
) -> None:
    dataset = item()
    assert repr(dataset) == "<ItemDataset 10378.1/7 'Kelp'>"
    assert str(dataset) == str(dataset_card(dataset))
    assert "place" not in str(dataset)
    assert "<svg" not in (dataset._repr_html_() or "")
    answer = models.RegistryFetchResponse(
        item=dataset, locked=True, roles=["admin"], status=models.Status.from_dict(STATUS)
    )
    assert repr(answer) == "<RegistryFetchResponse 10378.1/7 'Kelp' locked=True 1 role>"
    assert "release pending  locked" in str(answer)


@pytest.mark.parametrize("text", ["SRID=28355;POINT(1 2)", EVIL])
def test_a_place_that_cannot_be_drawn_is_shown_as_it_is_written(
    item: Callable[..., models.ItemDataset], text: str
) -> None:
    dataset = item(spatial_info={"coverage": text})
    assert f"place         {text[:4]}" in str(dataset)
    assert "<svg" not in (dataset._repr_html_() or "")


def test_hostile_text_stays_text(item: Callable[..., models.ItemDataset]) -> None:
    evil = dict.fromkeys(("purpose", "rights_holder", "license", "description"), EVIL)
    dataset = item(
        EVIL,
        keywords=[EVIL],
        formats=[EVIL],
        access_info={"reposited": False, "uri": EVIL, "description": ""},
        **evil,
    )
    dataset.id = dataset.owner_username = EVIL
    dataset.release_status = models.ReleasedStatus(EVIL)
    history = models.HistoryEntryDatasetDomainInfo(
        id=1,
        item=models.DatasetDomainInfo(
            collection_format=dataset.collection_format,
            display_name=EVIL,
            release_status=dataset.release_status,
            s3=dataset.s3,
        ),
        reason=EVIL,
        timestamp=10**300,
        username=EVIL,
    )
    for model in (dataset, history, dataset.collection_format):
        html = model._repr_html_() or ""
        assert "<script" not in html
        assert len(repr(model)) <= 200
        assert len(html) < 40_000
        for shown in (repr(model), str(model)):
            assert all(line.isprintable() for line in shown.split("\n"))


def test_any_other_model_is_a_table_of_its_fields() -> None:
    info = models.TemporalDurationInfo(begin_date=date(2019, 1, 1), end_date=date(2024, 12, 31))
    assert str(info).splitlines() == [
        "Temporal duration info",
        "  begin_date  2019-01-01",
        "  end_date    2024-12-31",
    ]
    credentials = models.Credentials.from_dict(
        {
            "aws_access_key_id": "s3cr3t",
            "aws_secret_access_key": "s3cr3t",
            "aws_session_token": "s3cr3t",
            "expiry": "2026-11-22T19:52:49+00:00",
        }
    )
    for shown in (repr(credentials), str(credentials), credentials._repr_html_() or ""):
        assert "s3cr3t" not in shown
        assert "2026-11-22" in shown


def test_lists_of_datasets_have_a_map_and_a_timeline(item: Callable[..., models.ItemDataset]) -> None:
    dataset = item(
        spatial_info={"coverage": AREA},
        temporal_info={"duration": {"begin_date": "2019-01-01", "end_date": "2024-12-31"}},
    )
    answer = models.RegistryFetchResponse(
        item=dataset, locked=False, roles=[], status=models.Status.from_dict(STATUS)
    )
    for datasets in (DatasetList([dataset]), FetchedDatasets(("10378.1/7",), {"10378.1/7": answer})):
        assert str(datasets.map()) == "145°E to 155°E, 25°S to 10°S  Kelp"
        assert str(datasets.timeline()) == "2019-01-01 to 2024-12-31  Kelp"
        assert [feature["id"] for feature in datasets.to_geojson()["features"]] == ["10378.1/7"]
