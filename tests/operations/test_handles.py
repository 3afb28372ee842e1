"""Forms of handles, and what is not a handle."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.errors import InvalidArgument
from provena_sdk.operations import handles
from provena_sdk.operations.workflow import AskDomain, Workflow
from provena_sdk.workflows import datastore, review

ID = "10378.1/1900016"


@pytest.mark.parametrize(
    "written",
    [
        ID,
        f"hdl:{ID}",
        f"HDL:{ID}",
        f"https://hdl.handle.net/{ID}",
        f"http://hdl.handle.net/{ID}?noredirect#top",
        "https://hdl.handle.net/10378.1%2F1900016",
        f"HTTPS://HDL.Handle.net/{ID}/",
        f"provena://{ID}",
        f"provena://{ID}/",
        f"https://data.example.org/dataset/{ID}",
        f"https://data.example.org/dataset/{ID}?view=files#obs",
        f"https://registry.example.org/item/{ID}/",
        "https://prov.example.org/?rootId=10378.1%2F1900016&depth=2",
        f"https://prov.example.org/?rootId={ID}&depth=2",
        f"https://EXAMPLE.org:8443/dataset/{ID}",
        f" {ID}\n",
        f"{ID}/",
    ],
)
def test_every_form_of_a_handle_is_accepted(written: str) -> None:
    assert handles.handle("id", written, domain="example.org:8443") == ID


@pytest.mark.parametrize(
    "other",
    [
        f"https://data.other.org/dataset/{ID}",
        f"https://data.notexample.org/dataset/{ID}",
        f"https://example.org.evil.net/dataset/{ID}",
        f"https://example.org@evil.net/dataset/{ID}",
        f"http://127.0.0.1/{ID}?noredirect#top",
        f"provena://{ID}/obs/2024.csv",
        f"doi:{ID}",
    ],
)
def test_a_handle_within_another_text_is_suggested(other: str) -> None:
    with pytest.raises(InvalidArgument, match="is not a handle") as caught:
        handles.handle("id", other, domain="example.org")
    assert caught.value.hint == f"Did you mean '{ID}'?"


@pytest.mark.parametrize(
    "other",
    ["", "reef", "https://hdl.handle.net/reef", "a/b/c", "doi:reef/1", "https://[x/", "a" * 5_000 + "/b"],
)
def test_a_text_without_a_handle_gets_an_example(other: str) -> None:
    with pytest.raises(InvalidArgument, match="is not a handle") as caught:
        handles.handle("id", other)
    assert caught.value.hint == "A handle looks like '10378.1/1451860'."
    assert len(caught.value.message) < 200


@given(st.text() | st.text(alphabet="0123456789./:?=&# ht"))
def test_any_text_is_a_handle_or_refused(text: str) -> None:
    try:
        found = handles.handle("id", text, domain="example.org")
    except InvalidArgument:
        return
    assert found.count("/") == 1
    assert not any(letter.isspace() or letter == ":" for letter in found.partition("/")[0])


@pytest.mark.parametrize("fill", ["1.", "1./", "/", "10378.1/", "https://", "http://1.1/", " ", "%2F", "="])
def test_a_long_text_takes_little_time(fill: str) -> None:
    def best(text: str) -> float:
        taken = []
        for _ in range(3):
            started = time.perf_counter()
            with pytest.raises(InvalidArgument):
                handles.handle("id", text, domain="example.org")
            taken.append(time.perf_counter() - started)
        return min(taken)

    assert best(fill * 100_000) < 30 * max(best(fill * 10_000), 1e-4)


def first(workflow: Workflow[object], domain: str = "example.org") -> dict[str, Any]:
    """The first request of a workflow at a deployment."""
    effect = next(workflow)
    while isinstance(effect, AskDomain):
        effect = workflow.send(domain)
    request: dict[str, Any] = effect.request  # type: ignore[union-attr]  # no workflow here gathers
    return request


PAGE = f"https://data.example.org/dataset/{ID}"


@pytest.mark.parametrize("written", [f"hdl:{ID}", PAGE])
@pytest.mark.parametrize(
    "made",
    [
        lambda w: datastore.fetch_dataset("id", w),
        lambda w: datastore.latest_version("id", w),
        lambda w: datastore.revert_metadata(None, id=w, history_id=1, reason="r"),
        lambda w: datastore.version_dataset(None, id=w, reason="r"),
        lambda w: datastore.presigned_url(None, dataset_id=w, file_path="a.csv"),
        lambda w: datastore.read_credentials(None, dataset_id=w),
        lambda w: datastore.write_credentials(None, dataset_id=w),
        lambda w: review.add_reviewer(w),
        lambda w: review.delete_reviewer(w),
        lambda w: review.request_approval(None, dataset_id=w, approver_id=w, notes="n"),
        lambda w: review.action_approval(None, dataset_id=w, approve=True, notes="n"),
    ],
)
def test_every_workflow_accepts_every_form_of_a_handle(made: object, written: str) -> None:
    request = first(made(written))  # type: ignore[operator]  # a function of the table
    sent: dict[str, object] = {**request.get("params", {}), **request.get("json", {})}
    named = [value for name, value in sent.items() if name.endswith("id") and name != "history_id"]
    assert named
    assert set(named) == {ID}


def test_a_reviewer_whose_id_is_not_a_handle_can_be_deleted() -> None:
    workflow = review.delete_reviewer("does/not/exist")
    assert first(workflow)["method"] == "GET"
    # It is among the reviewers, so that it is no name to look up.
    deletes: Any = workflow.send(["does/not/exist"])
    assert deletes.request["params"] == {"reviewer_id": "does/not/exist"}
