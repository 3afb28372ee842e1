"""From the request for a release to the reviewer's decision."""

from __future__ import annotations

from typing import Any

import pytest

from provena_sdk.errors import (
    BadRequest,
    InvalidArgument,
    NameNotFound,
    NotTheReviewer,
    OutcomeUnknown,
    PersonNotLinked,
    ProvenaError,
)
from provena_sdk.sandbox import Fault

REVIEWER = "10378.1/1900005"
OTHER = "10378.1/1900004"
OK = {"status": {"success": True, "details": ""}}


@pytest.fixture
def handle(sandbox: Any) -> str:
    """A dataset of writer, in a deployment with two reviewers, of whom one is unknown to the registry."""
    sandbox.state.reviewers.update([REVIEWER, "does/not/exist"])
    return str(sandbox.add_dataset("Kelp"))


async def test_a_release_is_requested_by_name_found_in_the_inbox_and_approved(
    sign_in: Any, handle: str
) -> None:
    async with sign_in() as provena:
        state = await provena.datastore.interactive_dataset(handle).release.request(
            "ruth okonkwo", "complete since May"
        )
        assert (state.status.value, state.reviewer.name) == ("PENDING", "Ruth Okonkwo")

    async with sign_in("reviewer") as provena:
        (waiting,) = await provena.reviews.inbox()
        assert (waiting.dataset_id, waiting.name, waiting.notes) == (handle, "Kelp", "complete since May")
        assert waiting.requester.name == "Wren Castellanos"
        assert waiting.requested is not None
        kelp = provena.datastore.interactive_dataset(waiting.dataset_id)
        state = await kelp.release.approve("fine")
        assert state.status.value == "RELEASED"
        assert list(await provena.reviews.inbox()) == []

        lines = str(await kelp.release.status()).split("\n")
        assert lines[0] == f"dataset {handle}: released, reviewer Ruth Okonkwo ({REVIEWER})"
        assert lines[2].endswith("Wren Castellanos (10378.1/1900003)  requested  complete since May")
        assert lines[3].endswith(f"Ruth Okonkwo ({REVIEWER})      approved   fine")


async def test_a_rejected_release_is_requested_again(sign_in: Any, handle: str) -> None:
    async with sign_in() as owner, sign_in("reviewer") as reviewer:
        kelp = owner.datastore.interactive_dataset(handle)
        await kelp.release.request(REVIEWER, "please")
        with pytest.raises(BadRequest, match="already pending"):
            await kelp.release.request(REVIEWER, "please")
        decision = reviewer.datastore.interactive_dataset(handle).release
        state = await decision.reject("no units")
        assert (state.status.value, [step.action.value for step in state.steps]) == (
            "NOT_RELEASED",
            ["REQUEST", "REJECT"],
        )
        with pytest.raises(BadRequest, match="not pending review"):
            await decision.approve("fine")
        state = await kelp.release.request("Ruth Okonkwo", "units added")
        assert repr(state) == f"<ReleaseState {handle}: PENDING>"
        with pytest.raises(NotTheReviewer):
            await kelp.release.approve("my own")


async def test_several_requests_wait_longest_first_over_all_pages(
    sign_in: Any, handle: str, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provena_sdk.workflows.access import releases

    monkeypatch.setattr(releases, "_PAGE", 1)
    handles = [handle, *(str(sandbox.add_dataset(name)) for name in ("Tides", "Currents"))]
    async with sign_in() as provena:
        for wanted in reversed(handles):
            await provena.datastore.interactive_dataset(wanted).release.request(REVIEWER, f"about {wanted}")
            sandbox.clock.advance(60)

    async with sign_in("reviewer") as provena:
        inbox = await provena.reviews.inbox()

    assert [waiting.dataset_id for waiting in inbox] == handles[::-1]
    assert str(inbox).split("\n")[0].split() == ["dataset", "name", "requested", "by", "when", "notes"]
    assert repr(inbox) == "<Inbox of 3>"


async def test_reviewers_have_names_where_the_registry_knows_them(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        reviewers = await provena.reviews.reviewers()

    assert [(person.id, person.name) for person in reviewers] == [
        (REVIEWER, "Ruth Okonkwo"),
        ("does/not/exist", None),
    ]


async def test_a_reviewer_is_removed_by_name_or_any_id(sign_in: Any, handle: str, sandbox: Any) -> None:
    async with sign_in("admin") as provena:
        review = provena.datastore.review
        with pytest.raises(NameNotFound, match="Did you mean Ruth Okonkwo"):
            await review.delete_dataset_reviewer("Ruth Okonkwa")
        await review.delete_dataset_reviewer("does/not/exist")
        await review.delete_dataset_reviewer("ruth okonkwo")
        await review.delete_dataset_reviewer("10378.1/1")
    assert sandbox.state.reviewers == set()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "Nobody",
            "no reviewer is called 'Nobody'. provena.reviews.reviewers() lists the reviewers.",
        ),
        (
            "o",
            "no reviewer is called 'o'. Did you mean Ruth Okonkwo (10378.1/1900005), Wendell Castellanos",
        ),
        (" ", "reviewer must not be empty."),
    ],
)
async def test_a_reviewer_who_is_not_clear_is_refused_with_all_names(
    sign_in: Any, handle: str, sandbox: Any, name: str, said: str
) -> None:
    if name == "o":
        sandbox.state.reviewers.add(OTHER)
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        with pytest.raises(InvalidArgument) as caught:
            await kelp.release.request(name, "please")
        assert said in str(caught.value)
        assert caught.value.argument == "reviewer"
        assert (await kelp.release.status()).status.value == "NOT_RELEASED"


