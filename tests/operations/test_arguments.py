"""Accepted arguments, and refusal of bad ones by name before anything is sent."""

from __future__ import annotations

import copy
import json
import re
import warnings
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pydantic
import pytest
from provena_api.models import (
    CollectionFormat,
    CredentialsRequest,
    ItemRevertRequest,
    NoFilterSubtypeListRequest,
    PaginationKey,
    PresignedURLRequest,
    SortOptions,
    SortType,
    VersionRequest,
)

from provena_sdk.errors import InvalidArgument
from provena_sdk.operations import arguments
from provena_sdk.operations.operation import Call
from provena_sdk.operations.workflow import Workflow
from provena_sdk.workflows import datastore, review, search

NONE_RELEVANT = {"relevant": False, "obtained": False}
METADATA: dict[str, Any] = {
    "associations": {"organisation_id": "10378.1/1900001"},
    "approvals": {
        "ethics_registration": NONE_RELEVANT,
        "ethics_access": NONE_RELEVANT,
        "indigenous_knowledge": NONE_RELEVANT,
        "export_controls": NONE_RELEVANT,
    },
    "dataset_info": {
        "name": "Kelp",
        "description": "Forests",
        "access_info": {"reposited": True},
        "publisher_id": "10378.1/1900001",
        "created_date": {"relevant": True, "value": "2024-01-02"},
        "published_date": {"relevant": False},
        "license": "https://example.com",
        "keywords": ["kelp"],
        "user_metadata": {"run": "7"},
    },
}


def sent(workflow: Workflow[Any]) -> Any:
    """The JSON body, or the query, of the first request of a workflow."""
    effect = next(workflow)
    assert isinstance(effect, Call)
    return effect.request.get("json", effect.request.get("params"))


# What users of other clients hold: objects that pydantic made.


class Info(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    name: str
    created_date: dict[str, Any]
    purpose: str | None = None


class Metadata(pydantic.BaseModel):
    associations: dict[str, str]
    approvals: dict[str, dict[str, bool]]
    dataset_info: Info


def version_1_object() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pydantic.v1 as pydantic_v1

    class OldMetadata(pydantic_v1.BaseModel):
        associations: dict[str, Any]
        approvals: dict[str, Any]
        details: dict[str, Any] = pydantic_v1.Field(alias="dataset_info")

    return OldMetadata(**copy.deepcopy(METADATA))


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: copy.deepcopy(METADATA),
        lambda folder: MappingProxyType({**copy.deepcopy(METADATA)}),
        lambda folder: CollectionFormat.from_dict(copy.deepcopy(METADATA)),
        lambda folder: Metadata(**copy.deepcopy(METADATA)),
        lambda folder: version_1_object(),
        lambda folder: folder / "metadata.json",
        lambda folder: str(folder / "metadata.json"),
        lambda folder: folder / "with_mark.json",
    ],
    ids=["dict", "mapping", "model", "pydantic 2", "pydantic 1", "Path", "str", "byte order mark"],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_metadata_may_be_given_in_any_form_and_is_not_changed(
    make: Callable[[Path], Any], tmp_path: Path
) -> None:
    (tmp_path / "metadata.json").write_text(json.dumps(METADATA))
    (tmp_path / "with_mark.json").write_text(json.dumps(METADATA), "utf-8-sig")
    given = make(tmp_path)
    before = repr(given) if isinstance(given, Mapping) else copy.deepcopy(given)
    for workflow in (
        datastore.mint_dataset(given),
        datastore.validate_metadata(given),
        datastore.update_metadata("10378.1/1", "why", given),
    ):
        effect = next(workflow)
        assert isinstance(effect, Call)
        assert effect.request["json"] == METADATA
    assert (repr(given) if isinstance(given, Mapping) else given) == before


def test_what_is_sent_shares_nothing_with_what_was_given() -> None:
    given = copy.deepcopy(METADATA)
    body = sent(datastore.mint_dataset(given))
    body["dataset_info"]["user_metadata"]["run"] = "8"
    body["dataset_info"]["keywords"].append("x")
    assert given == METADATA


def test_models_and_dates_may_stand_within_a_dict() -> None:
    given = copy.deepcopy(METADATA)
    given["dataset_info"]["created_date"]["value"] = date(2024, 1, 2)
    given["approvals"] = CollectionFormat.from_dict(METADATA).approvals
    assert sent(datastore.mint_dataset(given)) == METADATA


