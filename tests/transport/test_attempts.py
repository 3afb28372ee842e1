"""One call from first attempt to result, driven by hand: no network, no clock."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk import errors
from provena_sdk.operations import catalogue
from provena_sdk.operations.operation import Call, Operation
from provena_sdk.secret import Secret
from provena_sdk.transport.policy import Failure, RetryPolicy
from provena_sdk.transport.retry import Answer, GetToken, NoAnswer, Send, Sleep, attempts

JSON = {"content-type": "application/json"}
OK = {"status": {"success": True, "details": ""}}
MINTED = {**OK, "handle": "10378.1/1", "s3_location": None, "register_create_activity_session_id": None}
REFUSAL = {"success": False, "details": "no"}
DROPPED = NoAnswer(Failure.NO_ANSWER, errors.ConnectionFailed("The connection broke."))
TIMED_OUT = NoAnswer(Failure.NO_ANSWER, errors.RequestTimedOut("It did not answer."))
REFUSED = NoAnswer(Failure.NOT_SENT, errors.ConnectionFailed("Not reached."))
UNTRUSTED = NoAnswer(Failure.NOT_SENT, errors.CertificateRejected("Not verified."))
NOT_LINKED = {
    "detail": "Details: In order to perform this operation you must link your User account to a Person"
}

MINT, VERSION = catalogue.datastore.MINT_DATASET, catalogue.datastore.VERSION_DATASET
SAFE = catalogue.datastore.VALIDATE_METADATA


def answer(status: int, data: object = None, **headers: str) -> Answer:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return Answer(
        status, httpx.Headers({**JSON, **{k.replace("_", "-"): v for k, v in headers.items()}}), body
    )


def bad_token() -> Answer:
    return answer(401, {"detail": "Could not validate credentials"}, www_authenticate="Bearer")


class Run:
    """Drives the attempts of a call with prepared outcomes, and keeps what was asked for."""

    def __init__(
        self,
        operation: Operation[..., Any],
        outcomes: Iterable[Answer | NoAnswer],
        policy: RetryPolicy,
        *,
        once: bool = False,
    ) -> None:
        self.sent: list[str | None] = []
        self.slept: list[float] = []
        self.rejected: list[str] = []
        self.error: errors.ProvenaError | None = None
        self.result: Any = None
        waiting = iter(outcomes)
        steps = attempts(Call(operation, {}, once=once), policy)
        outcome: Any = None
        try:
            while True:
                step = steps.send(outcome)
                if isinstance(step, Send):
                    self.sent.append(step.token.reveal() if step.token is not None else None)
                    outcome = next(waiting)
                elif isinstance(step, GetToken):
                    if step.rejected is not None:
                        self.rejected.append(step.rejected.reveal())
                    outcome = Secret(f"token-{len(self.rejected)}")
                else:
                    assert isinstance(step, Sleep)
                    self.slept.append(step.seconds)
                    outcome = None
        except StopIteration as stop:
            self.result = stop.value
        except errors.ProvenaError as error:
            self.error = error


def run(operation: Operation[..., Any], *outcomes: Answer | NoAnswer, **policy: Any) -> Run:
    return Run(operation, outcomes, RetryPolicy(**policy))


def test_a_good_answer_is_the_result() -> None:
    done = run(MINT, answer(200, MINTED))
    assert done.result.handle == "10378.1/1"
    assert done.sent == ["token-0"]


def test_no_token_is_asked_for_where_none_is_needed() -> None:
    done = run(catalogue.datastore.HEALTH_CHECK, answer(200, {"message": "up"}))
    assert done.sent == [None]
    unauthorized = run(catalogue.datastore.HEALTH_CHECK, bad_token())
    assert isinstance(unauthorized.error, errors.TokenRejected)
    assert unauthorized.rejected == []


def test_a_rejected_token_is_renewed_once() -> None:
    done = run(MINT, bad_token(), answer(200, MINTED))
    assert done.sent == ["token-0", "token-1"]
    assert done.rejected == ["token-0"]
    assert done.slept == []
    assert done.result is not None


def test_a_rejected_token_is_renewed_only_once() -> None:
    done = run(SAFE, bad_token(), answer(503), bad_token())
    assert isinstance(done.error, errors.TokenRejected)
    assert done.rejected == ["token-0"]
    assert done.sent == ["token-0", "token-1", "token-1"]


def test_renewing_does_not_count_as_an_attempt() -> None:
    assert run(SAFE, bad_token(), answer(200, OK["status"]), max_retries=0).result is not None


@pytest.mark.parametrize(
    "detail",
    [
        "You are not authorised to access this resource as you don't have the correct role.",
        "This dataset is locked - you cannot update the metadata.",
        "You do not have sufficient permissions to write to this dataset!",
    ],
)
def test_a_fresh_token_is_not_tried_where_it_cannot_help(detail: str) -> None:
    headers = {"www_authenticate": "Bearer"} if "role" in detail else {}
    done = run(SAFE, answer(401, {"detail": detail}, **headers))
    assert isinstance(done.error, errors.Unauthorized)
    assert done.rejected == []
    assert len(done.sent) == 1


@pytest.mark.parametrize(
    "operation", [MINT, VERSION, catalogue.datastore.UPDATE_METADATA, catalogue.datastore.REQUEST_APPROVAL]
)
@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (answer(500, b"Internal Server Error"), 500),
        (answer(500, {"detail": ""}), 500),
        (answer(502, b"<html>"), 502),
        (answer(503, {"message": "Service Unavailable"}), 503),
        (answer(504, {"message": "Endpoint request timed out"}, retry_after="1"), 504),
        (answer(200, b'{"status": {"succ'), 200),
        (answer(200, b"<html>logged out</html>"), 200),
        (answer(200, []), 200),
        (answer(201, MINTED), 201),
        (answer(204, b""), 204),
        (DROPPED, None),
        (TIMED_OUT, None),
    ],
)
def test_an_outcome_that_may_have_happened_is_unknown_and_never_repeated(
    operation: Operation[..., Any], outcome: Answer | NoAnswer, status: int | None
) -> None:
    done = run(operation, outcome)
    assert type(done.error) is errors.OutcomeUnknown
    assert done.error.operation == operation.name
    assert done.error.status == status
    assert done.error.hint
    assert isinstance(done.error.__cause__, errors.ProvenaError)
    assert len(done.sent) == 1
    assert done.slept == []


UNKNOWN = {"detail": "Status code: 400. Details: Item (id='10378.1/0') was not present in the registry."}


@pytest.mark.parametrize("operation", [catalogue.auth.VALIDATE_LINK, catalogue.auth.ASSIGN_LINK])
def test_an_unknown_id_is_final_even_with_status_500(operation: Any) -> None:
    done = run(operation, answer(500, UNKNOWN))
    assert type(done.error) is errors.ItemNotFound
    assert len(done.sent) == 1


def test_a_mint_that_names_an_unknown_id_may_have_left_something_behind() -> None:
    done = run(MINT, answer(500, UNKNOWN))
    assert type(done.error) is errors.OutcomeUnknown


@pytest.mark.parametrize("outcome", [REFUSED, DROPPED, answer(503), answer(429)])
def test_a_call_that_is_not_worth_a_wait_is_sent_once(outcome: Answer | NoAnswer) -> None:
    done = Run(SAFE, [outcome], RetryPolicy(), once=True)
    assert (len(done.sent), done.slept) == (1, [])
    assert done.error is not None


def test_a_missing_person_is_found_before_anything_is_done() -> None:
    done = run(MINT, answer(500, NOT_LINKED))
    assert type(done.error) is errors.PersonNotLinked
    assert len(done.sent) == 1


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (answer(400, {"detail": "no"}), errors.BadRequest),
        (answer(403, {"detail": "no"}), errors.Forbidden),
        (answer(422, {"detail": []}), errors.ValidationFailed),
        (answer(404, {"detail": "Not Found"}), errors.EndpointNotFound),
        (answer(200, REFUSAL | {"status": REFUSAL}), errors.OperationRejected),
    ],
)
@pytest.mark.parametrize("operation", [MINT, SAFE])
def test_a_clear_refusal_is_told_at_once(
    operation: Operation[..., Any], outcome: Answer, kind: type[Exception]
) -> None:
    done = run(operation, outcome)
    assert type(done.error) is kind
    assert len(done.sent) == 1


@pytest.mark.parametrize("operation", [MINT, SAFE])
def test_what_never_had_an_effect_is_repeated(operation: Operation[..., Any]) -> None:
    good = answer(200, MINTED if operation is MINT else OK["status"])
    done = run(operation, REFUSED, answer(429, retry_after="2"), good)
    assert done.result is not None
    assert len(done.sent) == 3
    assert 0.25 <= done.slept[0] <= 0.5
    assert done.slept[1] == 2.0


def test_a_certificate_that_is_not_trusted_is_not_tried_again() -> None:
    done = run(SAFE, UNTRUSTED)
    assert done.error is UNTRUSTED.error
    assert done.slept == []


def test_safe_calls_are_repeated_until_it_is_enough() -> None:
    done = run(SAFE, answer(503), DROPPED, answer(500, b""), TIMED_OUT, max_retries=3)
    assert done.error is TIMED_OUT.error
    assert len(done.sent) == 4
    assert [0.25 <= done.slept[0] <= 0.5, 0.5 <= done.slept[1] <= 1, 1 <= done.slept[2] <= 2] == [True] * 3


def test_reviewers_are_added_again_after_a_lost_answer() -> None:
    done = run(catalogue.datastore.ADD_REVIEWER, DROPPED, answer(200, None))
    assert done.error is None
    assert len(done.sent) == 2


def test_a_wait_longer_than_our_patience_is_handed_to_the_caller() -> None:
    done = run(SAFE, answer(429, retry_after="3600"))
    assert isinstance(done.error, errors.RateLimited)
    assert done.error.retry_after == 3600
    assert done.slept == []


def test_a_page_that_cannot_be_read_is_not_asked_for_again() -> None:
    done = run(SAFE, answer(200, b"<html>"))
    assert type(done.error) is errors.UnreadableAnswer
    assert len(done.sent) == 1


def test_steps_and_outcomes_do_not_show_secrets() -> None:
    shown = repr([GetToken(Secret("hush")), Send(Secret("hush")), answer(200, "hush", x="hush")])
    assert "hush" not in shown


results = st.sampled_from(
    [
        REFUSED,
        DROPPED,
        TIMED_OUT,
        bad_token(),
        answer(429, retry_after="1"),
        answer(500),
        answer(503, retry_after="0"),
        answer(400),
        answer(200, b"{"),
        answer(200, MINTED),
    ]
)


@given(st.lists(results, min_size=12, max_size=12), st.integers(0, 6))
def test_a_mint_is_sent_again_only_when_nothing_can_have_happened(
    outcomes: list[Answer | NoAnswer], retries: int
) -> None:
    done = run(MINT, *outcomes, max_retries=retries)
    harmless = (401, 429)
    for outcome in outcomes[: len(done.sent) - 1]:
        assert outcome is REFUSED or (isinstance(outcome, Answer) and outcome.status in harmless)
    assert len(done.rejected) <= 1
    assert len(done.slept) <= retries
    assert len(done.sent) == 1 + len(done.slept) + len(done.rejected)
    assert (done.error is None) == (done.result is not None)


@given(st.lists(results, min_size=12, max_size=12), st.integers(0, 6))
def test_every_call_ends_within_its_retries(outcomes: list[Answer | NoAnswer], retries: int) -> None:
    done = run(SAFE, *outcomes, max_retries=retries)
    assert len(done.sent) <= retries + 2
    assert done.result is not None or isinstance(done.error, errors.ProvenaError)
