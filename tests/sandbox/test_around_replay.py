"""Every recorded exchange with auth, job and prov services, asked again of the sandbox over real sockets.

One sandbox is led through the states behind the recordings; each test then looks at its own answer. Ids are compared
by their kind: activities have other handles in the sandbox, and sessions other ids in every run.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.data.items import Item, organisation_body, person_body
from tests.recordings import DATA, Exchange, differences, load

EXCHANGES: dict[str, Exchange] = {
    f"{path.stem}.{exchange['name']}": exchange
    for path in sorted((DATA / "around").glob("*.json"))
    if not path.stem.startswith("registry-")
    for exchange in load(path)
}
ALPHA, BETA, GAMMA, DELTA = (f"10378.1/{1900011 + n}" for n in range(4))
ORGANISATION, TEMPLATE, VERSION = "10378.1/1900018", "10378.1/1900032", "10378.1/1900036"
OWN_PERSON, MINTED, SEED = "10378.1/1900026", "10378.1/1900035", "10378.1/1900046"
EPOCH = 1795741695
SESSION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HANDLE = re.compile(r"10378\.1/(19000(3[7-9]|4[0-5])|29\d{5})")
SETTINGS = "/registry/entity/dataset/auth/configuration"


class Replay:
    """Leads a sandbox through the recorded states and keeps what it answered."""

    def __init__(self, sandbox: Sandbox, send: Any) -> None:
        self.sandbox = sandbox
        self.answers: dict[str, Any] = {}
        self.sessions: dict[str, str] = {}
        self.made: dict[str, str] = {}
        self._send = send
        self._tokens: dict[str, str] = {}

    def ask(self, *names: str) -> None:
        for name in names:
            assert name not in self.answers, name
            self.answers[name] = self._answer(EXCHANGES[name], name.partition("-")[0].partition(".")[0])
            self.sandbox.advance(1)

    def rest(self, file: str) -> None:
        self.ask(*(name for name in EXCHANGES if name.startswith(f"{file}.") and name not in self.answers))

    def do(self, service: str, user: str, method: str, path: str, data: Any, **query: Any) -> Any:
        """Ask for something that happened between two recorded exchanges."""
        url = getattr(self.sandbox, f"{service}_url")
        answer = self._send(url, method, path, query=query, token=self._token(user), data=data)
        assert answer.status == 200, answer.content
        return answer.body

    def mint(self, user: str, handle: str) -> str:
        """Register a dataset with a recorded handle, and return the session of its creation."""
        body = EXCHANGES["datastore-link.mint.unlinked"]["body"]
        self.sandbox.state.next_suffix = int(handle.rpartition("/")[2])
        minted = self.do("datastore", user, "POST", "/register/mint-dataset", body)
        assert minted["handle"] == handle
        session: str = minted["register_create_activity_session_id"]
        return session

    def job(self, session: str, user: str) -> dict[str, Any]:
        job: dict[str, Any] = self.do("job", user, "GET", "/jobs/user/fetch", None, session_id=session)["job"]
        return job

    def _token(self, user: str) -> str:
        if user not in self._tokens:
            self._tokens[user] = self.sandbox.access_token(user, 1_000_000)
        return self._tokens[user]

    def _answer(self, exchange: Exchange, service: str) -> Any:
        body, query = (self._own(exchange.get(part)) for part in ("body", "query"))
        return self._send(
            getattr(self.sandbox, f"{service}_url"),
            exchange["method"],
            exchange["path"],
            query=query,
            token=None if exchange["user"] is None else self._token(exchange["user"]),
            data=body,
        )

    def _own(self, sent: Any) -> Any:
        """Put this run's sessions in the place of the recorded ones."""
        if sent is None:
            return None
        text = json.dumps(sent)
        for recorded, own in self.sessions.items():
            text = text.replace(recorded, own)
        return json.loads(text)


def _links(replay: Replay) -> None:
    state, sandbox = replay.sandbox.state, replay.sandbox
    now = state.now()
    person = person_body("Unlinked", "Sandbox", "unlinked@example.com")
    state.put(Item(OWN_PERSON, "PERSON", "unlinked", now, now, body=person))
    owned = Item(ORGANISATION, "ORGANISATION", "unlinked", now, now, body=organisation_body("Reefs"))
    owned.record("Initial record creation", "unlinked", now)
    state.put(owned)
    replay.ask("datastore-link.mint.unlinked")
    names = [name for name in EXCHANGES if name.startswith("auth-link.")]
    replay.ask(*names[: names.index("auth-link.admin.lookup.user")])
    state.next_suffix = int(MINTED.rpartition("/")[2])
    replay.ask("datastore-link.mint.after-assign")
    replay.rest("auth-link")
    assert sandbox.crashes == []


def _access(replay: Replay) -> None:
    replay.rest("auth-access")
    replay.rest("auth-groups")
    settings = {"owner": "writer2", "general": ["metadata-read"]}
    groups = {"coral-team": ["metadata-read", "dataset-data-write"]}
    replay.do("registry", "writer2", "PUT", SETTINGS, {**settings, "groups": groups}, id=DELTA)
    replay.ask("datastore-link.granted.group.creds.read", "datastore-link.granted.general.creds")
    lock = {"id": DELTA, "reason": "published"}
    replay.do("registry", "writer2", "PUT", "/registry/entity/dataset/locks/lock", lock)
    replay.ask("datastore-link.locked.creds.write")


