"""What other people wrote, printed by everything of the services that shows itself."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from provena_api import models

import provena_sdk
from provena_sdk import Provena, errors
from provena_sdk.config.explain import ExplainedSetting, Explanation
from provena_sdk.display.changes import Change
from provena_sdk.metadata.checks import check
from provena_sdk.operations import catalogue
from provena_sdk.operations.access import UserAccess
from provena_sdk.paging import Page, Results, UnreadableItem
from provena_sdk.views.history import History, HistoryEntry, UserName
from provena_sdk.views.metadata_diff import MetadataDiff
from provena_sdk.views.versions import DatasetVersion, DatasetVersions
from provena_sdk.workflows.access.groups import GroupList, MemberList
from provena_sdk.workflows.access.locks import LockHistory
from provena_sdk.workflows.access.releases import (
    Inbox,
    ReleaseState,
    ReleaseStep,
    ReviewerList,
    ReviewRequest,
)
from provena_sdk.workflows.access.roles import Role, RoleReport, RoleRequest, RoleRequestList
from provena_sdk.workflows.access.settings import DatasetAccess, DatasetRoles, GroupAccess
from provena_sdk.workflows.batch import FetchedDatasets
from provena_sdk.workflows.inventory import InventoryRow
from provena_sdk.workflows.provenance.model_runs import RunTemplate, Slot
from provena_sdk.workflows.registry.agents import PERSON
from provena_sdk.workflows.registry.items import typed
from provena_sdk.workflows.registry.names import PersonName
from provena_sdk.workflows.registry.naming import matches
from provena_sdk.workflows.search import FailedSearchItem, LoadedSearchItem, UnauthorisedSearchItem

ID = "10378.1/1"
STATUS = {"success": True, "details": ""}
EVIL = (
    "reef\x1b]52;c;AAAA\x07\x1b[2JSigned in as admin\r\x9b31m\u202etxt.exe\u2066\u2028\ud800" + "x" * 100_000
)


def is_fit(text: str) -> bool:
    """Whether a text is printable but for its lines, and no longer than a page."""
    return all(line.isprintable() for line in text.split("\n")) and len(text) < 5_000


@pytest.fixture
def item(metadata: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return {
        "status": STATUS,
        "locked": False,
        "roles": [EVIL],
        "item": {
            "id": ID,
            "display_name": EVIL,
            "owner_username": EVIL,
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


async def test_a_search_and_its_hits(recorder: Any, item: dict[str, Any]) -> None:
    def answer(call: Any) -> Any:
        if call.operation is catalogue.search.SEARCH_ENTITY_REGISTRY:
            hits = [ID, "10378.1/2", "10378.1/3", f"10378.1/4{EVIL}"]
            return {
                "status": STATUS,
                "results": [{"id": hit, "score": 10**400} for hit in hits],
                "warnings": [EVIL],
            }
        if call.dataset_id == "10378.1/2":
            return errors.DatasetAccessDenied("no", operation="x", status=401)
        return item if call.dataset_id == ID else errors.ServerError(EVIL[:300], operation="x", status=500)

    datastore, _ = recorder(answer)
    found = await datastore.search_datasets("reef", 4)
    kinds = {type(hit) for hit in (*found.items, *found.auth_errors, *found.misc_errors)}
    assert kinds == {LoadedSearchItem, UnauthorisedSearchItem, FailedSearchItem}
    for shown in (found, *found.items, *found.auth_errors, *found.misc_errors):
        assert is_fit(str(shown)), shown
        assert is_fit(repr(shown)), shown
    assert "reef\\x1b]52;c;AAAA\\x07" in str(found)
    assert all(is_fit(hit.error_info) for hit in found.misc_errors)


async def test_an_owner_who_is_named_in_a_hint(recorder: Any, item: dict[str, Any]) -> None:
    def answer(call: Any) -> Any:
        if call.operation is catalogue.datastore.FETCH_DATASET:
            return item
        hint = "Ask its owner for access."
        return errors.DatasetAccessDenied("no", operation="x", status=401, dataset_id=ID, hint=hint)

    datastore, _ = recorder(answer)
    with pytest.raises(errors.DatasetAccessDenied, match="its owner, reef") as caught:
        await datastore.generate_read_access_credentials(dataset_id=ID)
    assert is_fit(str(caught.value))
    assert is_fit(str(caught.value.hint))


def test_a_user() -> None:
    user = UserAccess(EVIL, EVIL, tuple([EVIL] * 100))
    assert is_fit(str(user))
    assert is_fit(repr(user))


def test_an_explanation() -> None:
    told = Explanation((ExplainedSetting("profile", EVIL, EVIL),), (EVIL,))
    assert is_fit(str(told))
    assert is_fit(repr(told))
    assert is_fit(told._repr_html_())


def test_fields_of_an_answer_that_says_what_is_malformed() -> None:
    entry = errors.FieldError((EVIL, 1), EVIL, EVIL)
    assert is_fit(str(entry))


def test_metadata_that_are_wrong() -> None:
    for place in range(5):
        wrong = {EVIL: EVIL, "dataset_info": {"keywords": [EVIL] * place + [{EVIL: EVIL}], "license": EVIL}}
        problems = check(wrong).problems
        assert is_fit(str(errors.InvalidMetadata("metadata", problems, source=EVIL)))
        assert all(is_fit(str(problem)) and len(repr(problem)) <= 200 for problem in problems)


@pytest.mark.parametrize("given", [{"deployment": "a\x1b[2J"}, {"deployment": "a.org", "realm": "r\u202ee"}])
def test_a_deployment_that_cannot_be_shown_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        Provena(**given, access_token="t")  # type: ignore[arg-type]  # words only
    assert is_fit(str(caught.value))


def test_a_template_of_model_runs() -> None:
    slot = Slot(EVIL, EVIL, False, {EVIL: True})
    template = RunTemplate(EVIL, EVIL, (slot,), (), (EVIL,))
    for shown in (str(slot), repr(slot), repr(template)):
        assert is_fit(shown)
        assert len(shown) < 200


def test_an_error_of_a_whole_transfer() -> None:
    error = errors.TransferFailed(EVIL, report=None, errors=[ValueError(EVIL)], hint=EVIL)
    assert is_fit(str(error))
    assert is_fit(str(error.hint))


def test_datasets_that_could_not_be_fetched() -> None:
    failures: dict[str, errors.ProvenaError] = {
        f"{number}{EVIL}": errors.ServerError(EVIL, operation="x", status=500) for number in range(100)
    }
    fetched = FetchedDatasets(tuple(failures), {}, failures)
    assert is_fit(str(fetched))
    with pytest.raises(errors.FetchFailed) as caught:
        fetched.raise_for_failures()
    assert is_fit(str(caught.value))


def test_persons_with_such_names() -> None:
    people = [
        provena_sdk.ItemPerson(
            id=EVIL,
            display_name=EVIL,
            first_name=EVIL,
            last_name="Diver",
            email=EVIL,
            orcid=EVIL,
            history=[],
            owner_username=EVIL,
            created_timestamp=1,
            updated_timestamp=1,
            record_type=provena_sdk.RecordType("COMPLETE_ITEM"),
        )
        for _ in range(300)
    ]
    for query in ("reef", EVIL):
        found = matches(PERSON, query, people)
        assert is_fit(repr(found))
        shown = [str(found), found._repr_html_()]
        with pytest.raises(errors.NameAmbiguous) as caught:
            found.one()
        assert all("\x1b" not in each and "\u202e" not in each for each in shown)
        assert is_fit(str(caught.value))


def test_an_item_of_another_kind() -> None:
    item = typed({"id": EVIL, "item_subtype": EVIL, "display_name": EVIL, "owner_username": None})
    assert is_fit(str(item))
    assert is_fit(repr(item))


def test_a_handle_that_cannot_be_shown_is_refused() -> None:
    client = Provena("example.org", access_token="t")
    with pytest.raises(errors.InvalidArgument) as caught:
        client.datastore.interactive_dataset(f"10378.1/{EVIL[:50]}")
    assert is_fit(str(caught.value))


def test_a_list_that_is_being_read(item: dict[str, Any]) -> None:
    results: Results[Any] = Results(
        lambda key: Page([item], None), Provena("a.org", access_token="t")._transport.submit
    )
    next(results)
    assert is_fit(repr(results))


def test_a_row_of_an_inventory() -> None:
    row = InventoryRow(
        *(EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, 1, True, EVIL, (EVIL,), EVIL),
        *(None,) * 8,
        *(EVIL, 1, 1, (EVIL,), EVIL),
    )
    for shown in (str(row), repr(row)):
        assert is_fit(shown)
        assert len(shown) <= 200


def test_who_may_do_what_and_who_did() -> None:
    roles = DatasetRoles(("metadata-read", EVIL))
    person = PersonName(EVIL, EVIL)
    event = models.LockEvent(
        action_type=models.LockActionType(EVIL), username=EVIL, reason=EVIL, timestamp=10**400
    )
    group = GroupAccess(EVIL, EVIL, False, roles)
    step = ReleaseStep(models.ReleaseAction(EVIL), None, person, EVIL)
    wait = ReviewRequest(EVIL, EVIL, person, None, EVIL)
    role = Role(EVIL, EVIL, EVIL, True, EVIL)
    request = RoleRequest(1, (EVIL, EVIL), EVIL, None, None, EVIL)
    described = models.UserGroupMetadata(id=EVIL, display_name=EVIL, description=EVIL)
    user = models.GroupUser(username=EVIL, email=EVIL, first_name=EVIL, last_name=EVIL)
    for shown in (
        *(roles, person, group, step, wait, role, request),
        DatasetAccess(EVIL, EVIL, EVIL, roles, (group,)),
        LockHistory(EVIL, (event,)),
        ReleaseState(EVIL, models.ReleasedStatus(EVIL), person, (step,)),
        *(Inbox([wait]), ReviewerList([person]), RoleReport([role]), RoleRequestList([request])),
        *(GroupList([described]), MemberList([user])),
    ):
        assert is_fit(str(shown)), type(shown)
        assert is_fit(repr(shown)), type(shown)
        assert len(repr(shown)) < 200, type(shown)


def test_what_was_changed_by_whom_and_when(item: dict[str, Any]) -> None:
    user = UserName(EVIL, EVIL, EVIL)
    diff = MetadataDiff([Change(EVIL, EVIL, [EVIL]), Change(EVIL, None, {EVIL: EVIL})], EVIL)
    metadata = models.ItemDataset.from_dict(item["item"]).collection_format
    entry = HistoryEntry(1, None, user, EVIL, diff, metadata)
    state = {"id": 0, "timestamp": 10**400, "reason": EVIL, "username": EVIL, "item": item["item"]}
    history = History(EVIL, [models.HistoryEntryDatasetDomainInfo.from_dict(state)], {EVIL: user})
    with pytest.raises(errors.InvalidArgument) as caught:
        history.diff(7)
    assert is_fit(str(caught.value))
    assert is_fit(str(UnreadableItem(EVIL, EVIL)))
    version = DatasetVersion(EVIL, 1, EVIL, EVIL, None, models.ReleasedStatus(EVIL), EVIL)
    for shown in (user, diff, entry, history, version, DatasetVersions(EVIL, [version])):
        assert is_fit(str(shown)), type(shown)
        assert is_fit(repr(shown)), type(shown)
        assert len(repr(shown)) < 200, type(shown)


SHOWN_ABOVE = {
    # every class of the services' half that shows itself in its own way
    *("UserAccess", "LoadedSearchResponse", "LoadedSearchItem", "UnauthorisedSearchItem", "FailedSearchItem"),
    *(
        "FetchedDatasets",
        "InventoryRow",
        "Inventory",
        "AsyncInventory",
        "Matches",
        "RegistryItem",
        "RunTemplate",
        "Slot",
        "Card",
        "Link",
    ),
    *("Deployment", "ExplainedSetting", "ServiceAnswer"),
    *(
        "Explanation",
        "ProvenaError",
        "FieldError",
        "MetadataProblem",
        "PartialFailure",
        "Results",
        "AsyncResults",
        "Position",
        "UnreadableItem",
    ),
    # they show the deployment or the handle, which are refused where they are not printable, or names of our own
    *(
        "Client",
        "DatasetProperties",
        "InteractiveDataset",
        "AsyncInteractiveDataset",
        "DatasetCredentialsProvider",
        "Operation",
    ),
    *("DatasetRelease", "AsyncDatasetRelease", "ModelRun", "AsyncModelRun"),
    *("DatasetAccess", "DatasetRoles", "GroupAccess", "LockHistory", "PersonName"),
    *("ReleaseState", "ReleaseStep", "ReviewRequest", "Role", "RoleRequest"),
    *(
        "Tabular",
        "TabularList",
        "UserName",
        "HistoryEntry",
        "MetadataDiff",
        "MetadataEdit",
        "AsyncMetadataEdit",
        "DatasetVersion",
    ),
    "SmallFile",  # it shows a number
}


def test_no_class_that_shows_itself_is_left_out() -> None:
    root = Path(provena_sdk.__file__).parent
    paths = [
        *(
            path
            for name in ("operations", "paging", "views", "workflows", "transport", "config", "resources")
            for path in (root / name).rglob("*.py")
        ),
        *(
            root / name
            for name in (
                "errors.py",
                "client_settings.py",
                "private_files.py",
                "datasets/provider.py",
            )
        ),
    ]
    found = {
        node.name
        for path in paths
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(
            isinstance(inner, ast.FunctionDef) and inner.name in ("__str__", "__repr__", "_repr_html_")
            for inner in node.body
        )
    }
    assert found == SHOWN_ABOVE
