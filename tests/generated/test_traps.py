"""What goes wrong with the generator's own output on these services, and must not with ours.

Every check runs on both: it passes on our package and fails, for the stated cause, on the generator's own.
"""

from __future__ import annotations

import ast
import copy
import datetime
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import attrs
import httpx
import pytest

Recorded = Callable[[str], Any]


def explicit_nulls_are_read(package: Any, recorded: Recorded) -> None:
    answer = recorded("fetch.ok.owner")
    item = package.models.RegistryFetchResponse.from_dict(answer).item
    assert answer["item"]["collection_format"]["dataset_info"]["spatial_info"] is None
    assert item.collection_format.dataset_info.spatial_info is None


def null_is_refused_where_there_is_a_default(package: Any, recorded: Recorded) -> None:
    with pytest.raises(TypeError, match=r"AccessInfo\.reposited"):
        package.models.AccessInfo.from_dict({"reposited": None})


def empty_list_is_the_default_it_says(package: Any, recorded: Recorded) -> None:
    release = recorded("fetch.ok.owner")["item"]["history"][0]["item"]
    lean = {key: value for key, value in release.items() if value is not None and key != "release_history"}
    format_ = lean["collection_format"]
    for part in (format_["associations"], format_["dataset_info"], format_["dataset_info"]["access_info"]):
        for key in [key for key, value in part.items() if value is None]:
            del part[key]
    del format_["dataset_info"]["published_date"]["value"]
    assert package.models.DatasetDomainInfo.from_dict(lean).release_history == []


def a_new_enum_value_keeps_a_page_typed(package: Any, recorded: Recorded) -> None:
    page = recorded("list.default-empty-body")
    page["items"][0]["release_status"] = "EMBARGOED"
    read = package.models.DatasetListResponse.from_dict(page)
    assert {type(item) for item in read.items} == {package.models.ItemDataset}


def a_new_enum_value_is_kept(package: Any, recorded: Recorded) -> None:
    kind = package.models.SortType
    value = kind("POPULARITY")
    assert type(value) is kind
    assert value == kind("POPULARITY") == "POPULARITY"
    assert pickle.loads(pickle.dumps(value)) == value
    assert not value.is_known
    assert kind("DISPLAY_NAME").is_known


def unknown_fields_survive_a_change(package: Any, recorded: Recorded) -> None:
    sent = {"obtained": False, "relevant": True, "note": {"kept": [1, None]}}
    check = package.models.ExportControls.from_dict(sent)
    check.obtained = True
    assert check.to_dict() == {"obtained": True, "relevant": True, "note": {"kept": [1, None]}}


def version_of_the_dataset_info_survives(package: Any, recorded: Recorded) -> None:
    info = recorded("fetch.ok.owner")["item"]["collection_format"]["dataset_info"]
    lean = {key: value for key, value in info.items() if value is not None}
    lean["access_info"] = {"reposited": True}
    lean["published_date"] = {"relevant": False}
    lean["version"] = "2"
    assert package.models.CollectionFormatDatasetInfo.from_dict(lean).to_dict()["version"] == "2"


def _answer(package: Any, operation: str, answer: object, **arguments: Any) -> Any:
    return package.call(operation, httpx.Response(200, json=answer), **arguments)


def reviewers_are_a_list(package: Any, recorded: Recorded) -> None:
    answer = recorded("reviewers.list.ok")
    assert _answer(package, "datastore.list_reviewers", answer) == answer


def health_is_typed(package: Any, recorded: Recorded) -> None:
    assert _answer(package, "search.root", recorded("search.root.ok")).message == "Health check successful."


def a_release_request_is_typed(package: Any, recorded: Recorded) -> None:
    body = package.models.ReleaseApprovalRequest(dataset_id="10378.1/1", approver_id="10378.1/2", notes="")
    answer = {"dataset_id": "10378.1/1", "approver_id": "10378.1/2", "details": "sent"}
    assert _answer(package, "datastore.approval_request", answer, body=body).approver_id == "10378.1/2"


def a_release_decision_is_typed(package: Any, recorded: Recorded) -> None:
    body = package.models.ActionApprovalRequest(dataset_id="10378.1/1", approve=True, notes="")
    answer = {"dataset_id": "10378.1/1", "approved": True, "details": "done"}
    assert _answer(package, "datastore.action_approval_request", answer, body=body).approved is True


