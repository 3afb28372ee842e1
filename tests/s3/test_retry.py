"""Which failures pass, and how long to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.s3.retry import RetryRule, Trouble, trouble

RULE = RetryRule()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "SlowDown", Trouble.BUSY),
        (429, "429", Trouble.BUSY),
        (503, "ServiceUnavailable", Trouble.SERVER),
        (500, "InternalError", Trouble.SERVER),
        (502, "502", Trouble.SERVER),
        (504, "504", Trouble.SERVER),
        (400, "RequestTimeout", Trouble.SERVER),
        (409, "OperationAborted", Trouble.SERVER),
        (200, "InternalError", Trouble.SERVER),
        (200, "SlowDown", Trouble.BUSY),
        (400, "BadDigest", Trouble.DAMAGED),
        (400, "XAmzContentChecksumMismatch", Trouble.DAMAGED),
        (403, "AccessDenied", None),
        (404, "NoSuchKey", None),
        (412, "PreconditionFailed", None),
        (501, "NotImplemented", None),
        (400, "InvalidPart", None),
    ],
)
def test_which_answers_pass(status: int, code: str, kind: Trouble | None) -> None:
    assert trouble(status, code) is kind


def outage(
    rule: RetryRule, chance: float, kind: Trouble = Trouble.SERVER, attempt: float = 0.0
) -> tuple[int, float]:
    """Return how many attempts are made in an outage without end, and how many seconds they take."""
    attempts, elapsed = 1, 0.0
    while (wait := rule.wait(attempts, kind, elapsed, chance=chance)) is not None:
        attempts += 1
        elapsed += wait + attempt
    return attempts, elapsed


@pytest.mark.parametrize("chance", [0.2, 0.5, 0.99])
def test_an_outage_of_a_minute_is_survived_and_one_without_end_is_not_waited_for(chance: float) -> None:
    attempts, seconds = outage(RULE, chance)
    assert 60 <= seconds <= 60 + 2 * RULE.cap + RULE.patience
    assert attempts <= RULE.most


def test_a_long_line_gets_its_attempts_whatever_they_take() -> None:
    attempts, _ = outage(RULE, 0.5, attempt=300.0)
    assert attempts == RULE.least


def test_bad_luck_does_not_send_for_ever() -> None:
    assert outage(RULE, 0.0)[0] == RULE.most


def test_a_store_that_never_answered_is_given_up_soon() -> None:
    waits = [RULE.wait(n, Trouble.CONNECTION, 0.0, reached=False, chance=0.99) for n in range(1, 6)]
    assert waits[-1] is None
    assert sum(wait for wait in waits if wait is not None) < 4


def test_damaged_bytes_are_sent_four_times() -> None:
    assert outage(RULE, 0.5, Trouble.DAMAGED)[0] == 4


@given(st.integers(1, 59), st.floats(0, 1, exclude_max=True), st.floats(0, 80))
def test_waits_are_within_their_bounds(attempts: int, chance: float, elapsed: float) -> None:
    wait = RULE.wait(attempts, Trouble.BUSY, elapsed, chance=chance)
    assert wait is not None
    assert 0 <= wait <= min(RULE.cap, RULE.base * 2 ** (attempts - 1))


def test_the_stores_own_wish_counts() -> None:
    assert RULE.wait(1, Trouble.BUSY, 0.0, asked=30.0, chance=0.5) == 30.0
    assert RULE.wait(9, Trouble.BUSY, 0.0, asked=1.0, chance=0.9) == pytest.approx(18.0)
    assert RULE.wait(1, Trouble.BUSY, 0.0, asked=3600.0) is None


def test_waits_differ() -> None:
    assert len({RULE.wait(9, Trouble.SERVER, 0.0) for _ in range(20)}) > 10