def test_urls_come_back_byte_for_byte() -> None:
    assert sent(datastore.mint_dataset(METADATA))["dataset_info"]["license"] == "https://example.com"


def refused(workflow: Callable[[], object]) -> InvalidArgument:
    """Run what has to be refused before it asks for anything to be sent."""
    with pytest.raises(InvalidArgument) as caught:
        list(workflow())  # type: ignore[call-overload]
    assert re.match(rf"{re.escape(caught.value.argument)}(: | must | is missing)", str(caught.value))
    return caught.value


def without(path: str) -> dict[str, Any]:
    data = copy.deepcopy(METADATA)
    *outer, last = path.split(".")
    inner = data
    for name in outer:
        inner = inner[name]
    del inner[last]
    return data


def endless() -> dict[str, Any]:
    data: dict[str, Any] = {}
    data["self"] = data
    return data


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (without("associations"), ": associations: missing"),
        (without("dataset_info.name"), ": dataset_info.name: missing"),
        (without("approvals.export_controls"), ": approvals.export_controls: missing"),
        ({**METADATA, "associations": []}, ": associations.organisation_id: missing"),
        ({**METADATA, "associations": {"organisation_id": [7]}}, "organisation_id: must be text, not a list"),
        ({**METADATA, "x": float("nan")}, "cannot be written as JSON"),
        ({**METADATA, "x": "\ud800"}, "cannot be written as JSON"),
        ({**METADATA, "x": object()}, "object is not supported"),
        (endless(), "cannot be written as JSON"),
        ([METADATA], "list is not supported"),
        (None, "NoneType is not supported"),
        (7, "int is not supported"),
        (CollectionFormat, "cannot be written as JSON"),
        ("no/such/file.json", "cannot be read: No such file"),
        (Path("no/such/file.json"), "cannot be read: No such file"),
        ('{"associations": 1}' * 400, "cannot be read: File name too long"),
        ("\0", "is not the name of a file"),
    ],
)
def test_metadata_that_is_refused(given: Any, told: str) -> None:
    for argument, workflow in (
        ("dataset_mint_info", lambda: datastore.mint_dataset(given)),
        ("metadata_payload", lambda: datastore.validate_metadata(given)),
        ("metadata_payload", lambda: datastore.update_metadata("10378.1/1", "why", given)),
    ):
        error = refused(workflow)
        assert error.argument == argument
        assert told in str(error)
        assert len(str(error)) < 400


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not JSON"),
        (b"[]", "must contain an object with fields"),
        (b"\xff", "not text in UTF-8"),
        (b"[" * 200_000, "not JSON"),
    ],
)
def test_metadata_files_that_are_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "metadata.json"
    path.write_bytes(content)
    assert told in str(refused(lambda: datastore.mint_dataset(path)))


def test_a_folder_is_not_metadata(tmp_path: Path) -> None:
    assert "cannot be read" in str(refused(lambda: datastore.mint_dataset(tmp_path)))


ID = "10378.1/1"
KEY = PaginationKey({"id": ID, "item_subtype": "DATASET", "updated_timestamp": 1795348259})


