"""Jobs, and the lineage that they record."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.seed import (
    FORCING_TEMPLATE,
    MODEL,
    ORGANISATIONS,
    RESULT_TEMPLATE,
    RUN_TEMPLATE,
    metadata,
)

WRITER = "10378.1/1900003"
ORGANISATION = next(iter(ORGANISATIONS))
Ask = Callable[..., Any]


@pytest.fixture
def sandbox(provena_sandbox: Sandbox) -> Sandbox:
    provena_sandbox.clock.freeze()
    return provena_sandbox


@pytest.fixture
def ask(sandbox: Sandbox, send: Any) -> Ask:
    def ask_as(
        service: str, method: str, path: str, data: Any = None, user: str = "writer", **query: Any
    ) -> Any:
        url, token = getattr(sandbox, f"{service}_url"), sandbox.access_token(user)
        return send(url, method, path, query=query, token=token, data=data)

    return ask_as


@pytest.fixture
def job(ask: Ask) -> Callable[[str], Any]:
    def fetch(session: str) -> Any:
        answer = ask("job", "GET", "/jobs/user/fetch", session_id=session)
        return answer.body["job"] if answer.status == 200 else answer.status

    return fetch


@pytest.fixture
def mint(ask: Ask) -> Callable[[], tuple[str, str]]:
    def register() -> tuple[str, str]:
        minted = ask("datastore", "POST", "/register/mint-dataset", metadata()).body
        return minted["handle"], minted["register_create_activity_session_id"]

    return register


def links(ask: Ask, path: str, start: str, **query: Any) -> set[tuple[str, str, str]]:
    answer = ask("prov", "GET", f"/explore/{path}", user="reader", starting_id=start, **query)
    assert answer.status == 200, answer.content
    return {(link["source"], link["type"], link["target"]) for link in answer.body["graph"]["links"]}


def run_record(sandbox: Sandbox, *, inputs: str = "", outputs: str = "", **fields: Any) -> dict[str, Any]:
    given, made = inputs or sandbox.add_dataset("Winds"), outputs or sandbox.add_dataset("Temperatures")
    return {
        "workflow_template_id": RUN_TEMPLATE,
        "inputs": [_templated(FORCING_TEMPLATE, given, "forcing")],
        "outputs": [_templated(RESULT_TEMPLATE, made, "result")],
        "display_name": "Run of March",
        "description": "A run",
        "associations": {"modeller_id": WRITER, "requesting_organisation_id": ORGANISATION},
        "start_time": 1700000000,
        "end_time": 1700000100,
        **fields,
    }


def _templated(template: str, dataset: str, key: str) -> dict[str, Any]:
    resources = {key: "data/one.nc"}
    return {
        "dataset_template_id": template,
        "dataset_id": dataset,
        "dataset_type": "DATA_STORE",
        "resources": resources,
    }


def test_a_job_passes_through_its_states_with_the_clock(
    sandbox: Sandbox, mint: Any, job: Any, ask: Ask
) -> None:
    handle, session = mint()
    assert job(session) == 400, "the row is written behind a queue"
    seen = []
    for _ in range(10):
        sandbox.advance(0.025)
        seen.append(job(session)["status"])
    order = ["PENDING", "DEQUEUED", "IN_PROGRESS", "SUCCEEDED"]
    assert list(dict.fromkeys(seen)) == order
    created = job(session)
    lodge = created["result"]["lodge_session_id"]
    assert links(ask, "upstream", handle) == set(), "nothing is lodged yet"
    sandbox.advance(0.2)
    activity = created["result"]["creation_activity_id"]
    assert (job(lodge)["status"], job(lodge)["result"]) == ("SUCCEEDED", {})
    assert links(ask, "upstream", handle) == {
        (handle, "wasGeneratedBy", activity),
        (activity, "wasAssociatedWith", WRITER),
        (handle, "wasAttributedTo", WRITER),
    }
    item = ask("registry", "GET", "/registry/general/fetch", id=activity).body["item"]
    assert (item["item_subtype"], item["created_item_id"]) == ("CREATE", handle)


def test_a_job_of_someone_else_is_not_shown(sandbox: Sandbox, mint: Any, ask: Ask) -> None:
    _, session = mint()
    sandbox.advance(1)
    for user in ("writer2", "admin"):
        assert ask("job", "GET", "/jobs/user/fetch", user=user, session_id=session).status == 401
    assert ask("job", "GET", "/jobs/admin/fetch", user="admin", session_id=session).status == 200


def test_jobs_are_listed_from_the_newest_in_pages(sandbox: Sandbox, mint: Any, ask: Ask) -> None:
    sessions = []
    for _ in range(3):
        sessions.append(mint()[1])
        sandbox.advance(10)
    seen, key = [], None
    for _ in range(4):
        body = ask("job", "POST", "/jobs/user/list", {"limit": 2, "pagination_key": key}).body
        seen += [one["session_id"] for one in body["jobs"]]
        key = body["pagination_key"]
        if key is None:
            break
    assert len(seen) == len(set(seen)) == 6, "a creation and its lodging each"
    assert [one for one in seen if one in sessions] == sessions[::-1]
    foreign = {"session_id": sessions[0], "username": "writer2", "created_timestamp": 1}
    assert ask("job", "POST", "/jobs/user/list", {"pagination_key": foreign}).status == 500


def test_a_job_fails_on_request(sandbox: Sandbox, mint: Any, job: Any, ask: Ask) -> None:
    sandbox.fail_next_job("LODGE_CREATE_ACTIVITY", info="Job failed, err: no room.")
    handle, session = mint()
    sandbox.advance(1)
    created = job(session)
    assert created["status"] == "SUCCEEDED", "another kind of job is to fail"
    lodge = job(created["result"]["lodge_session_id"])
    assert (lodge["status"], lodge["info"], lodge["result"]) == ("FAILED", "Job failed, err: no room.", None)
    assert links(ask, "upstream", handle) == set()
    _, session = mint()
    sandbox.advance(1)
    assert job(job(session)["result"]["lodge_session_id"])["status"] == "SUCCEEDED", "only one was to fail"
    with pytest.raises(ValueError, match=r"sub_type must be one of REGISTER_CREATE_ACTIVITY, .* not 'MINT'"):
        sandbox.fail_next_job("MINT")


def test_jobs_fail_while_the_graph_cannot_be_reached(sandbox: Sandbox, mint: Any, job: Any) -> None:
    sandbox.faults.outage("graph")
    _, session = mint()
    sandbox.advance(1)
    lodge = job(job(session)["result"]["lodge_session_id"])
    assert lodge["status"] == "FAILED"
    assert "Provenance graph database" in lodge["info"]


def test_other_processes_let_jobs_fail(sandbox: Sandbox, mint: Any, job: Any, send: Any) -> None:
    control = sandbox.issuer_url.partition("/auth/realms")[0]
    for data, status in (({"sub_type": "MINT"}, 400), ({"times": 1}, 200)):
        assert send(control, "POST", "/sandbox/failing-jobs", data=data).status == status
    _, session = mint()
    sandbox.advance(1)
    assert job(session)["status"] == "FAILED"


def test_a_version_joins_two_datasets(sandbox: Sandbox, mint: Any, job: Any, ask: Ask) -> None:
    old, _ = mint()
    made = ask("datastore", "POST", "/register/version", {"id": old, "reason": "more data"}).body
    new, session = made["new_version_id"], made["version_job_session_id"]
    sandbox.advance(1)
    activity = job(session)["result"]["version_activity_id"]
    assert links(ask, "downstream", old) == {(activity, "used", old), (new, "wasGeneratedBy", activity)}
    assert links(ask, "special/contributing_datasets", new) == links(ask, "downstream", old)
    assert {target for _, _, target in links(ask, "special/contributing_agents", new)} >= {WRITER}
    assert (new, "wasGeneratedBy", activity) in links(ask, "special/effected_agents", old)


def test_a_dataset_added_directly_has_its_lineage_at_once(sandbox: Sandbox, ask: Ask, job: Any) -> None:
    handle = sandbox.add_dataset()
    assert len(links(ask, "upstream", handle)) == 3
    item = ask("datastore", "GET", "/registry/items/fetch-dataset", handle_id=handle).body["item"]
    assert job(item["workflow_links"]["create_activity_workflow_id"])["status"] == "SUCCEEDED"


def test_a_model_run_is_recorded(sandbox: Sandbox, ask: Ask, job: Any) -> None:
    record = run_record(sandbox)
    given, made = record["inputs"][0]["dataset_id"], record["outputs"][0]["dataset_id"]
    answer = ask("prov", "POST", "/model_run/register", record).body
    assert answer["status"]["success"]
    sandbox.advance(1)
    done = job(answer["session_id"])
    assert (done["job_type"], done["job_sub_type"]) == ("PROV_LODGE", "MODEL_RUN_PROV_LODGE")
    run = done["result"]["record"]["id"]
    assert set(json.loads(done["result"]["record"]["prov_json"])) >= {"entity", "activity", "agent", "used"}
    item = ask("registry", "GET", "/registry/general/fetch", id=run).body["item"]
    assert (item["item_subtype"], item["display_name"]) == ("MODEL_RUN", "Run of March")
    up = links(ask, "upstream", made)
    assert {(made, "wasGeneratedBy", run), (run, "used", given), (run, "used", MODEL)} <= up
    assert (run, "wasAssociatedWith", ORGANISATION) in up
    assert links(ask, "downstream", given) == {(run, "used", given), (made, "wasGeneratedBy", run)}
    assert links(ask, "special/contributing_datasets", made, depth=2) == links(ask, "downstream", given)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": []}, f"expects dataset with template ID {FORCING_TEMPLATE} but it was not present"),
        ({"outputs": []}, f"expects dataset with template ID {RESULT_TEMPLATE} but it was not present"),
        ({"end_time": 1}, "The end time cannot be before the start time"),
        ({"display_name": ""}, "Display name cannot be empty string"),
        ({"associations": {"modeller_id": ORGANISATION}}, "was not a valid person"),
        ({"study_id": "10378.1/0"}, "was not a valid id"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_incomplete_record_is_refused(
    sandbox: Sandbox, ask: Ask, change: dict[str, Any], message: str
) -> None:
    answer = ask("prov", "POST", "/model_run/register", {**run_record(sandbox), **change})
    assert answer.status == 400
    assert answer.body["detail"].startswith("Failed to validate an entity's ID in the record, error: ")
    assert message in answer.body["detail"]


def test_the_paths_of_a_template_must_be_given(sandbox: Sandbox, ask: Ask) -> None:
    record = run_record(sandbox)
    record["inputs"][0]["resources"] = {"winds": "a.nc"}
    detail = ask("prov", "POST", "/model_run/register", record).body["detail"]
    assert "missing deferred resource paths for the following required resource keys (forcing)" in detail


def test_runs_are_registered_together(sandbox: Sandbox, ask: Ask, job: Any) -> None:
    records = [run_record(sandbox, display_name=name) for name in ("One", "Two")]
    records.append({**records[0], "end_time": 1})
    session = ask("prov", "POST", "/model_run/register_batch", {"records": records}).body["session_id"]
    sandbox.advance(1)
    batch = job(session)["result"]["batch_id"]
    jobs = ask("job", "POST", "/jobs/user/list_batch", {"batch_id": batch}).body["jobs"]
    assert sorted(one["status"] for one in jobs) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    assert [one["info"] for one in jobs if one["status"] == "FAILED"] == [
        "Failed to validate an entity's ID in the record, error: The end time cannot be before the start time of a "
        "model run."
    ]


def test_a_run_can_be_corrected(sandbox: Sandbox, ask: Ask, job: Any) -> None:
    record = run_record(sandbox)
    session = ask("prov", "POST", "/model_run/register", record).body["session_id"]
    sandbox.advance(1)
    run = job(session)["result"]["record"]["id"]
    other = sandbox.add_dataset("Other winds")
    record["inputs"][0]["dataset_id"] = other
    changed = {"model_run_id": run, "reason": "wrong winds", "record": record}
    session = ask("prov", "POST", "/model_run/update", changed).body["session_id"]
    sandbox.advance(1)
    assert job(session)["status"] == "SUCCEEDED"
    assert {target for source, kind, target in links(ask, "upstream", run) if kind == "used"} == {
        other,
        MODEL,
        RUN_TEMPLATE,
    }
    item = ask("registry", "GET", "/registry/general/fetch", id=run).body["item"]
    assert [entry["reason"] for entry in item["history"]] == ["wrong winds", "Initial record creation"]
    changed["model_run_id"] = "10378.1/0"
    session = ask("prov", "POST", "/model_run/update", changed).body["session_id"]
    sandbox.advance(1)
    assert job(session)["status"] == "FAILED"


def test_a_report_is_a_word_document(sandbox: Sandbox, ask: Ask, job: Any, send: Any) -> None:
    session = ask("prov", "POST", "/model_run/register", run_record(sandbox)).body["session_id"]
    sandbox.advance(1)
    run = job(session)["result"]["record"]["id"]
    asked = {"id": run, "item_subtype": "MODEL_RUN", "depth": 2}
    session = ask("prov", "POST", "/explore/generate/report", asked).body["session_id"]
    sandbox.advance(1)
    parts = urlsplit(job(session)["result"]["report_url"])
    content = send(sandbox.s3_url, "GET", f"{parts.path}?{parts.query}").content
    with ZipFile(io.BytesIO(content)) as document:
        text = document.read("word/document.xml").decode()
    assert "Run of March" in text
    assert "Winds" in text
    asked = {"id": sandbox.add_dataset(), "item_subtype": "DATASET", "depth": 2}
    session = ask("prov", "POST", "/explore/generate/report", asked).body["session_id"]
    sandbox.advance(1)
    assert "supported subtypes are MODEL_RUN,STUDY" in job(session)["info"]
    assert ask("prov", "POST", "/explore/generate/report", {**asked, "depth": 4}).status == 422


def test_lineage_starts_only_at_what_everybody_sees(sandbox: Sandbox, ask: Ask) -> None:
    hidden = sandbox.add_dataset(private=True)
    answer = ask("prov", "GET", "/explore/upstream", starting_id=hidden)
    assert answer.status == 401
    assert "www-authenticate" not in answer.headers
    assert ask("prov", "GET", "/explore/upstream", starting_id=hidden, depth=11).status == 400


def test_members_of_a_group_see_each_other(sandbox: Sandbox, ask: Ask) -> None:
    path = "/groups/user/list_members"
    group = ask("auth", "GET", path, user="reader", id="coral-team").body["group"]
    assert [(one["username"], one["first_name"]) for one in group["users"]] == [
        ("reader", "Rosa"),
        ("writer2", "Wendell"),
    ]
    refused = ask("auth", "GET", path, user="writer", id="coral-team").body
    assert (refused["status"]["success"], refused["group"]) == (False, None)
    mine = ask("auth", "GET", "/groups/user/list_user_membership", user="reader").body["groups"]
    assert [one["id"] for one in mine] == ["coral-team"]


def test_an_unknown_role_cannot_be_requested(sandbox: Sandbox, ask: Ask) -> None:
    report = ask("auth", "GET", "/access-control/user/generate-access-report").body["report"]
    report["components"][0]["component_roles"][0] |= {"role_name": "cook", "access_granted": True}
    assert ask("auth", "POST", "/access-control/user/request-change", report).status == 500


def test_reset_forgets_jobs_links_and_lineage(sandbox: Sandbox, ask: Ask, mint: Any, job: Any) -> None:
    handle, session = mint()
    sandbox.advance(1)
    sandbox.state.accounts.link("writer", None)
    sandbox.fail_next_job()
    sandbox.reset()
    assert job(session) == 400
    assert ask("auth", "GET", "/link/user/lookup").body["person_id"] == WRITER
    assert mint()[0] == handle
    sandbox.advance(1)
    assert len(links(ask, "upstream", handle)) == 3
