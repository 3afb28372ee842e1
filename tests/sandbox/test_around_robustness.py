"""Whatever is sent to auth, job and prov services, they answer, and their jobs end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.seed import FORCING_TEMPLATE, MODEL, RESULT_TEMPLATE, RUN_TEMPLATE

DATASET, SEED = "10378.1/1900011", "10378.1/1900012"
IDS = st.sampled_from(
    [
        "",
        "10378.1/0",
        DATASET,
        SEED,
        RUN_TEMPLATE,
        FORCING_TEMPLATE,
        RESULT_TEMPLATE,
        MODEL,
        "10378.1/1900003",
    ]
) | st.text("a/.\u2602", max_size=4)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | IDS
TEMPLATED = st.fixed_dictionaries(
    {
        "dataset_template_id": st.sampled_from([FORCING_TEMPLATE, RESULT_TEMPLATE]) | IDS,
        "dataset_id": st.just(DATASET) | IDS,
        "dataset_type": st.just("DATA_STORE"),
    },
    optional={"resources": st.dictionaries(st.sampled_from(["forcing", "result", "x"]), IDS, max_size=2)},
)
RECORD = st.fixed_dictionaries(
    {
        "workflow_template_id": st.just(RUN_TEMPLATE) | IDS,
        "inputs": st.lists(TEMPLATED, max_size=2),
        "outputs": st.lists(TEMPLATED, max_size=2),
        "display_name": IDS,
        "description": IDS,
        "associations": st.fixed_dictionaries(
            {"modeller_id": IDS}, optional={"requesting_organisation_id": IDS | st.none()}
        ),
        "start_time": st.integers(),
        "end_time": st.integers(),
    },
    optional={"study_id": IDS | st.none(), "annotations": st.dictionaries(IDS, IDS, max_size=1)},
)
KEY = st.none() | st.dictionaries(st.sampled_from(["session_id", "username", "created_timestamp"]), SCALAR)
BODIES = {
    ("prov", "/model_run/register"): RECORD,
    ("prov", "/model_run/register_batch"): st.fixed_dictionaries({"records": st.lists(RECORD, max_size=2)}),
    ("prov", "/model_run/update"): st.fixed_dictionaries(
        {"model_run_id": IDS, "reason": IDS, "record": RECORD}
    ),
    ("prov", "/explore/generate/report"): st.fixed_dictionaries(
        {
            "id": IDS,
            "item_subtype": st.sampled_from(["MODEL_RUN", "DATASET"]),
            "depth": st.integers(1, 3) | SCALAR,
        }
    ),
    ("job", "/jobs/user/list"): st.fixed_dictionaries({"limit": SCALAR, "pagination_key": KEY}),
    ("job", "/jobs/user/list_batch"): st.fixed_dictionaries(
        {"batch_id": IDS, "limit": SCALAR, "pagination_key": KEY}
    ),
    ("auth", "/link/user/validate"): st.fixed_dictionaries({"person_id": SCALAR}),
    ("auth", "/access-control/user/request-change"): st.fixed_dictionaries(
        {"components": st.lists(SCALAR, max_size=2)}
    ),
}
QUERIES = {
    ("prov", "/explore/upstream"): ("starting_id", "depth"),
    ("prov", "/explore/special/effected_agents"): ("starting_id", "depth"),
    ("job", "/jobs/user/fetch"): ("session_id",),
    ("auth", "/link/user/lookup"): ("username",),
    ("auth", "/groups/user/describe_group"): ("id",),
    ("auth", "/groups/user/check_membership"): ("group_id",),
}
CAREFUL = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def asked(sandbox: Sandbox, module_send: Any) -> Any:
    assert sandbox.add_dataset() == DATASET
    token = sandbox.access_token("writer", 1_000_000)

    def ask(service: str, method: str, path: str, **sent: Any) -> Any:
        answer = module_send(getattr(sandbox, f"{service}_url"), method, path, token=token, **sent)
        sandbox.advance(1)
        assert sandbox.crashes == []
        return answer

    return ask


@given(data=st.data())
@CAREFUL
def test_any_body_is_answered(asked: Any, data: Any) -> None:
    service, path = data.draw(st.sampled_from(sorted(BODIES)))
    body = data.draw(BODIES[service, path] | st.dictionaries(IDS, SCALAR, max_size=2) | SCALAR)
    answer = asked(service, "POST", path, data=body)
    assert answer.status in (200, 400, 401, 422, 500)
    session = answer.body.get("session_id") if answer.status == 200 and service == "prov" else None
    if session is not None:
        job = asked("job", "GET", "/jobs/user/fetch", query={"session_id": session}).body["job"]
        assert job["status"] in ("SUCCEEDED", "FAILED")


@given(place=st.sampled_from(sorted(QUERIES)), one=IDS, depth=st.integers() | st.text(max_size=2))
@CAREFUL
def test_any_query_is_answered(asked: Any, place: tuple[str, str], one: str, depth: int | str) -> None:
    query = dict(zip(QUERIES[place], (one, depth), strict=False))
    assert asked(place[0], "GET", place[1], query=query).status in (200, 400, 401, 422, 500)
