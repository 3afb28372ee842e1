"""Searching datasets: the order of the hits, and what becomes of those that cannot be loaded."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from provena_api.models import QueryResult, QueryResults, Status

from provena_sdk import errors
from provena_sdk.operations import catalogue
from provena_sdk.operations.workflow import AT_ONCE, Gather
from provena_sdk.workflows import search

STATUS = {"success": True, "details": ""}
FIELDS: dict[str, Any] = {"operation": "datastore.fetch_dataset", "status": 401}


def service(
    hits: list[str], outcomes: dict[str, Any], item: Callable[[str], dict[str, Any]]
) -> Callable[[Any], Any]:
    """Answers a search with these hits, and loads each as ``outcomes`` says, or with an item."""

    def answer(call: Any) -> Any:
        if call.operation is catalogue.search.SEARCH_ENTITY_REGISTRY:
            results = [{"id": hit, "score": 10.0 - n} for n, hit in enumerate(hits)]
            return {"status": STATUS, "results": results, "warnings": ["slow today"]}
        return outcomes[call.dataset_id] if call.dataset_id in outcomes else item(call.dataset_id)

    return answer


@pytest.fixture(scope="module")
def item(metadata: Callable[..., dict[str, Any]]) -> Callable[[str], dict[str, Any]]:
    """The answer to fetching a dataset."""

    def make(dataset_id: str) -> dict[str, Any]:
        return {
            "status": STATUS,
            "locked": False,
            "roles": [],
            "item": {
                "id": dataset_id,
                "display_name": f"Dataset {dataset_id}",
                "owner_username": "ada",
                "created_timestamp": 1,
                "updated_timestamp": 1,
                "item_category": "ENTITY",
                "item_subtype": "DATASET",
                "record_type": "COMPLETE_ITEM",
                "collection_format": metadata(),
                "s3": {"bucket_name": "b", "path": "p/", "s3_uri": "s3://b/p/"},
                "release_history": [],
                "release_status": "NOT_RELEASED",
                "history": [],
                "workflow_links": None,
                "versioning_info": None,
            },
        }

    return make


async def test_hits_keep_their_order_and_score(recorder: Any, item: Any) -> None:
    hits = [f"1/{number}" for number in (7, 3, 9, 1)]
    datastore, sent = recorder(service(hits, {}, item))
    found = await datastore.search_datasets("kelp", 4)
    assert [(hit.id, hit.score, hit.item.id) for hit in found] == [
        (hit, 10.0 - number, hit) for number, hit in enumerate(hits)
    ]
    assert (found.auth_errors, found.misc_errors, found.warnings) == ([], [], ["slow today"])
    assert len(found) == 4
    assert sent.calls[0].request["params"] == {
        "query": "kelp",
        "subtype_filter": "DATASET",
        "record_limit": 4,
    }
    assert "Dataset 1/7" in str(found).splitlines()[1]


async def test_no_more_hits_are_loaded_than_were_asked_for(recorder: Any, item: Any) -> None:
    datastore, sent = recorder(service([f"1/{number}" for number in range(5000)], {}, item))
    found = await datastore.search_datasets("kelp", 3)
    assert [hit.id for hit in found] == ["1/0", "1/1", "1/2"]
    assert len(sent.calls) == 4


async def test_failures_are_sorted_by_their_cause(recorder: Any, item: Any) -> None:
    denied = errors.DatasetAccessDenied("private", **FIELDS)
    locked = errors.DatasetLocked("locked", **FIELDS)
    role = errors.RoleMissing("role", **FIELDS)
    forbidden = errors.Forbidden("no", operation="o", status=403)
    gone = errors.DatasetNotFound("gone", operation="o", status=400)
    broken = errors.ConnectionFailed("broken")
    limited = errors.RateLimited("slow down", operation="o", status=429)
    outcomes: dict[str, Any] = {
        "1/1": denied,
        "1/2": gone,
        "1/3": broken,
        "1/5": locked,
        "1/6": role,
        "1/7": forbidden,
        "1/8": limited,
        "1/9": errors.UnreadableAnswer("odd", operation="o", status=200),
    }
    hits = [f"1/{number}" for number in range(10)] + ["no handle"]
    datastore, _ = recorder(service(hits, outcomes, item))
    found = await datastore.search_datasets("kelp")
    assert [hit.id for hit in found.items] == ["1/0", "1/4"]
    assert [(hit.id, hit.error) for hit in found.auth_errors] == [
        ("1/1", denied),
        ("1/5", locked),
        ("1/6", role),
        ("1/7", forbidden),
    ]
    assert [hit.id for hit in found.misc_errors] == ["1/2", "1/3", "1/8", "1/9", "no handle"]
    assert [type(hit.error) for hit in found.misc_errors[-2:]] == [
        errors.UnreadableAnswer,
        errors.InvalidArgument,
    ]
    assert found.misc_errors[1].error_info == "broken"
    assert found.auth_errors[0].score == 9.0
    assert "4 not readable for you: 1/1, 1/5, 1/6, 1/7" in str(found)
    assert "5 failed" in str(found)


@pytest.mark.parametrize(
    "problem",
    [
        errors.TokenRejected("token", **FIELDS),
        errors.SessionEnded("over"),
        errors.SignInRequired("nobody"),
        errors.ClosedError("closed"),
    ],
)
async def test_a_problem_with_the_session_is_no_outcome_of_a_hit(
    recorder: Any, item: Any, problem: Exception
) -> None:
    datastore, _ = recorder(service(["1/1", "1/2"], {"1/2": problem}, item))
    with pytest.raises(type(problem)):
        await datastore.search_datasets("kelp")


async def test_no_hits(recorder: Any, item: Any) -> None:
    datastore, sent = recorder(service([], {}, item))
    found = await datastore.search_datasets("kelp")
    assert len(found) == 0
    assert str(found) == "no hits"
    assert len(sent.calls) == 1


async def test_a_search_that_fails_raises(recorder: Any) -> None:
    failed = errors.ServerError("failed", operation="o", status=500)
    datastore, _ = recorder(lambda call: failed)
    with pytest.raises(errors.ServerError):
        await datastore.search_datasets("kelp")


def test_only_so_many_hits_are_loaded_at_once() -> None:
    workflow = search.search_datasets("kelp", 50)
    next(workflow)
    results = [QueryResult(id=f"1/{number}", score=1.0) for number in range(50)]
    status = Status(success=True, details="")
    loading = workflow.send(QueryResults(status=status, results=results, warnings=None))
    assert isinstance(loading, Gather)
    assert (len(loading.workflows), loading.limit) == (50, AT_ONCE)
    assert AT_ONCE <= 32


PLACED = {
    "1/1": ("POLYGON((145 -25, 155 -25, 155 -10, 145 -10, 145 -25))", ("2010-02-01", "2021-04-03")),
    "1/2": ("POLYGON((177 -20, -178 -20, -178 -15, 177 -15, 177 -20))", ("2022-01-01", "2024-12-31")),
    "1/3": (None, ("2023-01-01", "2023-01-31")),
    "1/4": ("POINT(0 0)", None),
}


@pytest.fixture(scope="module")
def placed(item: Any) -> Callable[[str], dict[str, Any]]:
    """The answers to fetching datasets in places and at times, or without."""

    def make(dataset_id: str) -> dict[str, Any]:
        area, days = PLACED[dataset_id]
        answer: dict[str, Any] = item(dataset_id)
        info = answer["item"]["collection_format"]["dataset_info"]
        info["spatial_info"] = area and {"coverage": f"SRID=4326;{area}"}
        info["temporal_info"] = days and {"duration": {"begin_date": days[0], "end_date": days[1]}}
        return answer

    return make


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ({}, ["1/1", "1/2", "1/3", "1/4"]),
        ({"bbox": (150, -20, 160, 0)}, ["1/1"]),
        ({"bbox": (170, -90, -170, 90)}, ["1/2"]),
        ({"bbox": [-180, -90, 180, 90]}, ["1/1", "1/2", "1/4"]),
        ({"since": "2022"}, ["1/2", "1/3"]),
        ({"until": date(2022, 6, 1)}, ["1/1", "1/2"]),
        ({"since": "2023-01", "until": "2023-01-15"}, ["1/2", "1/3"]),
        ({"since": "2022", "until": "2022"}, ["1/2"]),
        ({"bbox": (-180, -90, 180, 90), "since": "2022"}, ["1/2"]),
    ],
)
async def test_hits_are_chosen_by_place_and_time(
    recorder: Any, placed: Any, wanted: dict[str, Any], kept: list[str]
) -> None:
    datastore, _ = recorder(service(list(PLACED), {}, placed))
    found = await datastore.search_datasets("kelp", 4, **wanted)
    assert [hit.id for hit in found] == kept
    assert [hit.id for hit in found.filtered] == [hit for hit in PLACED if hit not in kept]
    if len(kept) < len(PLACED):
        assert f"{len(found.filtered)} left out by place or time: " in str(found)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"bbox": (1, 2, 3)}, "bbox must be four numbers"),
        ({"bbox": "here"}, "bbox must be four numbers"),
        ({"bbox": 5}, "bbox must be four numbers"),
        ({"bbox": (1, 2, 3, float("nan"))}, "bbox"),
        ({"bbox": (0, 10, 5, -10)}, "with south <= north"),
        ({"bbox": (0, 0, 400, 10)}, "longitude that is out of range"),
        ({"since": "last year"}, "since must be a date"),
        ({"until": 2024}, "until must be a date"),
        ({"since": "2024", "until": "2023"}, "until must not be before since, 2024-01-01"),
    ],
)
async def test_a_malformed_place_or_time_is_refused_before_anything_is_sent(
    recorder: Any, wanted: dict[str, Any], message: str
) -> None:
    datastore, sent = recorder()
    with pytest.raises(errors.InvalidArgument, match=message):
        await datastore.search_datasets("kelp", **wanted)
    assert sent.calls == []


async def test_hits_show_themselves(recorder: Any, placed: Any) -> None:
    denied = errors.DatasetAccessDenied("no", **FIELDS)
    datastore, _ = recorder(service([*PLACED, "1/5"], {"1/5": denied}, placed))
    found = await datastore.search_datasets("kelp", 5)
    assert repr(found) == "<LoadedSearchResponse of 4, 1 not readable for you>"
    assert [line.split("  ")[0].strip() for line in str(found).splitlines()] == [
        "dataset",
        "1/1",
        "1/2",
        "1/3",
        "1/4",
        "1 not readable for you: 1/5",
    ]
    html = found._repr_html_()
    assert html.count("<svg xmlns") == 2
    assert "1 not readable for you: 1/5" in html
    assert str(found.map()).splitlines() == [
        "145°E to 155°E, 25°S to 10°S  Dataset 1/1",
        "177°E to 178°W, 20°S to 15°S  Dataset 1/2",
        "0°, 0°  Dataset 1/4",
    ]
    assert str(found.timeline()).splitlines() == [
        "2010-02-01 to 2021-04-03  Dataset 1/1",
        "2022-01-01 to 2024-12-31  Dataset 1/2",
        "2023-01-01 to 2023-01-31  Dataset 1/3",
    ]


async def test_a_hit_has_the_name_of_its_dataset(recorder: Any, item: Any) -> None:
    datastore, _ = recorder(service(["1/1", "1/2"], {}, item))
    found = await datastore.search_datasets("kelp", 5)
    assert [hit.name for hit in found] == ["Dataset 1/1", "Dataset 1/2"]


async def test_a_slice_of_hits_shows_itself(recorder: Any, item: Any) -> None:
    denied = errors.DatasetAccessDenied("no", **FIELDS)
    datastore, _ = recorder(service(["1/1", "1/2", "1/3"], {"1/3": denied}, item))
    first = (await datastore.search_datasets("kelp", 5))[:1]
    assert repr(first) == "<LoadedSearchResponse of 1>"
    assert [hit.id for hit in first] == ["1/1"]


async def test_hits_are_plotted(recorder: Any, placed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    datastore, _ = recorder(service(list(PLACED), {}, placed))
    found = await datastore.search_datasets("kelp", 4)
    axes = found.plot()
    labels = [artist.get_label() for artist in (*axes.patches, *axes.lines)]
    assert [label for label in labels if label] == ["Dataset 1/1", "Dataset 1/2", "Dataset 1/4"]
    assert found.plot(axes) is axes
    west, east = axes.get_xlim()
    assert west <= 0 < 182 <= east
    axes.figure.canvas.draw()
    matplotlib.pyplot.close(axes.figure)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="plot\\(\\) needs matplotlib"):
        found.plot()


async def test_hits_are_geojson(recorder: Any, placed: Any) -> None:
    datastore, _ = recorder(service(list(PLACED), {}, placed))
    found = await datastore.search_datasets("kelp", 4)
    collection = json.loads(json.dumps(found.__geo_interface__))
    assert collection == found.to_geojson()
    assert collection["type"] == "FeatureCollection"
    kinds = [feature["geometry"] and feature["geometry"]["type"] for feature in collection["features"]]
    assert kinds == ["Polygon", "MultiPolygon", None, "Point"]
    first = collection["features"][0]
    assert (first["type"], first["id"]) == ("Feature", "1/1")
    assert first["properties"] == {
        "handle": "1/1",
        "name": "Dataset 1/1",
        "owner": "ada",
        "status": "NOT_RELEASED",
        "begin": "2010-02-01",
        "end": "2021-04-03",
        "keywords": [],
        "licence": "https://creativecommons.org/licenses/by/4.0/",
    }
