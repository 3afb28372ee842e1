"""When a request is sent again, and after how long."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.errors import InvalidArgument
from provena_sdk.operations.operation import Repeat
from provena_sdk.transport.policy import Failure, RetryPolicy

SAFE, IDEMPOTENT, NEVER = Repeat.SAFE, Repeat.IDEMPOTENT, Repeat.NEVER
NOT_SENT, NO_ANSWER = Failure.NOT_SENT, Failure.NO_ANSWER

# By outcome: may SAFE and IDEMPOTENT be repeated, may NEVER, and is the outcome of a NEVER then unknown.
DECISIONS: list[tuple[int | Failure, bool, bool, bool]] = [
    (NOT_SENT, True, True, False),
    (NO_ANSWER, True, False, True),
    (429, True, True, False),
    (408, True, False, True),
    (500, True, False, True),
    (502, True, False, True),
    (503, True, False, True),
    (504, True, False, True),
    (501, False, False, True),
    (505, False, False, True),
    (400, False, False, False),
    (401, False, False, False),
    (403, False, False, False),
    (404, False, False, False),
    (405, False, False, False),
    (409, False, False, False),
    (422, False, False, False),
    (307, False, False, False),
]

outcomes = st.sampled_from([NOT_SENT, NO_ANSWER]) | st.integers(100, 599)
policies = st.builds(
    RetryPolicy,
    max_retries=st.integers(0, 5000),
    base=st.floats(0, 100),
    cap=st.floats(0, 100),
    patience=st.floats(0, 500),
)


@pytest.mark.parametrize(("outcome", "others", "never", "unknown"), DECISIONS)
def test_decision(outcome: int | Failure, others: bool, never: bool, unknown: bool) -> None:
    policy = RetryPolicy()
    assert (policy.wait(SAFE, 1, outcome) is not None) is others
    assert (policy.wait(IDEMPOTENT, 1, outcome) is not None) is others
    assert (policy.wait(NEVER, 1, outcome) is not None) is never
    assert policy.is_ambiguous(NEVER, outcome) is unknown
    assert not policy.is_ambiguous(SAFE, outcome)
    assert not policy.is_ambiguous(IDEMPOTENT, outcome)


@pytest.mark.parametrize(("attempt", "least", "most"), [(1, 0.25, 0.5), (2, 0.5, 1), (3, 1, 2), (7, 10, 20)])
def test_waits_double_up_to_the_cap(attempt: int, least: float, most: float) -> None:
    policy = RetryPolicy(max_retries=10)
    assert policy.wait(SAFE, attempt, 503, chance=0.0) == least
    assert policy.wait(SAFE, attempt, 503, chance=math.nextafter(1.0, 0.0)) == pytest.approx(most)


def test_waits_differ() -> None:
    assert len({RetryPolicy().wait(SAFE, 1, 503) for _ in range(50)}) > 40


@pytest.mark.parametrize(("attempt", "again"), [(1, True), (3, True), (4, False)])
def test_retries_are_counted(attempt: int, again: bool) -> None:
    assert (RetryPolicy(max_retries=3).wait(SAFE, attempt, 503) is not None) is again


def test_no_retries_at_all() -> None:
    assert RetryPolicy(max_retries=0).wait(SAFE, 1, NOT_SENT) is None


@pytest.mark.parametrize(
    ("asked", "wait"), [(0.0, 0.0), (7.5, 7.5), (120.0, 120.0), (120.1, None), (1e9, None)]
)
def test_what_the_server_asks_for_is_honoured_within_our_patience(asked: float, wait: float | None) -> None:
    assert RetryPolicy().wait(SAFE, 1, 429, retry_after=asked) == wait
    assert RetryPolicy().wait(NEVER, 1, 429, retry_after=asked) == wait
    assert RetryPolicy().wait(SAFE, 1, 503, retry_after=asked) == wait
    assert RetryPolicy().wait(NEVER, 1, 503, retry_after=asked) is None


@given(
    policies,
    st.sampled_from(Repeat),
    st.integers(1, 10_000),
    outcomes,
    st.none() | st.floats(0, 1000),
    st.floats(0, 1, exclude_max=True),
)
def test_waits_stay_within_bounds(
    policy: RetryPolicy,
    repeat: Repeat,
    attempt: int,
    outcome: int | Failure,
    retry_after: float | None,
    chance: float,
) -> None:
    wait = policy.wait(repeat, attempt, outcome, retry_after, chance)
    if attempt > policy.max_retries:
        assert wait is None
    if wait is None:
        return
    if retry_after is None:
        bound = min(policy.cap, policy.base * 2 ** min(attempt - 1, 60))
        assert bound / 2 <= wait <= bound
    else:
        assert wait == retry_after <= policy.patience
    assert repeat is not NEVER or outcome is NOT_SENT or outcome == 429


@given(policies, st.integers(1, 10_000), outcomes)
def test_what_must_not_be_repeated_is_either_harmless_or_unknown(
    policy: RetryPolicy, attempt: int, outcome: int | Failure
) -> None:
    if policy.wait(NEVER, attempt, outcome) is not None:
        assert not policy.is_ambiguous(NEVER, outcome)


@pytest.mark.parametrize("name", ["max_retries", "base", "cap", "patience"])
@pytest.mark.parametrize("value", [-1, float("nan"), "1", None])
def test_values_that_are_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidArgument) as caught:
        RetryPolicy(**{name: value})  # type: ignore[arg-type]
    assert caught.value.argument == name