def configuration_is_text(package: Any, recorded: Recorded) -> None:
    answer = httpx.Response(200, text="A=1\nB=2\n")
    assert package.call("datastore.generate_config_file", answer) == "A=1\nB=2\n"


def one_pagination_key_type(package: Any, recorded: Recorded) -> None:
    key = {"id": "10378.1/7", "item_subtype": "DATASET", "created_timestamp": 1795348258}
    page = package.models.DatasetListResponse.from_dict(
        {"status": {"success": True, "details": ""}, "items": [], "pagination_key": key}
    )
    following = package.models.NoFilterSubtypeListRequest(pagination_key=page.pagination_key).to_dict()
    assert following["pagination_key"] == key
    read = package.models.NoFilterSubtypeListRequest.from_dict(following)
    assert type(read.pagination_key) is type(page.pagination_key)


def urls_stay_byte_for_byte(package: Any, recorded: Recorded) -> None:
    answer = recorded("fetch.ok.owner")
    info = answer["item"]["collection_format"]["dataset_info"]
    info["license"], info["access_info"]["uri"] = "https://example.com", "https://EXAMPLE.com:443/a b?q=%7e"
    written = package.models.RegistryFetchResponse.from_dict(answer).to_dict()
    again = written["item"]["collection_format"]["dataset_info"]
    assert (again["license"], again["access_info"]["uri"]) == (info["license"], info["access_info"]["uri"])


def dates_and_timestamps_keep_their_kind(package: Any, recorded: Recorded) -> None:
    answer = recorded("fetch.ok.owner")
    item = package.models.RegistryFetchResponse.from_dict(answer).item
    assert item.collection_format.dataset_info.created_date.value == datetime.date(2024, 1, 2)
    assert item.collection_format.dataset_info.published_date.value is None
    assert type(item.created_timestamp) is int
    assert item.to_dict()["created_timestamp"] == answer["item"]["created_timestamp"]


def an_expiry_without_an_offset_is_refused(package: Any, recorded: Recorded) -> None:
    credentials = recorded("creds.read.ok.owner")["credentials"]
    read = package.models.Credentials.from_dict(credentials)
    assert read.to_dict() == credentials
    assert read.expiry.utcoffset() == datetime.timedelta(0)
    with pytest.raises(ValueError, match="offset"):
        package.models.Credentials.from_dict({**credentials, "expiry": "2026-11-22T19:52:49"})


def wrong_shapes_are_refused(package: Any, recorded: Recorded) -> None:
    wrongs: list[Any] = [
        {"success": "yes", "details": ""},
        {"success": True, "details": 3},
        {"success": True, "details": None},
        [],
        None,
    ]
    for wrong in wrongs:
        with pytest.raises(TypeError):
            package.models.Status.from_dict(wrong)
    with pytest.raises(KeyError, match="details"):
        package.models.Status.from_dict({"success": True})


def a_list_is_no_empty_object(package: Any, recorded: Recorded) -> None:
    with pytest.raises(TypeError, match="SortOptions: expected an object, got a list"):
        package.models.SortOptions.from_dict([])


def free_form_objects_are_dicts(package: Any, recorded: Recorded) -> None:
    schema = package.models.Schema.from_dict({"json_schema": {"type": "object"}})
    assert schema.json_schema == {"type": "object"}


def unset_is_none(package: Any, recorded: Recorded) -> None:
    options = package.models.SortOptions()
    assert options.begins_with is None
    assert options.sort_type is None
    assert options.to_dict() == {"ascending": False}


def parsing_imports_nothing(package: Any, recorded: Recorded) -> None:
    for file in sorted((package.folder() / "models").glob("[a-z]*.py")):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                inner = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
                assert not inner, f"{file.name}: {function.name} imports"


def names_are_the_interfaces_own(package: Any, recorded: Recorded) -> None:
    assert "license" in {field.name for field in attrs.fields(package.models.CollectionFormatDatasetInfo)}


def secrets_stay_out_of_sight(package: Any, recorded: Recorded) -> None:
    user = package.models.User.from_dict(
        {"username": "ada", "roles": [], "access_token": "s3cr3t", "x": "s3cr3t"}
    )
    keys = package.models.Credentials.from_dict(
        {
            "aws_access_key_id": "s3cr3t",
            "aws_secret_access_key": "s3cr3t",
            "aws_session_token": "s3cr3t",
            "expiry": "2026-11-22T19:52:49+00:00",
        }
    )
    url = package.models.PresignedURLResponse.from_dict(
        {"dataset_id": "1", "file_path": "a", "presigned_url": "https://s3cr3t"}
    )
    for holder in (user, keys, url):
        assert "s3cr3t" not in repr(holder)
        assert "s3cr3t" not in str(holder)


