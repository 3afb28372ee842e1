"""The sandbox's registry together with its datastore, beyond what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from provena_sdk.sandbox import Fault, Sandbox
from provena_sdk.sandbox.seed import FORCING_TEMPLATE, ORGANISATIONS, RUN_TEMPLATE

Ask = Callable[..., Any]
PERSON = {
    "display_name": "Mae Low",
    "email": "mae@example.com",
    "first_name": "Mae",
    "last_name": "Low",
    "ethics_approved": True,
}
WRITABLE = ("agent/person", "agent/organisation", "entity/dataset_template")


@pytest.fixture
def ask(provena_sandbox: Sandbox, send: Any) -> Ask:
    """Ask the registry as a user; the answer's status and body."""

    def ask(user: str, method: str, path: str, data: Any = None, **query: Any) -> tuple[int, Any]:
        token = provena_sandbox.access_token(user)
        url = f"/registry/{path}"
        answer = send(provena_sandbox.registry_url, method, url, query=query, token=token, data=data)
        return answer.status, answer.body

    return ask


def created(ask: Ask, user: str = "writer", **fields: Any) -> str:
    status, body = ask(user, "POST", "agent/person/create", {**PERSON, **fields})
    assert (status, body["status"]["success"]) == (200, True)
    return str(body["created_item"]["id"])