def _jobs(replay: Replay) -> None:
    sandbox = replay.sandbox
    recorded = {
        name: exchange["query"]["session_id"]
        for name, exchange in EXCHANGES.items()
        if name.startswith("job-fetch.") and "query" in exchange
    }
    version = {"id": GAMMA, "reason": "new data"}
    sandbox.state.next_suffix = int(VERSION.rpartition("/")[2])
    session = replay.do("datastore", "writer", "POST", "/register/version", version)["version_job_session_id"]
    replay.sessions[recorded["job-fetch.version.pending"]] = session
    replay.ask("job-fetch.version.pending")
    # Long enough for the first job to have ended, and for the one after it to wait still.
    sandbox.work.jobs.seconds = (sandbox.clock.now() - EPOCH) / 1.2
    lodge = replay.job(replay.made["alpha"], "writer")["result"]["lodge_session_id"]
    replay.sessions[recorded["job-fetch.lodge.pending"]] = lodge
    replay.ask("job-fetch.lodge.pending")
    sandbox.work.jobs.seconds = 5
    sandbox.advance(20)
    result = replay.job(session, "writer")["result"]
    replay.sessions[recorded["job-fetch.lodge.done.version"]] = result["lodge_session_id"]
    replay.sessions[recorded["job-fetch.template.done"]] = replay.made["template"]
    replay.rest("job-fetch")
    replay.rest("job-list")


def _batches(replay: Replay) -> None:
    sandbox = replay.sandbox
    sandbox.work.jobs.seconds = None
    batch = EXCHANGES["job-batch.ok"]["body"]["batch_id"]
    jobs = [
        sandbox.work.jobs.submit("writer", "REGISTRY_WAKE_UP", {"reason": "batch"}, batch_id=batch)
        for _ in range(3)
    ]
    replay.sessions[EXCHANGES["job-batch.page1"]["body"]["pagination_key"]["session_id"]] = jobs[1].session_id
    replay.sessions["1795741783"] = str(int(jobs[1].submitted))
    replay.rest("job-batch")


def _lineage(replay: Replay) -> None:
    state, now = replay.sandbox.state, replay.sandbox.state.now()
    state.put(Item(SEED, "DATASET", "writer", now, now, kind="seed"))
    replay.sandbox.faults.outage("graph")
    replay.ask(*(name for name in EXCHANGES if name.endswith(".graph-down")))
    replay.sandbox.faults.clear()
    replay.rest("prov")


@pytest.fixture(scope="module")
def answers(module_send: Any) -> Iterator[dict[str, Any]]:
    with Sandbox(job_seconds=None) as sandbox:
        sandbox.clock.freeze(EPOCH)
        replay = Replay(sandbox, module_send)
        for user, handle in (("writer", ALPHA), ("writer", GAMMA), ("writer2", DELTA)):
            session = replay.mint(user, handle)
            if handle == ALPHA:
                replay.made["alpha"] = session
            sandbox.advance(1)
        template = {
            "display_name": "T",
            "description": "d",
            "defined_resources": [],
            "deferred_resources": [],
        }
        sandbox.state.next_suffix = int(TEMPLATE.rpartition("/")[2])
        path = "/registry/entity/dataset_template/create"
        created = replay.do("registry", "writer", "POST", path, template)
        replay.made["template"] = created["register_create_activity_session_id"]
        for stage in (_links, _access, _jobs, _batches, _lineage):
            stage(replay)
        assert sandbox.crashes == []
        yield replay.answers


def _without_ids(value: Any) -> Any:
    """Replace what has another value in every run, wherever it is."""
    if isinstance(value, dict):
        return {name: _without_ids(one) for name, one in value.items() if name != "request_id"} | (
            {"request_id": "<time>", "expiry": "<time>"} if isinstance(value.get("request_id"), int) else {}
        )
    if isinstance(value, list):
        return [_without_ids(one) for one in value]
    if isinstance(value, str):
        return HANDLE.sub("10378.1/<activity>", SESSION.sub("<session>", value))
    return value


def _in_order(value: Any) -> Any:
    """Sort nodes and links of a graph, which the database returns in any order."""
    if isinstance(value, dict) and "graph" in value and "nodes" in value["graph"]:
        graph = {
            **value["graph"],
            **{part: sorted(value["graph"][part], key=str) for part in ("nodes", "links")},
        }
        return {**value, "graph": graph}
    return value


@pytest.mark.parametrize("name", EXCHANGES)
def test_the_services_answer_as_recorded(name: str, answers: dict[str, Any]) -> None:
    exchange, answer = EXCHANGES[name], answers[name]
    assert answer.status == exchange["status"], answer.content[:500]
    for header, value in exchange["headers"].items():
        assert answer.headers.get(header) == value
    recorded, given = (
        _in_order(_without_ids(copy.deepcopy(body))) for body in (exchange["response"], answer.body)
    )
    assert list(differences(recorded, given, name, unordered={"roles"})) == []


def test_how_many_exchanges_are_replayed(answers: dict[str, Any]) -> None:
    print(f"{len(answers)} of {len(EXCHANGES)} recorded exchanges replayed")
    assert answers.keys() == EXCHANGES.keys()