def secrets_are_not_pickled(package: Any, recorded: Recorded) -> None:
    user = package.models.User.from_dict({"username": "ada", "roles": [], "access_token": "s3cr3t"})
    with pytest.raises(TypeError, match="holds secrets"):
        pickle.dumps(user)
    assert copy.deepcopy(user) == copy.copy(user) == user


def an_error_status_raises(package: Any, recorded: Recorded) -> None:
    answer = httpx.Response(503, text="<html>busy</html>")
    with pytest.raises(httpx.HTTPStatusError):
        package.call("search.search_entity_registry", answer, query="reef")


def an_odd_status_raises_the_same(package: Any, recorded: Recorded) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        package.call("search.search_entity_registry", httpx.Response(599), query="reef")


def no_client_shows_the_token(package: Any, recorded: Recorded) -> None:
    assert "s3cr3t" not in repr(package.client("s3cr3t"))


def it_is_typed(package: Any, recorded: Recorded) -> None:
    assert (package.folder() / "py.typed").exists()


@dataclass(frozen=True)
class Trap:
    """A check, and how it fails on the generator's own output."""

    check: Callable[[Any, Recorded], None]
    error: type[BaseException]
    match: str
    fixture: str = "stock"


TRAPS = [
    Trap(explicit_nulls_are_read, TypeError, "fromisoformat"),
    Trap(null_is_refused_where_there_is_a_default, BaseException, "DID NOT RAISE"),
    Trap(empty_list_is_the_default_it_says, AssertionError, "Unset"),
    Trap(a_new_enum_value_keeps_a_page_typed, AssertionError, "dict", "stock_with_nulls"),
    Trap(a_new_enum_value_is_kept, ValueError, "POPULARITY"),
    Trap(unknown_fields_survive_a_change, AssertionError, "note"),
    Trap(version_of_the_dataset_info_survives, KeyError, "version"),
    Trap(reviewers_are_a_list, AttributeError, "sync"),
    Trap(health_is_typed, AttributeError, "sync"),
    Trap(a_release_request_is_typed, AttributeError, "dict"),
    Trap(a_release_decision_is_typed, AttributeError, "dict"),
    Trap(configuration_is_text, ValueError, "Expecting value"),
    Trap(one_pagination_key_type, AssertionError, "PaginationKey"),
    Trap(urls_stay_byte_for_byte, TypeError, "fromisoformat"),
    Trap(dates_and_timestamps_keep_their_kind, TypeError, "fromisoformat"),
    Trap(an_expiry_without_an_offset_is_refused, BaseException, "DID NOT RAISE"),
    Trap(wrong_shapes_are_refused, BaseException, "DID NOT RAISE"),
    Trap(a_list_is_no_empty_object, BaseException, "DID NOT RAISE"),
    Trap(free_form_objects_are_dicts, AssertionError, "SchemaJsonSch"),
    Trap(unset_is_none, AssertionError, "Unset"),
    Trap(parsing_imports_nothing, AssertionError, "imports"),
    Trap(names_are_the_interfaces_own, AssertionError, "license"),
    Trap(secrets_stay_out_of_sight, AssertionError, "s3cr3t"),
    Trap(secrets_are_not_pickled, BaseException, "DID NOT RAISE"),
    Trap(an_error_status_raises, BaseException, "DID NOT RAISE"),
    Trap(an_odd_status_raises_the_same, ValueError, "599"),
    Trap(no_client_shows_the_token, AssertionError, "s3cr3t"),
    Trap(it_is_typed, AssertionError, "py.typed"),
]
every_trap = pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.check.__name__)


@every_trap
def test_our_output_has_none_of_the_traps(trap: Trap, ours: Any, recorded: Recorded) -> None:
    trap.check(ours, recorded)


@pytest.mark.slow
@every_trap
def test_stock_output_has_the_traps(trap: Trap, request: pytest.FixtureRequest, recorded: Recorded) -> None:
    stock = request.getfixturevalue(trap.fixture)
    with pytest.raises(trap.error, match=trap.match):
        trap.check(stock, recorded)
