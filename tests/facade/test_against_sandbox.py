"""Every method of both faces against a whole Provena, as a user goes about it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import provena_sdk
from provena_sdk import errors
from provena_sdk.sandbox import Fault

REVIEWER = "10378.1/1900005"


async def test_health_access_and_schema(sign_in: Any) -> None:
    async with sign_in() as provena:
        assert (await provena.datastore.get_health_check()).message
        assert (await provena.search.get_health_check()).message
        access = await provena.datastore.check_access("write")
        assert (access.username, access.email) == ("writer", "writer@example.com")
        assert "entity-registry-write" in access.roles
        assert (await provena.search.check_access()).username == "writer"
        assert (await provena.datastore.get_dataset_schema())["properties"]
        with pytest.raises(errors.RoleMissing, match="entity-registry-admin"):
            await provena.datastore.check_access("admin")
        with pytest.raises(errors.RoleMissing, match="sys-admin-read"):
            await provena.search.check_access("read")


async def test_from_mint_to_latest_version(sign_in: Any, metadata: Any, tmp_path: Path) -> None:
    async with sign_in() as provena:
        datastore = provena.datastore
        assert (await datastore.validate_dataset_metadata(metadata())).status.success
        minted = await datastore.mint_dataset(metadata("Kelp"))
        handle = minted.handle
        assert minted.status.success
        fetched = await datastore.fetch_dataset(handle)
        assert fetched.item.display_name == "Kelp"
        assert "metadata-write" in fetched.roles

        described = fetched.item.collection_format
        described.dataset_info.name = "Kelp forests"
        updated = await datastore.update_dataset_metadata(handle, "better name", described)
        assert updated.handle == handle
        path = tmp_path / "metadata.json"
        path.write_text(json.dumps(metadata("Kelp from a file")))
        kelp = datastore.interactive_dataset(handle)
        assert kelp.dataset_id == handle
        await kelp.update_metadata("from a file", path)
        item = (await kelp.fetch_dataset()).item
        assert item.display_name == "Kelp from a file"
        assert [entry.id for entry in item.history] == [2, 1, 0]
        assert [entry.reason for entry in item.history][:2] == ["from a file", "better name"]

        assert (await kelp.revert_dataset_metadata(0, "the first was best")).status.success
        assert (await kelp.fetch_dataset()).item.display_name == "Kelp"
        assert (await datastore.revert_dataset_metadata(id=handle, history_id=1, reason="no")).status.success
        assert (await kelp.fetch_dataset()).item.display_name == "Kelp forests"

        second = (await kelp.version("new season")).new_version_id
        third = (await datastore.version_dataset(id=second, reason="again")).new_version_id
        assert await datastore.latest_version(handle) == third
        assert await datastore.latest_version(third) == third
        with pytest.raises(errors.BadRequest):
            await kelp.version("not the newest")


async def test_what_we_do_not_know_survives_a_change(sign_in: Any, sandbox: Any) -> None:
    """Fetched from a newer service, changed, and sent back: its new fields are still there."""
    handle = sandbox.add_dataset("Kelp")
    async with sign_in() as provena:
        fetched = await provena.datastore.fetch_dataset(handle)
        described = fetched.item.collection_format.to_dict()
        described["dataset_info"]["depth"] = {"metres": [3, 4.5]}
        sandbox.faults.add(
            Fault(
                service="datastore",
                path="/registry/items/fetch-dataset",
                body=json.dumps(
                    {
                        **fetched.to_dict(),
                        "item": {**fetched.item.to_dict(), "collection_format": described},
                    }
                ),
            )
        )
        newer = (await provena.datastore.fetch_dataset(handle)).item.collection_format
        newer.dataset_info.name = "Kelp forests"
        with pytest.raises(errors.ValidationFailed) as caught:
            await provena.datastore.update_dataset_metadata(handle, "r", newer)
        # This sandbox is not that new: that it minds shows that the field was sent.
        assert [entry.location for entry in caught.value.errors] == [("body", "dataset_info", "depth")]


async def test_review(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp")
    async with sign_in("admin") as admin:
        await admin.datastore.review.add_dataset_reviewer(REVIEWER)
        await admin.datastore.review.add_dataset_reviewer(REVIEWER)
        await admin.datastore.review.add_dataset_reviewer("10378.1/1900004")
        await admin.datastore.review.delete_dataset_reviewer("10378.1/1900004")
        assert await admin.datastore.review.list_dataset_reviewers() == [REVIEWER]
    async with sign_in() as owner, sign_in("reviewer") as reviewer:
        for approve, state in ((False, "NOT_RELEASED"), (True, "RELEASED")):
            asked = await owner.datastore.review.dataset_approval_request(
                dataset_id=handle, approver_id=REVIEWER, notes="please"
            )
            assert (asked.dataset_id, asked.approver_id) == (handle, REVIEWER)
            pending = (await owner.datastore.fetch_dataset(handle)).item
            assert pending.release_status == "PENDING"
            with pytest.raises(errors.Forbidden):
                await owner.datastore.generate_write_access_credentials(dataset_id=handle)
            with pytest.raises(errors.BadRequest):
                await owner.datastore.review.dataset_approval_request(
                    dataset_id=handle, approver_id=REVIEWER, notes="again"
                )
            with pytest.raises(errors.DatasetAccessDenied):
                await owner.datastore.review.action_approval_request(
                    dataset_id=handle, approve=True, notes="myself"
                )
            decided = await reviewer.datastore.review.action_approval_request(
                dataset_id=handle, approve=approve, notes="decided"
            )
            assert decided.approved is approve
            assert (await owner.datastore.fetch_dataset(handle)).item.release_status == state


async def test_listing(sign_in: Any, sandbox: Any) -> None:
    handles = sandbox.populate(45)
    private = sandbox.add_dataset("Private", private=True, owner="writer2")
    async with sign_in() as provena:
        datastore = provena.datastore
        page = await datastore.list_datasets(page_size=10, sort_by="CREATED_TIME", ascending=True)
        assert [item.id for item in page.items] == handles[:10]
        following = await datastore.list_datasets(
            page_size=10, sort_by="CREATED_TIME", ascending=True, pagination_key=page.pagination_key
        )
        assert [item.id for item in following.items] == handles[10:20]
        results = datastore.for_all_datasets(page_size=7, sort_by="CREATED_TIME", ascending=True)
        assert [item.id async for item in results] == handles
        limited = datastore.for_all_datasets(total_limit=12, sort_by="CREATED_TIME", ascending=True)
        assert [item.id async for item in limited] == handles[:12]
        request = provena_sdk.NoFilterSubtypeListRequest(
            page_size=20, sort_by=provena_sdk.SortOptions(sort_type=provena_sdk.SortType.CREATED_TIME)
        )
        assert [item.id async for item in datastore.for_all_datasets(request)] == handles[::-1]
        assert len(await datastore.list_all_datasets("DISPLAY_NAME")) == 45
    async with sign_in("writer2") as other:
        assert private in [item.id for item in await other.datastore.list_all_datasets()]


async def test_tables_and_first_items(sign_in: Any, sandbox: Any) -> None:
    handles = sandbox.populate(5)
    async with sign_in() as provena:
        table = await provena.datastore.for_all_datasets(page_size=2).to_pandas()
        assert list(table.index) == handles[::-1]
        assert table["registered"].dt.year.min() >= 2020
        table = await provena.datastore.for_all_datasets(page_size=2).to_pandas(full=True)
        assert list(table.index) == handles[::-1]
        assert "collection_format.dataset_info.name" in table.columns
        first = await provena.datastore.for_all_datasets(sort_by="DISPLAY_NAME").first()
        assert first.id in handles


async def test_pages_that_are_empty_for_this_user(sign_in: Any, sandbox: Any) -> None:
    seen = sandbox.add_dataset("First")
    for number in range(12):
        sandbox.add_dataset(f"Private {number}", private=True, owner="writer2")
    last = sandbox.add_dataset("Last")
    async with sign_in() as provena:
        results = provena.datastore.for_all_datasets(page_size=3, sort_by="CREATED_TIME", ascending=True)
        assert sorted([item.id async for item in results]) == sorted([seen, last])


async def test_searching(sign_in: Any, sandbox: Any) -> None:
    good = [sandbox.add_dataset(f"Kelp {number}") for number in range(3)]
    private = sandbox.add_dataset("Kelp of others", private=True, owner="writer2")
    async with sign_in() as provena:
        found = await provena.datastore.search_datasets("kelp")
        assert sorted(hit.id for hit in found) == sorted(good)
        assert [hit.id for hit in found.auth_errors] == [private]
        assert found.misc_errors == []
        hits = await provena.search.search_registry("kelp", limit=2, subtype_filter="DATASET")
        assert len(hits.results) == 2
        assert (await provena.search.search_registry("reviewer", subtype_filter="PERSON")).results


async def test_credentials_and_addresses_of_files(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp", files={"a.csv": b"1,2\n"})
    async with sign_in() as provena:
        datastore, kelp = provena.datastore, provena.datastore.interactive_dataset(handle)
        for answer in (
            await datastore.generate_read_access_credentials(dataset_id=handle),
            await datastore.generate_write_access_credentials(
                {"dataset_id": handle, "console_session_required": False}
            ),
            await kelp.generate_read_access_credentials(),
            await kelp.generate_write_access_credentials(console_session_required=True),
        ):
            keys = answer.credentials
            assert keys.expiry.tzinfo is not None
            assert keys.aws_secret_access_key not in repr(answer)
            assert keys.aws_session_token not in f"{answer} {answer!r}"
        answer = await datastore.generate_dataset_presigned_url(dataset_id=handle, file_path="a.csv")
        assert answer.presigned_url not in repr(answer)
        for url in (answer.presigned_url, await kelp.presigned_url("a.csv", expires_in=60)):
            assert await asyncio.to_thread(get, url) == b"1,2\n"
        with pytest.raises(errors.FileNotInDataset, match=rf"^Dataset {handle} holds no file 'none\.csv'\."):
            await kelp.presigned_url("none.csv")


def get(url: str) -> bytes:
    import urllib.request

    with urllib.request.urlopen(url) as answer:
        content: bytes = answer.read()
    return content


async def test_files_up_and_down(sign_in: Any, sandbox: Any, tmp_path: Path, capsys: Any) -> None:
    handle = sandbox.add_dataset("Kelp")
    source = tmp_path / "source"
    (source / "obs" / "deep").mkdir(parents=True)
    (source / "obs" / "2024 ü.csv").write_bytes(b"day\n1\n")
    (source / "obs" / "deep" / "empty").write_bytes(b"")
    async with sign_in() as provena:
        io, kelp = provena.datastore.io, provena.datastore.interactive_dataset(handle)
        await io.upload_all_files(source, handle)
        await kelp.upload_all_files(str(source))
        names = ["metadata.json", "obs/2024 ü.csv", "obs/deep/empty"]
        assert [file.path for file in await io.list_all_files(handle, print_list=True)] == names
        assert "obs/2024 ü.csv" in capsys.readouterr().out
        assert [file.size for file in await kelp.list_files()][1:] == [6, 0]
        for number, report in enumerate(
            (
                await io.download_all_files(tmp_path / "all-0", handle),
                await kelp.download_all_files(tmp_path / "all-1"),
            )
        ):
            assert len(report) == 3
            assert (tmp_path / f"all-{number}" / "obs" / "2024 ü.csv").read_bytes() == b"day\n1\n"
        await io.download_specific_file(handle, "obs/2024 ü.csv", tmp_path / "file")
        await kelp.download_specific_file("obs", tmp_path / "folder")
        await kelp.download_specific_file("obs/", tmp_path / "contents")
        assert (tmp_path / "file" / "2024 ü.csv").is_file()
        assert (tmp_path / "folder" / "obs" / "deep" / "empty").is_file()
        assert (tmp_path / "contents" / "deep" / "empty").is_file()
        async with await kelp.open("notes.txt", "w") as file:
            await file.write("höhe\n")
        async with await io.open(handle, "notes.txt", "r", encoding="utf-8") as file:
            assert await file.readline() == "höhe\n"
        with pytest.raises(errors.DatasetFileNotFound):
            await kelp.open("none.txt")
        with pytest.raises(errors.ServiceFileRefused):
            await kelp.open("metadata.json", "w")


async def test_views_and_what_is_closed(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp")
    async with sign_in() as provena:
        view = provena.with_options(timeout=3, max_retries=0)
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.fetch_dataset()
        await view.datastore.fetch_dataset(handle)
        await provena.close()
        with pytest.raises(errors.ClosedError):
            await view.datastore.fetch_dataset(handle)
        with pytest.raises(errors.ClosedError):
            await kelp.fetch_dataset()
        with pytest.raises(errors.ClosedError):
            await kelp.list_files()


async def test_a_deployment_that_fails_for_a_while(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp")
    async with sign_in(max_retries=2) as provena:
        sandbox.faults.add(Fault.too_many_requests("0", path="/registry/items/fetch-dataset"))
        sandbox.faults.add(Fault(path="/registry/items/fetch-dataset", drop="before"))
        assert (await provena.datastore.fetch_dataset(handle)).item.id == handle
        assert [seen.path for seen in sandbox.requests].count("/registry/items/fetch-dataset") == 3


async def test_a_view_has_options_of_its_own(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp")
    fetching = "/registry/items/fetch-dataset"
    async with sign_in(max_retries=1) as provena:
        hasty = provena.with_options(max_retries=0)
        sandbox.faults.add(Fault.too_many_requests("0", path=fetching))
        with pytest.raises(errors.RateLimited):
            await hasty.datastore.fetch_dataset(handle)
        sandbox.faults.add(Fault.too_many_requests("0", path=fetching))
        assert (await provena.datastore.fetch_dataset(handle)).item.id == handle
        sandbox.faults.add(Fault(path=fetching, latency=1.0))
        with pytest.raises(errors.RequestTimedOut):
            await provena.with_options(timeout=0.1, max_retries=0).datastore.fetch_dataset(handle)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path="/register/mint-dataset", drop="after"),
        Fault(path="/register/mint-dataset", truncate=20),
        Fault.gateway(504, path="/register/mint-dataset", takes_effect=True),
    ],
    ids=["dropped", "cut off", "gateway"],
)
async def test_a_mint_whose_answer_is_lost(sign_in: Any, sandbox: Any, metadata: Any, fault: Fault) -> None:
    sandbox.faults.add(fault)
    async with sign_in() as provena:
        with pytest.raises(errors.OutcomeUnknown):
            await provena.datastore.mint_dataset(metadata("Kelp"))
        assert [item.display_name for item in await provena.datastore.list_all_datasets()] == ["Kelp"]


async def test_errors_name_what_they_are_about(sign_in: Any, sandbox: Any, metadata: Any) -> None:
    mine = sandbox.add_dataset("Kelp")
    private = sandbox.add_dataset("Private", private=True, owner="writer2")
    sandbox.set_access(mine, locked=True)
    async with sign_in() as provena:
        with pytest.raises(errors.DatasetNotFound, match=r"10378\.1/none"):
            await provena.datastore.fetch_dataset("10378.1/none")
        with pytest.raises(errors.DatasetAccessDenied) as denied:
            await provena.datastore.fetch_dataset(private)
        assert denied.value.dataset_id == private
        with pytest.raises(errors.DatasetLocked):
            await provena.datastore.update_dataset_metadata(mine, "r", metadata())
        with pytest.raises(errors.OperationRejected):
            await provena.datastore.mint_dataset(
                {**metadata(), "associations": {"organisation_id": "10378.1/none"}}
            )
        with pytest.raises(
            errors.InvalidMetadata, match=r"dataset_info\.license: 'nowhere' is neither an http"
        ):
            await provena.datastore.mint_dataset(metadata(license="nowhere"))
        with pytest.raises(errors.ValidationFailed, match=r"body\.dataset_info\.spatial_info\.resolution"):
            await provena.datastore.mint_dataset(metadata(spatial_info={"resolution": "inf"}))
        with pytest.raises(errors.BadRequest):
            await provena.datastore.revert_dataset_metadata(
                id=sandbox.add_dataset("X"), history_id=9, reason="r"
            )
    async with sign_in("unlinked") as nobody:
        with pytest.raises(errors.PersonNotLinked):
            await nobody.datastore.mint_dataset(metadata())


async def test_a_token_that_is_no_longer_good(
    sandbox: Any, deployment: Any, face: Any, metadata: Callable[..., Any]
) -> None:
    expired = sandbox.access_token("writer", lifetime=-1)
    async with face.open(deployment, access_token=expired) as provena:
        with pytest.raises((errors.SignInError, errors.TokenRejected)) as caught:
            await provena.datastore.list_datasets()
        assert expired not in f"{caught.value!r}{caught.value}"


async def test_an_offline_token_renews_itself(sandbox: Any, deployment: Any, face: Any) -> None:
    handle = sandbox.add_dataset("Kelp")
    async with face.open(deployment, offline_token=sandbox.offline_token("writer")) as provena:
        await provena.sign_in()
        assert (await provena.datastore.fetch_dataset(handle)).item.id == handle
        sandbox.advance(100_000)
        assert (await provena.datastore.fetch_dataset(handle)).item.id == handle
