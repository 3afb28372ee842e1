"""The number of large requests follows the line, as simulated: a shared rate, a rate per connection, a latency."""

import itertools
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_sdk.s3.flows import MOST, Flows
from provena_sdk.s3.limits import LEAST_PART_BYTES, PART_BYTES

STEP = 0.01
ANY = 1e12
LATE_BYTES = 512 * 1024


@dataclass
class Run:
    """What a simulated transfer came to."""

    moved: float = 0.0
    limits: list[tuple[float, int]] = field(default_factory=list)
    """The times at which the limit changed, and the new limits."""

    def limit_at(self, seconds: float) -> int:
        return [limit for at, limit in self.limits if at <= seconds][-1]

    def share_at(self, limit: int, seconds: float) -> float:
        """Return the share of the time during which the limit had a value."""
        ends = [at for at, _ in self.limits[1:]] + [seconds]
        times = zip(self.limits, ends, strict=True)
        return sum(end - at for (at, value), end in times if value == limit) / seconds

    def changes_after(self, seconds: float) -> int:
        return sum(at > seconds for at, _ in self.limits)


def simulate(
    flows: Flows,
    *,
    shared: float,
    each: float = ANY,
    latency: float = 0.03,
    seconds: float = 60.0,
    noise: float = 0.0,
    requests: int = 10**9,
    size: int = PART_BYTES,
    late: int = 0,
) -> Run:
    """Run large requests over a line that shares its rate fairly among those that are answered.

    The first ``late`` bytes of each request are counted only at its end.
    """
    chance = random.Random(1)
    run, now, left, counted = Run(), 0.0, requests, 0.0
    under_way: list[list[float]] = []
    flows.sample(now, 0, running=flows.limit, waiting=left)
    due = flows.tick
    run.limits.append((now, flows.limit))
    while now < seconds and (under_way or left):
        while left and len(under_way) < flows.limit:
            under_way.append([now + latency, size])
            left -= 1
        moving = [one for one in under_way if one[0] <= now]
        for one in moving:
            rate = min(each, shared * (1 + noise * chance.uniform(-1, 1)) / len(moving))
            step = min(one[1], rate * STEP)
            counted += max(0.0, min(step, size - late - one[1] + step)) + (late if step == one[1] else 0)
            one[1] -= step
            run.moved += step
        under_way = [one for one in under_way if one[1] > 0]
        now += STEP
        if now >= due:
            flows.sample(now, int(counted), running=len(under_way), waiting=left)
            due = now + flows.tick
            if flows.limit != run.limits[-1][1]:
                run.limits.append((now, flows.limit))
    return run


def simulate_bodies(*, shared: float, each: float = ANY, seconds: float, noise: float = 0.0) -> Run:
    """Run large uploads; their answers are not waited for."""
    return simulate(
        Flows.of_bodies(),
        shared=shared,
        each=each,
        seconds=seconds,
        noise=noise,
        latency=0.0,
        size=LEAST_PART_BYTES,
        late=LATE_BYTES,
    )


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("shared", [200e3, 2e6])
def test_a_slow_line_gets_two(shared: float, noise: float) -> None:
    run = simulate(Flows(), shared=shared, noise=noise)
    assert max(limit for _, limit in run.limits) <= 4
    assert run.limit_at(5.0) == 2
    assert all(limit <= 3 for at, limit in run.limits if at > 5.0)
    assert run.moved >= 0.97 * shared * 60


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize(("shared", "share"), [(200e3, 0.75), (2e6, 0.9)])
def test_a_slow_line_sends_one_body_at_a_time(shared: float, share: float, noise: float) -> None:
    run = simulate_bodies(shared=shared, noise=noise, seconds=120.0)
    assert max(limit for _, limit in run.limits) <= 2
    assert run.limit_at(4.0) == 1
    assert run.share_at(1, 120.0) >= share
    assert run.moved >= 0.99 * shared * 120


