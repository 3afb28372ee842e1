"""Changing a dataset's metadata, with what others change at the same time."""

from __future__ import annotations

import json
import pickle
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import MetadataDiff
from provena_sdk.errors import (
    BadRequest,
    DatasetAccessDenied,
    DatasetLocked,
    InvalidArgument,
    InvalidMetadata,
    MetadataChanged,
    NameNotFound,
    NotFetched,
)
from provena_sdk.workflows import datastore, editing


@pytest.fixture
def handle(sandbox: Any) -> str:
    return str(sandbox.add_dataset("Kelp", keywords=["algae"], purpose="Monitoring"))


@pytest.fixture
def stored(sandbox: Any, handle: str) -> Callable[[], tuple[dict[str, Any], list[str]]]:
    """What the registry holds: ``dataset_info``, and the reasons in the history, newest first."""

    def look() -> tuple[dict[str, Any], list[str]]:
        item = sandbox.state.items[handle]
        return item.metadata["dataset_info"], [entry["reason"] for entry in item.history]

    return look


@pytest.fixture
def somebody_else(sandbox: Any, handle: str) -> Callable[..., None]:
    """Changes fields of ``dataset_info``, as the admin."""
    from provena_sdk import Provena
    from provena_sdk.config import Deployment

    def change(**fields: Any) -> None:
        deployment = Deployment.from_env(sandbox.environment())
        with Provena(deployment, access_token=sandbox.access_token("admin")) as provena:
            provena.datastore.interactive_dataset(handle).set("by the admin", **fields)

    return change


async def test_an_edit_sends_what_was_changed_in_the_block(sign_in: Any, handle: str, stored: Any) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        edit = kelp.edit("typo in the name")
        async with edit as metadata:
            metadata.dataset_info.name = "Kelp forests"
            metadata.dataset_info.keywords.append("forest")
            assert stored()[0]["name"] == "Kelp"
        assert kelp.name == "Kelp forests"

    info, reasons = stored()
    assert (info["name"], info["keywords"]) == ("Kelp forests", ["algae", "forest"])
    assert reasons == ["typo in the name", "Initial record creation"]
    assert edit.changes.text().split("\n") == [
        f"dataset {handle}: typo in the name",
        *("dataset_info.name", "- Kelp", "+ Kelp forests"),
        *("dataset_info.keywords", "- algae", "+ algae, forest"),
    ]
    assert repr(edit).endswith(": <MetadataDiff of 2 changes: dataset_info.name, dataset_info.keywords>>")


async def test_an_error_in_the_block_sends_nothing(sign_in: Any, handle: str, stored: Any) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        with pytest.raises(ZeroDivisionError):
            async with kelp.edit("typo") as metadata:
                metadata.dataset_info.name = f"Kelp forests {1 / 0}"
    assert stored()[1] == ["Initial record creation"]


async def test_an_edit_without_a_change_sends_nothing(sign_in: Any, handle: str, stored: Any) -> None:
    async with sign_in() as provena:
        edit = provena.datastore.interactive_dataset(handle).edit("nothing")
        async with edit as metadata:
            metadata.dataset_info.name = "Kelp"
    assert stored()[1] == ["Initial record creation"]
    assert edit.changes.text().split("\n") == [f"dataset {handle}: nothing", "no difference"]


