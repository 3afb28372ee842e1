"""What an interactive dataset knows about itself."""

from __future__ import annotations

import re
import webbrowser
from dataclasses import replace
from typing import Any

import pytest

from provena_sdk import AsyncProvena, Provena
from provena_sdk.errors import NotFetched

WREN = "Wren Castellanos (writer)"


@pytest.fixture
def handle(sandbox: Any) -> str:
    return str(sandbox.add_dataset("Kelp", keywords=["algae", "forest"]))


async def test_properties_come_from_the_item(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.refresh()

        assert (kelp.name, kelp.description, kelp.keywords) == (
            "Kelp",
            "Description of Kelp",
            ["algae", "forest"],
        )
        assert (kelp.status.value, kelp.locked) == ("NOT_RELEASED", False)
        assert kelp.url == f"https://registry.localhost/item/{handle}"
        assert (str(kelp.owner), kelp.owner.person_id) == (WREN, "10378.1/1900003")
        assert (kelp.organisation, kelp.publisher) == ("Coral Sea Institute", "Coral Sea Institute")
        assert (kelp.custodian, kelp.reviewer) == (None, None)


async def test_changing_the_copy_of_the_metadata_changes_nothing(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.refresh()
        kelp.metadata.dataset_info.name = "Other"
        assert kelp.metadata.dataset_info.name == "Kelp"


async def test_custodian_and_reviewer_have_names(sign_in: Any, handle: str, sandbox: Any) -> None:
    sandbox.state.reviewers.add("10378.1/1900005")
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.set("who looks after it", data_custodian_id="Rosa Marchetti")
        await kelp.release.request("Ruth Okonkwo", "complete")
        await kelp.refresh()
        assert kelp.custodian.name == "Rosa Marchetti"
        assert (kelp.reviewer.id, kelp.reviewer.name) == ("10378.1/1900005", "Ruth Okonkwo")
        assert kelp.status.value == "PENDING"


async def test_a_change_through_the_object_is_noticed(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.refresh()
        await kelp.lock("cited")
        await kelp.refresh()
        assert kelp.locked
        await kelp.unlock("typo")
        await kelp.refresh()
        assert not kelp.locked


async def test_the_history_says_who_changed_what_and_why(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.set("typo", name="Kelp forests", keywords=None)
        await kelp.revert_dataset_metadata(0, "was right")
        await kelp.refresh()
        history = kelp.history

    assert [(state.id, str(state.user)) for state in history] == [(2, WREN), (1, WREN), (0, WREN)]
    assert history[1].time is not None
    assert [change.path for change in history[1].changes] == ["dataset_info.name", "dataset_info.keywords"]
    assert history[1].metadata.dataset_info.name == "Kelp forests"
    head, *rows = str(history).split("\n")
    assert head.split() == ["state", "when", "who", "why", "what", "changed"]
    assert rows[1].startswith("1      ")
    assert re.search(rf"  {re.escape(WREN)}  typo +name, keywords$", rows[1])
    assert rows[2].endswith("all: it was registered")
    assert repr(history) == "<History of 3>"
    frame = history.to_pandas()
    assert (frame.index.name, list(frame["why"])[1]) == ("state", "typo")
    assert list(history[1].changes.to_pandas().index) == ["dataset_info.name", "dataset_info.keywords"]
    assert repr(history[1]) == f"<HistoryEntry 1 by {WREN}: typo>"


async def test_names_that_cannot_be_found_out_are_left_out(
    face: Any, deployment: Any, sandbox: Any, handle: str
) -> None:
    alone = replace(deployment, auth_url=None, registry_url=None)
    async with face.open(alone, access_token=sandbox.access_token("writer")) as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.refresh()
        assert (str(kelp.owner), kelp.owner.name) == ("writer", None)
        assert kelp.organisation == "10378.1/1900001"
        assert [str(state.user) for state in kelp.history] == ["writer"]


async def test_all_versions_are_listed_whichever_is_asked(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        first = provena.datastore.interactive_dataset(handle)
        second = (await first.version("corrected depths")).new_version_id
        third = (await provena.datastore.version_dataset(id=second, reason="more sites")).new_version_id
        for each in (handle, second, third):
            kelp = provena.datastore.interactive_dataset(each)
            await kelp.refresh()
            chain = kelp.versions
            assert [version.id for version in chain] == [handle, second, third]
            assert [version.number for version in chain] == [1, 2, 3]
            assert chain.latest.id == third == await kelp.latest_version()
            number = 1 + [handle, second, third].index(each)
            assert str(chain).startswith(f"dataset {each}: version {number} of 3\nversion  dataset  ")
        assert [version.reason for version in chain] == [None, "corrected depths", "more sites"]


async def test_a_new_version_is_noticed(sign_in: Any, face: Any, handle: str) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.refresh()
        assert len(kelp.versions) == 1
        await kelp.version("corrected depths")
        await kelp.fetch_dataset()
        assert str(kelp.owner) == WREN
        if face.name == "async":
            with pytest.raises(NotFetched, match="has been changed since"):
                len(kelp.versions)
            await kelp.refresh()
        assert len(kelp.versions) == 2


async def test_versions_end_at_one_that_is_private(sign_in: Any, handle: str, sandbox: Any) -> None:
    async with sign_in() as provena:
        second = (await provena.datastore.version_dataset(id=handle, reason="more")).new_version_id
    sandbox.set_access(second, general=())
    async with sign_in("reader") as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.refresh()
        assert [(version.id, version.name) for version in kelp.versions] == [(handle, "Kelp"), (second, None)]
        assert "not readable" in str(kelp.versions)


def test_the_sync_client_fetches_once_when_a_property_is_read(
    deployment: Any, sandbox: Any, handle: str
) -> None:
    with Provena(deployment, access_token=sandbox.access_token("writer")) as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        repr(kelp)
        assert kelp._answer is None
        assert kelp.name == "Kelp"
        answer = kelp._answer
        assert (kelp.status.value, kelp._answer) == ("NOT_RELEASED", answer)
        assert kelp._named is None
        assert kelp.owner.name == "Wren Castellanos"
        kelp.set("typo", name="Kelp forests")
        assert kelp.name == "Kelp forests"


async def test_the_async_client_says_to_refresh_first(deployment: Any, sandbox: Any, handle: str) -> None:
    async with AsyncProvena(deployment, access_token=sandbox.access_token("writer")) as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        for name in ("name", "owner", "history", "versions", "locked"):
            with pytest.raises(NotFetched, match=r"await ds.refresh\(\)"):
                getattr(kelp, name)
        assert (await kelp.refresh()) is kelp
        assert kelp.name == "Kelp"
        await kelp.lock("cited")
        with pytest.raises(NotFetched, match="has been changed since"):
            assert kelp.locked


async def test_the_page_is_opened_if_there_is_a_browser(
    sign_in: Any, handle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        monkeypatch.setenv("BROWSER", "firefox")
        shown = kelp.browse()
        assert f"{shown!r}".strip("'") == kelp.url
        assert opened == [kelp.url]


async def test_a_dataset_shows_a_card(sign_in: Any, sandbox: Any) -> None:
    box = "SRID=4326;POLYGON((145 -25, 155 -25, 155 -10, 145 -10, 145 -25))"
    handle = sandbox.add_dataset("Kelp <b>", files={"a.csv": b"12"}, spatial_info={"coverage": box})
    async with sign_in() as provena:
        kelp = await provena.datastore.interactive_dataset(handle).refresh()
        assert repr(kelp).endswith(f"InteractiveDataset {handle}>")
        assert kelp.extent.bounds == (145.0, -25.0, 155.0, -10.0)
        assert kelp.period is None
        text, shown = str(kelp), kelp._repr_html_()
        for fact in ("Kelp <b>", WREN, "Coral Sea Institute", "145°E to 155°E", kelp.url):
            assert fact in text
        is_async = "AsyncInteractiveDataset" in repr(kelp)
        assert f'>>> {"async " * is_async}with ds.edit("why")' in text
        assert f">>> {'await ' * is_async}ds.list_files()" in text
        assert "1 file" not in text
        assert "<svg" in shown
        assert "Kelp &lt;b&gt;" in shown
        assert "<b>" not in shown

    async with sign_in("reader") as provena:
        kelp = await provena.datastore.interactive_dataset(handle).refresh()
        assert "ds.edit" not in str(kelp)


def test_the_card_has_the_files_once_they_were_listed(
    deployment: Any, sandbox: Any, handle: str, tmp_path: Any
) -> None:
    (tmp_path / "b.csv").write_text("1")
    with Provena(deployment, access_token=sandbox.access_token("writer")) as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        kelp.list_files()
        assert "1 file" in str(kelp)
        kelp.upload_all_files(tmp_path)
        assert "1 file" not in str(kelp)


async def test_what_cannot_be_fetched_shows_why(
    sign_in: Any, deployment: Any, sandbox: Any, handle: str
) -> None:
    with Provena(deployment, access_token=sandbox.access_token("writer")) as provena:
        missing = provena.datastore.interactive_dataset("10378.1/1999999")
        assert str(missing).startswith("<InteractiveDataset 10378.1/1999999>\n")
        assert "<p>&lt;InteractiveDataset 10378.1/1999999&gt;</p><p>" in missing._repr_html_()
    async with AsyncProvena(deployment, access_token=sandbox.access_token("writer")) as provena:
        assert str(provena.datastore.interactive_dataset(handle)).endswith("Write: await ds.refresh()")