@pytest.mark.parametrize(
    ("workflow", "body"),
    [
        (lambda: datastore.version_dataset(None, id=ID, reason="r"), {"id": ID, "reason": "r"}),
        (lambda: datastore.version_dataset({"id": ID, "reason": "r"}), {"id": ID, "reason": "r"}),
        (
            lambda: datastore.version_dataset(VersionRequest(id="1/2", reason="r"), id=ID),
            {"id": ID, "reason": "r"},
        ),
        (
            lambda: datastore.revert_metadata(ItemRevertRequest(id=ID, history_id=0, reason="r")),
            {"id": ID, "history_id": 0, "reason": "r"},
        ),
        (
            lambda: datastore.presigned_url(None, dataset_id=ID, file_path="a b/ü.csv"),
            {"dataset_id": ID, "file_path": "a b/ü.csv", "expires_in": 10800},
        ),
        (
            lambda: datastore.read_credentials(None, dataset_id=ID, console_session_required=None),
            {"dataset_id": ID, "console_session_required": False},
        ),
        (
            lambda: datastore.write_credentials(
                CredentialsRequest(dataset_id=ID, console_session_required=True),
                console_session_required=None,
            ),
            {"dataset_id": ID, "console_session_required": True},
        ),
        (
            lambda: datastore.read_credentials({"dataset_id": ID}, console_session_required=False),
            {"dataset_id": ID, "console_session_required": False},
        ),
        (
            lambda: review.request_approval(None, dataset_id=ID, approver_id="1/2", notes="n"),
            {"dataset_id": ID, "approver_id": "1/2", "notes": "n"},
        ),
        (
            lambda: review.action_approval({"dataset_id": ID, "notes": ""}, approve=False),
            {"dataset_id": ID, "approve": False, "notes": ""},
        ),
        (lambda: datastore.fetch_dataset("id", ID), {"handle_id": ID}),
        (
            lambda: datastore.update_metadata(ID, "r", METADATA),
            METADATA,
        ),
        (
            lambda: search.search_registry("kelp & reef", 50, "PERSON"),
            {"query": "kelp & reef", "record_limit": 50, "subtype_filter": "PERSON"},
        ),
    ],
)
def test_requests_are_built_from_objects_and_keywords(workflow: Callable[[], Any], body: Any) -> None:
    assert sent(workflow()) == body


@pytest.mark.parametrize(
    ("given", "fields", "body"),
    [
        (None, {}, {"page_size": 20}),
        (None, {"page_size": 5}, {"page_size": 5}),
        (NoFilterSubtypeListRequest(page_size=7), {}, {"page_size": 7}),
        (NoFilterSubtypeListRequest(page_size=7), {"page_size": 8}, {"page_size": 8}),
        (
            NoFilterSubtypeListRequest(sort_by=SortOptions(sort_type=SortType.CREATED_TIME)),
            {"ascending": True},
            {"page_size": 20, "sort_by": {"sort_type": "CREATED_TIME", "ascending": True}},
        ),
        (
            None,
            {"sort_by": "DISPLAY_NAME"},
            {"page_size": 20, "sort_by": {"sort_type": "DISPLAY_NAME", "ascending": False}},
        ),
        (
            None,
            {"sort_by": SortType.DISPLAY_NAME, "ascending": False},
            {"page_size": 20, "sort_by": {"sort_type": "DISPLAY_NAME", "ascending": False}},
        ),
        (
            None,
            {"sort_by": {"sort_type": "UPDATED_TIME", "ascending": True}},
            {"page_size": 20, "sort_by": {"sort_type": "UPDATED_TIME", "ascending": True}},
        ),
        (None, {"ascending": True}, {"page_size": 20, "sort_by": {"ascending": True}}),
        (
            None,
            {"sort_by": "ACCESS_INFO_URI_BEGINS_WITH", "begins_with": "https://"},
            {
                "page_size": 20,
                "sort_by": {
                    "sort_type": "ACCESS_INFO_URI_BEGINS_WITH",
                    "ascending": False,
                    "begins_with": "https://",
                },
            },
        ),
        (None, {"pagination_key": KEY}, {"page_size": 20, "pagination_key": dict(KEY)}),
        (
            {"pagination_key": dict(KEY), "new": 1},
            {},
            {"page_size": 20, "pagination_key": dict(KEY), "new": 1},
        ),
    ],
)
def test_listing_requests(given: Any, fields: dict[str, Any], body: dict[str, Any]) -> None:
    before = copy.deepcopy((given, fields))
    assert datastore.list_request(given, **fields).to_dict() == body
    assert (given, fields) == before


def test_a_page_keeps_everything_of_the_request_but_the_key() -> None:
    body = datastore.list_request({"page_size": 3, "new": {"a": 1}}, sort_by="CREATED_TIME")
    assert sent(datastore.list_page(body, KEY)) == {
        "page_size": 3,
        "new": {"a": 1},
        "sort_by": {"sort_type": "CREATED_TIME", "ascending": False},
        "pagination_key": dict(KEY),
    }
    assert body.pagination_key is None


@pytest.mark.parametrize(
    ("given", "limit", "page_size", "wanted"),
    [
        (None, None, None, 200),
        (None, 5, None, 5),
        (None, 5000, None, 200),
        (None, None, 33, 33),
        ({"page_size": 12}, None, None, 12),
        (NoFilterSubtypeListRequest(page_size=12), 5, None, 12),
    ],
)
def test_page_size_of_a_whole_listing(
    given: Any, limit: int | None, page_size: int | None, wanted: int
) -> None:
    assert datastore.listing(given, limit, page_size=page_size).page_size == wanted