async def test_a_field_that_does_not_exist_is_refused_at_once(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        with pytest.raises(AttributeError, match="nmae"):
            async with provena.datastore.interactive_dataset(handle).edit("typo") as metadata:
                metadata.dataset_info.nmae = "Kelp forests"


@pytest.mark.parametrize(("field", "note"), [("nmae", "Did you mean 'name'?"), ("surprise", None)])
async def test_a_misspelt_field_gets_a_suggestion(
    sign_in: Any, handle: str, field: str, note: str | None
) -> None:
    async with sign_in() as provena:
        with pytest.raises(AttributeError) as caught:
            async with provena.datastore.interactive_dataset(handle).edit("typo") as metadata:
                setattr(metadata.dataset_info, field, "Kelp forests")
    if caught.value.name is None:  # else Python makes the suggestion
        assert getattr(caught.value, "__notes__", [None]) == [note]


async def test_fields_are_assigned_as_on_a_command_line(sign_in: Any, handle: str, stored: Any) -> None:
    async with sign_in() as provena:
        edit = provena.datastore.interactive_dataset(handle).edit("typo")
        with pytest.raises(NotFetched, match="in the block"):
            edit.assign("name=x")
        async with edit:
            edit.assign("name=Kelp = forests", "dataset_info.keywords=kelp, algae", "purpose=")
            edit.assign("created_date=2024-12-31", "user_metadata.a.b=1,2", "license=cc by 4.0")
            edit.merge({"dataset_info": {"access_info": {"description": "by request"}}})
            with pytest.raises(InvalidMetadata, match=r"dataset_info\.license"):
                edit.assign("license=mine")
    info, _ = stored()
    assert (info["name"], info["keywords"], info.get("purpose")) == (
        "Kelp = forests",
        ["kelp", "algae"],
        None,
    )
    assert info["created_date"] == {"relevant": True, "value": "2024-12-31"}
    assert info["user_metadata"] == {"a.b": "1,2"}
    assert info["access_info"]["description"] == "by request"
    assert info["license"] == "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize("format", ["yaml", "json"])
async def test_metadata_are_edited_as_text(
    sign_in: Any, handle: str, stored: Any, tmp_path: Path, format: str
) -> None:
    path = tmp_path / f"kelp.{format}"
    async with sign_in() as provena:
        edit = provena.datastore.interactive_dataset(handle).edit("typo")
        async with edit:
            text = await edit.text(format)
            path.write_text(text, "utf-8")
            edit.read(path)
        assert len(edit.changes) == 0
        async with edit:
            path.write_text(text.replace('"Kelp"', '""'), "utf-8")
            with pytest.raises(InvalidMetadata) as caught:
                edit.read(path)
            assert [(each.path, each.line is not None) for each in caught.value.problems] == [
                ("dataset_info.name", True)
            ]
            path.write_text(text.replace('"Kelp"', '"Kelp forests"'), "utf-8")
            edit.read(path)
    assert stored()[0]["name"] == "Kelp forests"


async def test_nothing_is_sent_that_is_not_confirmed(sign_in: Any, handle: str, stored: Any) -> None:
    shown: list[str] = []

    def confirm(changes: MetadataDiff) -> bool:
        shown.extend(change.path for change in changes)
        return len(shown) > 1

    async with sign_in() as provena:
        edit = provena.datastore.interactive_dataset(handle).edit("typo", confirm=confirm)
        async with edit as metadata:
            metadata.dataset_info.name = "Kelp forests"
        assert (edit.changes, stored()[0]["name"], shown) == (None, "Kelp", ["dataset_info.name"])
        async with edit:
            pass
        assert (len(edit.changes), len(shown)) == (0, 1)
        async with edit as metadata:
            metadata.dataset_info.name = "Kelp forests"
        assert (len(edit.changes), stored()[0]["name"]) == (1, "Kelp forests")


async def test_a_change_that_comes_while_somebody_is_asked_is_noticed(
    sign_in: Any, handle: str, stored: Any, somebody_else: Any
) -> None:
    def confirm(_: MetadataDiff) -> bool:
        somebody_else(purpose="Teaching")
        return True

    async with sign_in() as provena:
        with pytest.raises(MetadataChanged):
            async with provena.datastore.interactive_dataset(handle).edit(
                "typo", confirm=confirm
            ) as metadata:
                metadata.dataset_info.name = "Kelp forests"
    assert stored()[0]["name"] == "Kelp"


async def test_an_edit_is_refused_if_somebody_else_has_changed_the_metadata(
    sign_in: Any, face: Any, handle: str, stored: Any, somebody_else: Any
) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.refresh()
        edit = kelp.edit("typo")
        metadata = await edit.__aenter__()
        metadata.dataset_info.name = "Kelp forests"
        somebody_else(purpose="Teaching")
        with pytest.raises(MetadataChanged) as caught:
            await edit.__aexit__(None, None, None)
        error = caught.value
        assert stored()[0]["name"] == "Kelp"
        assert "was changed by admin on " in error.message
        assert "('by the admin') since it was fetched; your change was not sent." in error.message
        assert [change.path for change in error.theirs] == ["dataset_info.purpose"]
        assert [change.path for change in error.yours] == ["dataset_info.name"]
        assert list(pickle.loads(pickle.dumps(error)).theirs) == list(error.theirs)
        assert (edit.changes, repr(edit).endswith(": not sent>")) == (None, True)
        if face.name == "async":
            with pytest.raises(NotFetched, match="has been changed since"):
                _ = kelp.metadata
            await kelp.refresh()
        assert kelp.metadata.dataset_info.purpose == "Teaching"

        async with kelp.edit("typo") as metadata:
            metadata.dataset_info.name = "Kelp forests"
    info, _ = stored()
    assert (info["name"], info["purpose"]) == ("Kelp forests", "Teaching")


async def test_what_others_do_to_the_release_is_no_conflict(
    sign_in: Any, handle: str, stored: Any, sandbox: Any
) -> None:
    sandbox.state.reviewers.add("10378.1/1900005")
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        async with kelp.edit("typo") as metadata:
            metadata.dataset_info.name = "Kelp forests"
            await kelp.release.request("Ruth Okonkwo", "complete")
    assert stored()[0]["name"] == "Kelp forests"


@pytest.mark.parametrize("reason", ["typo", "by the admin"])
async def test_a_change_at_the_very_moment_is_a_warning(
    sign_in: Any, handle: str, stored: Any, somebody_else: Any, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    compared = editing.compared

    def late(draft: Any) -> Any:
        yield from compared(draft)
        somebody_else(purpose="Teaching")

    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            await kelp.set("alone", keywords=["kelp"])
        monkeypatch.setattr(editing, "compared", late)
        with pytest.warns(UserWarning, match=r"by admin on .*ds.diff\(1, 2\) shows what it was"):
            async with kelp.edit(reason) as metadata:
                metadata.dataset_info.name = "Kelp forests"
        assert [change.path for change in await kelp.diff(1, 2)] == ["dataset_info.purpose"]
    assert stored()[0]["purpose"] == "Monitoring"


@pytest.mark.parametrize("is_recorded", [True, False])
async def test_a_change_that_the_history_does_not_show_is_a_warning(
    sign_in: Any, handle: str, monkeypatch: pytest.MonkeyPatch, is_recorded: bool
) -> None:
    fetch = datastore.fetch_dataset

    def differing(*args: Any) -> Any:
        answer = yield from fetch(*args)
        newest = max(answer.item.history, key=lambda state: state.id)
        if newest.reason == "typo":
            newest.item.collection_format.dataset_info.name = "as the service writes it"
            newest.reason = "typo" if is_recorded else "of somebody else"
        return answer

    monkeypatch.setattr(editing, "fetch_dataset", differing)
    async with sign_in() as provena:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            await provena.datastore.interactive_dataset(handle).set("typo", name="Kelp forests")
    told = [str(each.message) for each in caught if "does not show your change" in str(each.message)]
    assert len(told) == (0 if is_recorded else 1)


async def test_the_diff_is_shown_when_it_is_wanted(
    sign_in: Any, handle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        for show, expected in ((None, ""), (False, ""), (True, "+ Kelp 2")):
            async with kelp.edit("typo", show=show) as metadata:
                metadata.dataset_info.name = f"Kelp {1 + bool(show)}"
            out, err = capsys.readouterr()
            assert out == ""
            assert expected in err
            assert bool(err) is bool(expected)


async def test_one_field_is_set_by_its_name(sign_in: Any, handle: str, stored: Any) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        found = await kelp.set("found by more", keywords=["kelp", "algae"], purpose=None)
        assert str(found) == "\n".join(
            [
                f"dataset {handle}: found by more",
                *("dataset_info.keywords", "- algae", "+ kelp, algae"),
                *("dataset_info.purpose", "- Monitoring"),
            ]
        )
        assert len(await kelp.set("again", keywords=["kelp", "algae"])) == 0
        assert kelp.keywords == ["kelp", "algae"]
    info, reasons = stored()
    assert (info["keywords"], info["purpose"]) == (["kelp", "algae"], None)
    assert reasons[0] == "found by more"


async def test_a_version_that_the_service_sends_is_not_sent_back(
    sign_in: Any, handle: str, stored: Any, sandbox: Any
) -> None:
    sandbox.state.items[handle].metadata["dataset_info"]["version"] = "2"
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        with pytest.raises(InvalidMetadata, match="version: is set by the service"):
            await kelp.set("typo", version="3")
        assert len(await kelp.set("nothing", name="Kelp")) == 0
        assert len(await kelp.set("typo", name="Kelp forests")) == 1
        sandbox.state.items[handle].metadata["dataset_info"]["version"] = "2"
        async with kelp.edit("typo") as metadata:
            metadata.dataset_info.name = "Kelp of the north"
    assert stored()[0]["name"] == "Kelp of the north"


async def test_persons_and_organisations_are_set_by_name(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        (change,) = await kelp.set("she does", data_custodian_id="Rosa Marchetti")
        assert (change.path, change.after) == ("associations.data_custodian_id", "10378.1/1900008")
        with pytest.raises(NameNotFound):
            await kelp.set("he does", data_custodian_id="Nobody Known")


async def test_licences_and_dates_are_set_as_people_write_them(
    sign_in: Any, handle: str, stored: Any
) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.set("as it is", license="MIT", created_date=date(2024, 12, 31))
        await kelp.set("out", published_date="2025-01-31")
    info, _ = stored()
    assert info["license"] == "https://opensource.org/license/mit"
    assert info["created_date"] == {"relevant": True, "value": "2024-12-31"}
    assert info["published_date"] == {"relevant": True, "value": "2025-01-31"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"keyword": ["a"]}, "keyword: dataset metadata has no such field. Did you mean 'keywords'?"),
        ({"keywords": 3}, "keywords"),
        ({"name": None}, "dataset_info.name: missing"),
        ({"name": {1, 2}}, "name: cannot be written as JSON"),
    ],
)
async def test_a_bad_field_is_refused_before_it_is_sent(
    sign_in: Any, handle: str, stored: Any, fields: dict[str, Any], message: str
) -> None:
    async with sign_in() as provena:
        with pytest.raises(InvalidArgument, match=message.replace("?", r"\?")):
            await provena.datastore.interactive_dataset(handle).set("bad", **fields)
        with pytest.raises(InvalidArgument, match="reason must not be empty"):
            await provena.datastore.interactive_dataset(handle).set("", name="x")
    assert len(stored()[1]) == 1


async def test_a_merge_patch_changes_what_it_names(
    sign_in: Any, handle: str, stored: Any, tmp_path: Path
) -> None:
    patch = {"dataset_info": {"purpose": None, "access_info": {"description": "by request"}}}
    (tmp_path / "patch.json").write_text(json.dumps(patch), "utf-8")
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        found = await kelp.patch("how to get it", tmp_path / "patch.json")
        assert [change.path for change in found] == [
            "dataset_info.access_info.description",
            "dataset_info.purpose",
        ]
        assert len(await kelp.patch("again", patch)) == 0
        with pytest.raises(InvalidArgument, match=r"merge_patch: .*list is not supported"):
            await kelp.patch("bad", [1])
    info, _ = stored()
    assert info["access_info"] == {"reposited": True, "uri": None, "description": "by request"}
    assert info["purpose"] is None


async def test_states_are_compared_by_their_numbers(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.set("typo", name="Kelp forests")
        await kelp.set("again", name="Kelp of the north")
        found = await kelp.diff(0, 1)
        assert isinstance(found, MetadataDiff)
        assert found.text().split("\n") == [
            f"dataset {handle}: state 0 → 1",
            *("dataset_info.name", "- Kelp", "+ Kelp forests"),
        ]
        assert (await kelp.diff(0))[0].after == "Kelp of the north"
        assert (await kelp.diff(2, 0))[0].after == "Kelp"
        with pytest.raises(InvalidArgument, match=r"has no state 7\. It has 0, 1, 2\."):
            await kelp.diff(7)


async def test_who_may_not_write_learns_so(sign_in: Any, handle: str, sandbox: Any) -> None:
    async with sign_in("writer2") as provena:
        with pytest.raises(DatasetAccessDenied):
            async with provena.datastore.interactive_dataset(handle).edit("mine") as metadata:
                metadata.dataset_info.name = "Mine"
    sandbox.set_access(handle, locked=True)
    async with sign_in() as provena:
        with pytest.raises(DatasetLocked):
            await provena.datastore.interactive_dataset(handle).set("typo", name="Kelp forests")


async def test_what_the_service_refuses_is_not_kept(sign_in: Any, handle: str, stored: Any) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        with pytest.raises(BadRequest):
            await kelp.set("nobody", publisher_id="10378.1/9999999")
        await kelp.refresh()
        assert kelp.metadata.dataset_info.publisher_id == "10378.1/1900001"
    assert len(stored()[1]) == 1


def test_a_diff_is_coloured_in_a_terminal_and_a_table_in_a_notebook(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    from provena_sdk import Change

    found = MetadataDiff([Change("dataset_info.name", "Kelp", "<b>")], "title")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b" not in str(found)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "\x1b[32m+ \x1b[7m<b>" in str(found)
    assert '<div class="p-title">title</div>' in found._repr_html_()
    assert "&lt;b&gt;</ins>" in found._repr_html_()
    assert repr(found) == "<MetadataDiff of 1 change: dataset_info.name>"