async def test_notes_are_required(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        release = provena.datastore.interactive_dataset(handle).release
        for decide in (release.approve, release.reject):
            with pytest.raises(InvalidArgument, match="notes must not be empty"):
                await decide("")
        with pytest.raises(InvalidArgument, match="notes must not be empty"):
            await release.request(REVIEWER, " ")


async def test_an_error_after_the_dataset_became_pending_is_a_warning(
    sign_in: Any, handle: str, sandbox: Any
) -> None:
    sandbox.faults.outages.add("jobs")
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        with pytest.warns(UserWarning, match="is now requested. Nobody may have been notified"):
            state = await kelp.release.request(REVIEWER, "please")
        assert state.status.value == "PENDING"


@pytest.mark.parametrize(
    ("step", "reached", "steps"),
    [
        ("approve", "RELEASED", ["requested", "approved"]),
        ("reject", "NOT_RELEASED", ["requested", "rejected"]),
    ],
)
async def test_a_decision_about_a_private_dataset_does_not_look_like_a_failure(
    sign_in: Any, handle: str, step: str, reached: str, steps: list[str]
) -> None:
    async with sign_in() as owner, sign_in("reviewer") as reviewer:
        kelp = owner.datastore.interactive_dataset(handle)
        await kelp.unshare(public=True)
        await kelp.release.request(REVIEWER, "please")

        release = reviewer.datastore.interactive_dataset(handle).release
        with pytest.warns(UserWarning, match=f"is now {reached}, but .* could not be fetched: You have no"):
            state = await getattr(release, step)("decided")

        assert (state.dataset_id, state.status.value, state.steps) == (handle, reached, ())
        shown = str(await kelp.release.status()).split("\n")
        assert [line.split(")  ")[1].split()[0] for line in shown[2:]] == steps


async def test_an_error_after_a_request_does_not_look_like_its_failure(
    sign_in: Any, handle: str, sandbox: Any
) -> None:
    async with sign_in(max_retries=0) as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        sandbox.faults.add(Fault(service="datastore", path="*fetch-dataset", status=503))
        with pytest.warns(UserWarning, match="is now PENDING, but"):
            state = await kelp.release.request(REVIEWER, "please")
        assert state.status.value == "PENDING"
        assert state.reviewer.id == REVIEWER


async def test_an_error_that_changed_nothing_stays_one(sign_in: Any, handle: str, sandbox: Any) -> None:
    sandbox.faults.outages.add("auth")
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        with pytest.raises(OutcomeUnknown):
            await kelp.release.request(REVIEWER, "please")


async def test_who_has_no_person_learns_how_to_get_one(sign_in: Any, handle: str) -> None:
    async with sign_in("unlinked") as provena:
        with pytest.raises(PersonNotLinked, match=r"provena\.people\.link_me"):
            await provena.reviews.inbox()


async def test_an_endless_list_ends(face: Any) -> None:
    from provena_sdk.resources._async.reviews import AsyncReviews
    from provena_sdk.resources.reviews import Reviews
    from tests.facade.conftest import AsyncRecorder, Awaiting, Recorder

    def answer(call: Any) -> Any:
        if call.operation.name == "auth.lookup_link":
            return {"person_id": REVIEWER, "success": True}
        key = {"id": "1/1", "release_approver": REVIEWER, "release_timestamp": 1}
        return {**OK, "dataset_items": [], "total_dataset_count": 0, "pagination_key": key}

    transport: Any = AsyncRecorder(answer) if face.name == "async" else Recorder(answer)
    reviews = AsyncReviews(transport) if face.name == "async" else Awaiting(Reviews(transport))

    with pytest.raises(ProvenaError, match="would never end"):
        await reviews.inbox()