@pytest.mark.parametrize(
    ("workflow", "argument"),
    [
        (lambda: datastore.fetch_dataset("id", ""), "id"),
        (lambda: datastore.fetch_dataset("id", "10378.1"), "id"),
        (lambda: datastore.fetch_dataset("id", "10378.1/1/2"), "id"),
        (lambda: datastore.fetch_dataset("id", "10378.1/\ud800"), "id"),
        (lambda: datastore.fetch_dataset("id", None), "id"),  # type: ignore[arg-type]
        (lambda: datastore.latest_version("id", "x"), "id"),
        (lambda: datastore.check_access("owner"), "level"),
        (lambda: search.check_access(""), "level"),
        (lambda: datastore.update_metadata("x", "r", METADATA), "handle_id"),
        (lambda: datastore.update_metadata(ID, "", METADATA), "reason"),
        (lambda: datastore.update_metadata(ID, "  ", METADATA), "reason"),
        (lambda: datastore.update_metadata(ID, "\ud800", METADATA), "reason"),
        (lambda: datastore.version_dataset(None), "version_request"),
        (lambda: datastore.version_dataset(None, id=None, reason="r"), "id"),
        (lambda: datastore.version_dataset(None, id=ID), "version_request"),
        (lambda: datastore.version_dataset(None, id=ID, reason=None), "reason"),
        (lambda: datastore.version_dataset(None, id=ID, reason=""), "reason"),
        (lambda: datastore.version_dataset(None, id=ID, reason="\ud800"), "reason"),
        (lambda: datastore.version_dataset(None, id=ID, reason=object()), "reason"),
        (lambda: datastore.version_dataset(None, id="x", reason="r"), "id"),
        (lambda: datastore.version_dataset("10378.1/1", reason="r"), "version_request"),
        (lambda: datastore.revert_metadata(None, id=ID, history_id=-1, reason="r"), "history_id"),
        (lambda: datastore.revert_metadata(None, id=ID, history_id=True, reason="r"), "history_id"),
        (lambda: datastore.revert_metadata(None, id=ID, history_id=1.5, reason="r"), "history_id"),
        (lambda: datastore.revert_metadata(None, id=ID, history_id="1", reason="r"), "history_id"),
        (lambda: datastore.presigned_url(None, dataset_id=ID, file_path=""), "file_path"),
        (lambda: datastore.presigned_url(None, dataset_id=ID, file_path="a/../b"), "file_path"),
        (lambda: datastore.presigned_url(None, dataset_id=ID, file_path="a//b"), "file_path"),
        (lambda: datastore.presigned_url(None, dataset_id=ID, file_path="a\\b"), "file_path"),
        (lambda: datastore.presigned_url(None, dataset_id=ID, file_path="a", expires_in=0), "expires_in"),
        (lambda: datastore.presigned_url(None, dataset_id=ID, file_path="a", expires_in=86401), "expires_in"),
        (lambda: datastore.presigned_url(PresignedURLRequest(dataset_id="x", file_path="a")), "dataset_id"),
        (lambda: datastore.read_credentials(None), "credentials"),
        (lambda: datastore.read_credentials(None, dataset_id=None), "dataset_id"),
        (lambda: datastore.read_credentials(None, dataset_id="x"), "dataset_id"),
        (
            lambda: datastore.write_credentials(None, dataset_id=ID, console_session_required="no"),
            "console_session_required",
        ),
        (lambda: review.add_reviewer(""), "reviewer_id"),
        (lambda: review.delete_reviewer(7), "reviewer_id"),  # type: ignore[arg-type]
        (lambda: review.request_approval(None, dataset_id=ID, approver_id="", notes=""), "approver_id"),
        (lambda: review.request_approval(None, dataset_id=ID, approver_id=ID, notes=None), "notes"),
        (lambda: review.action_approval(None, dataset_id=ID, approve=None, notes=""), "approve"),
        (lambda: review.action_approval(None, dataset_id=ID, approve="yes", notes=""), "approve"),
        (lambda: search.search_registry("", 25, None), "query"),
        (lambda: search.search_registry("x", 0, None), "limit"),
        (lambda: search.search_registry("x", 51, None), "limit"),
        (lambda: search.search_registry("x", True, None), "limit"),
        (lambda: search.search_registry("x", 5, "SHOE"), "subtype_filter"),
        (lambda: search.search_registry("x", 5, 7), "subtype_filter"),  # type: ignore[arg-type]
        (lambda: search.search_datasets("x", 2.0), "limit"),  # type: ignore[arg-type]
        (lambda: datastore.list_request(None, page_size=0), "page_size"),
        (lambda: datastore.list_request({"page_size": -1}), "page_size"),
        (lambda: datastore.list_request(None, page_size="5"), "page_size"),  # type: ignore[arg-type]
        (lambda: datastore.list_request("DISPLAY_NAME"), "list_dataset_request"),
        (lambda: datastore.list_request({"sort_by": 7}), "list_dataset_request"),
        (lambda: datastore.list_request(None, sort_by="SIZE"), "sort_by"),
        (lambda: datastore.list_request(None, sort_by=7), "sort_by"),
        (lambda: datastore.list_request(None, sort_by="RELEASE_TIMESTAMP"), "sort_by"),
        (lambda: datastore.list_request(None, sort_by="ACCESS_INFO_URI_BEGINS_WITH"), "begins_with"),
        (lambda: datastore.list_request(None, sort_by="DISPLAY_NAME", begins_with="x"), "begins_with"),
        (lambda: datastore.list_request(None, ascending="no"), "ascending"),
        (lambda: datastore.list_request(None, pagination_key="x"), "list_dataset_request"),
        (lambda: datastore.listing(None, -1), "total_limit"),
        (lambda: datastore.listing(None, True), "total_limit"),
    ],
)
def test_bad_arguments_are_refused_by_name(workflow: Callable[[], object], argument: str) -> None:
    assert refused(workflow).argument == argument


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "5", None])
def test_durations_that_are_refused(value: object) -> None:
    with pytest.raises(InvalidArgument, match="timeout"):
        arguments.seconds("timeout", value)