def test_the_seeded_people_and_organisations_are_found_by_name_and_number(ask: Ask) -> None:
    def everything(kind: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = ask("reader", "POST", f"agent/{kind}/list", {})[1]["items"]
        return items

    persons = everything("person")
    assert {person["email"] for person in persons} >= {"writer@example.com", "reviewer@example.com"}
    for person in persons:
        assert person["display_name"] == f"{person['first_name']} {person['last_name']}"
        assert _orcid_is_valid(person["orcid"])
    assert {item["id"] for item in everything("organisation")} == ORGANISATIONS.keys()
    assert all(item["ror"].startswith("https://ror.org/0") for item in everything("organisation"))


def _orcid_is_valid(orcid: str) -> bool:
    digits = orcid.removeprefix("https://orcid.org/").replace("-", "")
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return digits[-1] == ("X" if check == 10 else str(check))


def test_what_a_model_run_refers_to_is_seeded(ask: Ask) -> None:
    run = ask("reader", "GET", "general/fetch", id=RUN_TEMPLATE)[1]["item"]
    assert run["input_templates"] == [{"template_id": FORCING_TEMPLATE, "optional": False}]
    template = ask("reader", "GET", "entity/dataset_template/fetch", id=FORCING_TEMPLATE)[1]["item"]
    assert [resource["key"] for resource in template["deferred_resources"]] == ["forcing"]


def test_a_lock_acts_on_the_datastore_at_once(provena_sandbox: Sandbox, ask: Ask, send: Any) -> None:
    dataset = provena_sandbox.add_dataset()
    asked = {"dataset_id": dataset, "console_session_required": False}

    def writing() -> int:
        path = "/registry/credentials/generate-write-access-credentials"
        token = provena_sandbox.access_token("writer")
        status: int = send(provena_sandbox.datastore_url, "POST", path, token=token, data=asked).status
        return status

    change = {"id": dataset, "reason": "checked"}
    assert writing() == 200
    assert ask("writer", "PUT", "entity/dataset/locks/lock", change)[0] == 200
    assert (writing(), ask("reader", "GET", "entity/dataset/locks/locked", id=dataset)[1]) == (
        401,
        {"locked": True},
    )
    assert ask("writer", "PUT", "entity/dataset/locks/unlock", change)[0] == 200
    assert writing() == 200


@pytest.mark.parametrize("role", ["metadata-read", "metadata-write", "admin"])
def test_access_settings_act_on_the_datastore_at_once(
    provena_sandbox: Sandbox, ask: Ask, send: Any, role: str
) -> None:
    dataset = provena_sandbox.add_dataset(private=True)

    def reading() -> int:
        path, token = "/registry/items/fetch-dataset", provena_sandbox.access_token("reader")
        query = {"handle_id": dataset}
        status: int = send(provena_sandbox.datastore_url, "GET", path, query=query, token=token).status
        return status

    assert reading() == 401
    settings = {"owner": "writer", "general": [role], "groups": {}}
    assert ask("writer", "PUT", "entity/dataset/auth/configuration", settings, id=dataset)[0] == 200
    assert reading() == 200


def test_a_locked_item_is_not_changed(ask: Ask) -> None:
    person = created(ask)
    assert ask("writer", "PUT", "agent/person/locks/lock", {"id": person, "reason": "final"})[0] == 200
    status, body = ask("writer", "PUT", "agent/person/update", PERSON, id=person, reason="typo")
    assert (status, body["detail"]) == (401, "Cannot perform this action as the resource is locked.")
    revert = {"id": person, "history_id": 0, "reason": "undo"}
    assert ask("writer", "PUT", "agent/person/revert", revert)[0] == 401


def test_an_update_of_a_complete_item_needs_a_reason_and_consent(ask: Ask) -> None:
    person = created(ask)
    status, body = ask("writer", "PUT", "agent/person/update", PERSON, id=person)
    assert (status, "no reason was provided" in body["detail"]) == (400, True)
    unapproved = {**PERSON, "ethics_approved": False}
    status, body = ask("writer", "PUT", "agent/person/update", unapproved, id=person, reason="typo")
    assert (status, body["status"]["success"]) == (200, False)


def test_an_update_or_revert_is_in_the_history_and_in_search(
    provena_sandbox: Sandbox, ask: Ask, send: Any
) -> None:
    person = created(ask, display_name="Maeve")
    renamed = {**PERSON, "display_name": "Zelda"}
    ask("writer", "PUT", "agent/person/update", renamed, id=person, reason="renamed")

    def found(word: str) -> list[str]:
        token, query = provena_sandbox.access_token("reader"), {"query": word}
        body = send(
            provena_sandbox.search_url, "GET", "/search/entity-registry", query=query, token=token
        ).body
        return [hit["id"] for hit in body["results"]]

    assert (found("Zelda"), found("Maeve")) == ([person], [])
    ask("writer", "PUT", "agent/person/revert", {"id": person, "history_id": 0, "reason": "undo"})
    item = ask("reader", "GET", "agent/person/fetch", id=person)[1]["item"]
    assert item["display_name"] == "Maeve"
    assert [(entry["id"], entry["reason"]) for entry in item["history"]] == [
        (2, "(Restoring to v0) undo"),
        (1, "renamed"),
        (0, "Initial record creation"),
    ]


def test_only_an_administrator_deletes(ask: Ask) -> None:
    person = created(ask)
    assert ask("writer", "DELETE", "general/delete", id=person)[0] == 401
    assert ask("regadmin", "DELETE", "general/delete", id=person)[0] == 200
    assert ask("reader", "GET", "general/fetch", id=person)[1]["item"] is None


def test_a_version_keeps_the_access_settings_and_is_refused_for_an_old_version(ask: Ask) -> None:
    status, body = ask("writer", "POST", "entity/dataset_template/create", {"display_name": "Inputs"})
    old = body["created_item"]["id"]
    settings = {"owner": "writer", "general": [], "groups": {"coral-team": ["metadata-read"]}}
    assert ask("writer", "PUT", "entity/dataset_template/auth/configuration", settings, id=old)[0] == 200
    request = {"id": old, "reason": "more"}
    status, body = ask("writer", "POST", "entity/dataset_template/version", request)
    new = body["new_version_id"]
    assert status == 200
    assert ask("writer", "GET", "entity/dataset_template/auth/configuration", id=new)[1] == settings
    item = ask("writer", "GET", "entity/dataset_template/fetch", id=new)[1]["item"]
    assert (item["versioning_info"]["version"], item["versioning_info"]["previous_version"]) == (2, old)
    status, body = ask("writer", "POST", "entity/dataset_template/version", request)
    assert (status, f"Next version {new} already exists!" in body["detail"]) == (400, True)


@pytest.mark.parametrize("kind", WRITABLE)
def test_a_seed_is_fetched_only_when_allowed(ask: Ask, kind: str) -> None:
    seed = ask("writer", "POST", f"{kind}/seed")[1]["seeded_item"]["id"]
    assert ask("writer", "GET", f"{kind}/fetch", id=seed)[1]["item"] is None
    allowed = ask("writer", "GET", f"{kind}/fetch", id=seed, seed_allowed="true")[1]
    assert (allowed["item"]["id"], allowed["item_is_seed"]) == (seed, True)
    listed = ask("writer", "POST", f"{kind}/list", {"filter_by": {"record_type": "SEED_ONLY"}})[1]
    assert (listed["seed_item_count"], listed["seed_items"][0]["id"]) == (1, seed)


def test_without_the_auth_service_only_owners_see_items(provena_sandbox: Sandbox, ask: Ask) -> None:
    person = created(ask)
    provena_sandbox.faults.outage("auth")
    assert ask("writer", "GET", "agent/person/fetch", id=person)[0] == 200
    assert ask("reader", "GET", "agent/person/fetch", id=person)[0] == 500


def test_faults_of_the_registry_leave_the_datastore_alone(
    provena_sandbox: Sandbox, ask: Ask, send: Any
) -> None:
    provena_sandbox.faults.add(Fault(service="registry", status=503))
    token = provena_sandbox.access_token("reader")
    path = "/registry/items/list"
    assert send(provena_sandbox.datastore_url, "POST", path, token=token, data={}).status == 200
    assert send(provena_sandbox.registry_url, "GET", "/").status == 503
    assert ask("reader", "GET", "general/about/version")[0] == 200
