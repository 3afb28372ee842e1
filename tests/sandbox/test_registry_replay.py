"""Every recorded exchange with the registry, asked again of the sandbox over real sockets.

One sandbox is led through the states behind the recordings, with their ids and times, which pagination keys hold; each
test then looks at its own answer.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.data.items import READ_ROLES, Item, dataset_body, organisation_body, person_body
from tests.recordings import DATA, Exchange, differences, load

EXCHANGES: dict[str, Exchange] = {
    f"{path.stem.removeprefix('registry-')}.{exchange['name']}": exchange
    for path in sorted((DATA / "around").glob("registry-*.json"))
    for exchange in load(path)
}
ALPHA, BETA, GAMMA, DELTA = (f"10378.1/{1900011 + n}" for n in range(4))
REVIEWER = "10378.1/1900005"
# Owners of the first persons; those who could not register their own have the administrator's.
PERSONS = {
    1900003: ("Writer", "writer", 695),
    1900004: ("Writer2", "writer2", 696),
    1900005: ("Reviewer", "reviewer", 696),
    1900006: ("Admin", "admin", 697),
    1900007: ("Regadmin", "regadmin", 697),
    1900008: ("Reader", "admin", 698),
    1900009: ("Noemail", "admin", 698),
    1900010: ("Writeonly", "admin", 698),
}
EPOCH = 1795741000
# The emulated database of these recordings had no key after a full last page. The recordings of the datastore have
# one, as DynamoDB does, and so has the sandbox.
KEY_AFTER_THE_LAST = {"list.list.private.reader", "releases.page1"}
# Only the fields shown were recorded, without a mark.
PARTIAL = {"releases.general-list.RELEASE_TIMESTAMP"}


class Replay:
    """Leads a sandbox through the recorded states and keeps what it answered."""

    def __init__(self, sandbox: Sandbox, send: Any) -> None:
        self.sandbox, self.state = sandbox, sandbox.state
        self.answers: dict[str, Any] = {}
        self._send = send
        self._tokens: dict[str, str] = {}

    def ask(self, *names: str) -> None:
        for name in names:
            assert name not in self.answers, name
            self.sandbox.clock.advance(1)
            made = _made(EXCHANGES[name]["response"])
            if made is not None:
                self.state.next_suffix = int(made.rpartition("/")[2])
            self.answers[name] = self._answer(EXCHANGES[name])

    def rest(self, *subjects: str) -> None:
        """Ask what is left of some files."""
        for name in EXCHANGES:
            if name.partition(".")[0] in subjects and name not in self.answers:
                self.ask(name)

    def do(self, url: str, user: str, method: str, path: str, data: Any, **query: str) -> None:
        """Ask for something that happened between two recorded exchanges."""
        answer = self._send(url, method, path, query=query, token=self._token(user), data=data)
        assert answer.status == 200, answer.content

    def at(self, second: int) -> None:
        """Set the clock to a recorded time."""
        self.sandbox.clock.freeze(EPOCH + second)

    def _token(self, user: str) -> str:
        if user not in self._tokens:
            self._tokens[user] = self.sandbox.access_token(user, 1_000_000)
        return self._tokens[user]

    def _answer(self, exchange: Exchange) -> Any:
        user, body = exchange["user"], exchange.get("body")
        headers = {} if user is None else {"Authorization": f"Bearer {self._credentials(user)}"}
        content = None
        if body is not None:
            raw = body.get("__raw__")
            content = json.dumps(body).encode() if raw is None else raw.encode()
            headers["Content-Type"] = "application/json"
        return self._send(
            self.sandbox.registry_url,
            exchange["method"],
            exchange["path"],
            query=exchange.get("query"),
            headers=headers,
            body=content,
        )

    def _credentials(self, user: str) -> str:
        return "garbage" if user == "(custom token)" else self._token(user)


def _made(response: Any) -> str | None:
    """Return the id that an exchange gave out, if any."""
    if not isinstance(response, dict):
        return None
    item = response.get("created_item") or response.get("seeded_item") or {}
    made: str | None = item.get("id") or response.get("new_version_id")
    return made


def _first_items(replay: Replay) -> None:
    def put(number: int, subtype: str, owner: str, second: int, body: dict[str, Any]) -> Item:
        item = Item(f"10378.1/{number}", subtype, owner, EPOCH + second, EPOCH + second, body=body)
        item.record("Initial record creation", owner, EPOCH + second)
        return replay.state.put(item)

    ror = "https://ror.org/03qn8fb07"
    put(1900001, "ORGANISATION", "admin", 694, organisation_body("Reef Institute", ror))
    put(1900002, "ORGANISATION", "admin", 695, organisation_body("Coral Publisher", ror))
    for number, (name, owner, second) in PERSONS.items():
        body = person_body(name, "Person", f"{name.lower()}@example.com")
        put(number, "PERSON", owner, second, {**body, "display_name": name})
    alpha = EXCHANGES["fetch.dataset.owner"]["response"]["item"]["collection_format"]
    for number, (name, second) in enumerate(
        [
            ("Alpha reef survey", 699),
            ("Beta reef survey", 700),
            ("Gamma reef survey", 701),
            ("Delta by writer2", 702),
        ]
    ):
        metadata = copy.deepcopy(alpha)
        metadata["dataset_info"] |= {"name": name, "description": f"Description of {name}"}
        handle = f"10378.1/{1900011 + number}"
        body = dataset_body(handle, metadata, replay.sandbox.storage.bucket)
        item = put(1900011 + number, "DATASET", "writer2" if number == 3 else "writer", second, body)
        item.create_workflow = "c410cbf8-4435-4ca7-83f7-402903eab49a"
    replay.sandbox.set_access(BETA, general=())


def _registering(replay: Replay) -> None:
    later = (
        "fetch.fetch.create-activity",
        "fetch.fetch.version-activity",
        "list.list.filter.create.after-worker",
    )
    replay.at(703)
    for name in EXCHANGES:
        if name.partition(".")[0] in ("about", "fetch", "list") and name not in later:
            replay.ask(name)
    replay.rest("organisation")
    replay.ask(
        *(
            name
            for name in EXCHANGES
            if name.startswith("person.") and name != "person.seed.update.without-reason"
        )
    )
    replay.state.next_suffix = 1900031
    replay.do(replay.sandbox.registry_url, "writer", "POST", "/registry/agent/person/seed", None)
    replay.rest("person", "template", "dataset")


def _granting(replay: Replay) -> None:
    names = [name for name in EXCHANGES if name.startswith("auth.")]
    replay.ask(*names[: names.index("auth.evaluate.writer")])
    replay.sandbox.set_access(ALPHA, general=READ_ROLES, groups={})
    replay.rest("auth", "locks")


def _releasing(replay: Replay) -> None:
    datastore = replay.sandbox.datastore_url
    replay.state.reviewers.add(REVIEWER)
    replay.ask("releases.none")
    for second, dataset in ((729, ALPHA), (730, GAMMA)):
        replay.at(second)
        asked = {"dataset_id": dataset, "approver_id": REVIEWER, "notes": "please"}
        replay.do(datastore, "writer", "POST", "/release/approval-request", asked)
    replay.ask("releases.pending.RELEASE_TIMESTAMP")
    replay.at(731)
    approved = {"dataset_id": ALPHA, "approve": True, "notes": "fine"}
    replay.do(datastore, "reviewer", "PUT", "/release/action-approval-request", approved)
    replay.rest("releases")


def _changing(replay: Replay) -> None:
    datastore = replay.sandbox.datastore_url
    renamed = EXCHANGES["history.general.after-update-and-revert"]["response"]["item"]["history"][1]
    metadata = renamed["item"]["collection_format"]
    replay.do(
        datastore,
        "writer",
        "POST",
        "/register/update-metadata",
        metadata,
        handle_id=GAMMA,
        reason=renamed["reason"],
    )
    undo = {"id": GAMMA, "history_id": 0, "reason": "undo"}
    replay.do(datastore, "writer", "PUT", "/register/revert-metadata", undo)
    replay.rest("history")


def _after_the_worker(replay: Replay) -> None:
    exchanges = [
        EXCHANGES[f"fetch.fetch.{kind}-activity"]["response"]["item"] for kind in ("create", "version")
    ]
    listed = EXCHANGES["list.list.filter.create.after-worker"]["response"]["items"]
    for row in [*exchanges, *listed]:
        body = row["history"][0]["item"]
        created = row["created_timestamp"]
        item = Item(row["id"], row["item_subtype"], row["owner_username"], created, created, body=dict(body))
        item.record("Initial record creation", item.owner, created)
        replay.state.put(item)
    replay.rest("fetch", "list")


@pytest.fixture(scope="module")
def answers(module_send: Any) -> Iterator[dict[str, Any]]:
    with Sandbox(seed=False, job_seconds=None) as sandbox:
        for name in ("writer2", "reader"):
            sandbox.users[name] = replace(sandbox.users[name], groups=frozenset({"coral-team"}))
        replay = Replay(sandbox, module_send)
        for stage in (_first_items, _registering, _granting, _releasing, _changing, _after_the_worker):
            stage(replay)
        assert sandbox.crashes == []
        yield replay.answers


@pytest.mark.parametrize("name", EXCHANGES)
def test_the_registry_answers_as_recorded(name: str, answers: dict[str, Any]) -> None:
    exchange, answer = EXCHANGES[name], answers[name]
    assert answer.status == exchange["status"], answer.content[:500]
    for header, value in exchange["headers"].items():
        if header == "location":
            value = value.replace("//host/", f"//{answer.headers[header].split('/')[2]}/")
        assert answer.headers.get(header) == value
    recorded: Any = copy.deepcopy(exchange["response"])
    given: Any = answer.body if answer.content else None
    if name in KEY_AFTER_THE_LAST:
        assert recorded.pop("pagination_key") is None
        del given["pagination_key"]
    if name in PARTIAL:
        for row in recorded["items"]:
            row["…"] = "the rest of the row"
    if recorded in ("", None):
        assert not given
    else:
        assert list(differences(recorded, given, name, unordered={"roles"})) == []


def test_how_many_exchanges_are_replayed(answers: dict[str, Any]) -> None:
    print(f"{len(answers)} of {len(EXCHANGES)} recorded exchanges with the registry replayed")
    assert answers.keys() == EXCHANGES.keys()