def test_durations() -> None:
    assert arguments.seconds("timeout", 0.5) == 0.5
    assert arguments.seconds("timeout", 3) == 3


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("reef", "must be a list, not 'reef'; did you mean ['reef']?"),
        (b"reef", "bytes is not a value of metadata."),
        (5, "must be a list, not 5"),
        ({"reef": 1}, "must be a list, not an object"),
        (iter(["reef"]), "list_iterator is not a value of metadata."),
    ],
)
@pytest.mark.parametrize("field", ["keywords", "formats"])
def test_a_field_that_is_not_a_list_is_named(field: str, value: object, told: str) -> None:
    metadata = CollectionFormat.from_dict(METADATA)
    setattr(metadata.dataset_info, field, value)
    error = refused(lambda: datastore.mint_dataset(metadata))
    assert str(error) == f"dataset_mint_info: dataset_info.{field}: {told}"


def test_fields_that_a_newer_service_sent_go_back_to_it() -> None:
    newer = copy.deepcopy(METADATA)
    newer["dataset_info"]["surprise"] = {"kept": [1, 2]}
    assert sent(datastore.mint_dataset(CollectionFormat.from_dict(newer))) == newer


def test_a_tuple_is_a_list() -> None:
    metadata = CollectionFormat.from_dict(METADATA)
    metadata.dataset_info.keywords = ("reef", "kelp")  # type: ignore[assignment]  # as some write lists
    assert sent(datastore.mint_dataset(metadata))["dataset_info"]["keywords"] == ["reef", "kelp"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda m: setattr(m, "dataset_info", "x"), "dataset_info: must be an object with fields, not 'x'"),
        (
            lambda m: setattr(m.dataset_info, "user_metadata", "x"),
            "user_metadata: must be an object with fields",
        ),
        (
            lambda m: setattr(m.dataset_info.created_date, "value", True),
            "created_date.value: True is not a date",
        ),
        (lambda m: setattr(m.dataset_info, "name", None), "dataset_info.name: missing"),
    ],
)
def test_any_field_of_a_model_of_the_wrong_kind_is_named(change: Callable[[Any], None], place: str) -> None:
    metadata = CollectionFormat.from_dict(METADATA)
    change(metadata)
    assert place in str(refused(lambda: datastore.mint_dataset(metadata)))