@pytest.mark.parametrize(
    ("shared", "each", "seconds", "wanted"),
    [(1.25e9, 80e6, 0.6, 16), (1.25e9, 80e6, 0.05, 4), (1e9, 1e6, 40.0, 12), (30e6, ANY, 1.0, 4)],
)
def test_bodies_get_as_many_flows_as_the_line_needs(
    shared: float, each: float, seconds: float, wanted: int
) -> None:
    run = simulate_bodies(shared=shared, each=each, seconds=seconds)
    assert run.limit_at(seconds) >= wanted


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_line_that_limits_each_connection_gets_as_many_as_it_needs(noise: float) -> None:
    """As many connections as the rate takes, found within half a second."""
    run = simulate(Flows(), shared=1.25e9, each=80e6, noise=noise, seconds=20.0)
    assert run.limit_at(0.6) >= 16
    assert run.moved >= 0.85 * 1.25e9 * 20


def test_a_long_line_with_a_slow_rate_per_connection_is_climbed_step_by_step() -> None:
    run = simulate(Flows(), shared=1e9, each=1e6, latency=0.1, seconds=120.0)
    assert max(limit for at, limit in run.limits if at < 40.0) >= 24
    assert run.moved >= 0.75 * MOST * 1e6 * 120


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_fast_shared_line_is_full_at_once_and_gets_few(noise: float) -> None:
    run = simulate(Flows(), shared=125e6, noise=noise, seconds=60.0)
    assert run.moved >= 0.93 * 125e6 * 60
    assert 2 <= run.limit_at(60.0) <= 12


@settings(max_examples=25, deadline=None)
@given(
    st.floats(5.5, 9.2).map(lambda power: 10**power),
    st.sampled_from([ANY, 1e6, 10e6, 80e6]),
    st.floats(0.0, 0.3),
    st.floats(0.0, 0.3),
)
def test_on_any_line_it_settles_and_keeps_the_rate(
    shared: float, each: float, latency: float, noise: float
) -> None:
    run = simulate(Flows(), shared=shared, each=each, latency=latency, noise=noise, seconds=90.0)
    assert all(2 <= limit <= MOST for _, limit in run.limits)
    # A probe and its end each 4, 8, 16 … s, and steps of at most one half beyond the start.
    assert run.changes_after(5.0) <= 40
    late = [limit for at, limit in run.limits if at > 5.0]
    assert all(low >= 0.45 * high or low == 2 for high, low in itertools.pairwise(late))
    best = min(shared, each * MOST, MOST * PART_BYTES / max(latency, 0.001))
    assert run.moved >= 0.5 * best * 90


def test_few_requests_say_nothing_about_the_line() -> None:
    flows = Flows()
    for tick in range(1000):
        flows.sample(tick * 0.1, tick * 10_000_000, running=3, waiting=0)
    assert flows.limit == 4


def test_the_limit_follows_a_line_that_becomes_slow() -> None:
    flows = Flows()
    simulate(flows, shared=1.25e9, each=80e6, seconds=10.0)
    # The same controller goes on, with a clock that began again.
    flows_now, moved, limits = 100.0, 10**10, []
    for _ in range(400):
        moved += 500_000
        flows_now += 0.25
        flows.sample(flows_now, moved, running=flows.limit, waiting=9)
        limits.append(flows.limit)
    assert limits[-1] <= 3


@pytest.mark.parametrize(("rate", "first"), [(None, 4), (1e5, 2), (5e6, 2), (5e7, 4)])
def test_a_limited_line_starts_with_as_many_as_it_carries_soon(rate: float | None, first: int) -> None:
    assert Flows(rate=rate).limit == first


@pytest.mark.parametrize(("most", "first"), [(1, 1), (2, 2), (16, 4)])
def test_no_more_than_allowed(most: int, first: int) -> None:
    flows = Flows(most)
    assert flows.limit == first
    run = simulate(flows, shared=1e9, each=10e6, seconds=30.0)
    assert max(limit for _, limit in run.limits) == most
