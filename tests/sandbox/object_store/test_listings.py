from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_sdk.sandbox.object_store import ObjectStore

BUCKET = "reef"
LAYOUT = ["a.txt", "dir/", "dir/1", "dir/2", "dir/sub/3", "dir-sibling/4", "zz/5", "é/6", "\U0001f420/7"]


def fill(running: Any, keys: list[str]) -> None:
    for key in keys:
        running.store.put(BUCKET, key, b"data")


async def pages(client: Any, operation: str = "list_objects_v2", **arguments: Any) -> list[Any]:
    paginator = client.get_paginator(operation)
    return [page async for page in paginator.paginate(Bucket=BUCKET, **arguments)]


def flat(found: list[Any]) -> list[str]:
    return [one["Key"] for page in found for one in page.get("Contents", [])]


def folders(found: list[Any]) -> list[str]:
    return [one["Prefix"] for page in found for one in page.get("CommonPrefixes", [])]


@pytest.mark.parametrize("operation", ["list_objects_v2", "list_objects"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
async def test_every_page_size_lists_everything_in_utf8_order(
    running: Any, operation: str, size: int
) -> None:
    fill(running, LAYOUT)
    client = await running.client()
    found = await pages(client, operation, PaginationConfig={"PageSize": size})
    assert flat(found) == sorted(LAYOUT, key=str.encode)
    assert all(len(page.get("Contents", [])) <= size for page in found)


@pytest.mark.parametrize("operation", ["list_objects_v2", "list_objects"])
@pytest.mark.parametrize("size", [1, 2, 1000])
async def test_folders_are_rolled_up_once(running: Any, operation: str, size: int) -> None:
    fill(running, LAYOUT)
    client = await running.client()
    top = await pages(client, operation, Delimiter="/", PaginationConfig={"PageSize": size})
    assert flat(top) == ["a.txt"]
    assert folders(top) == ["dir-sibling/", "dir/", "zz/", "é/", "\U0001f420/"]
    inner = await pages(client, operation, Delimiter="/", Prefix="dir/", PaginationConfig={"PageSize": size})
    assert flat(inner) == ["dir/", "dir/1", "dir/2"]
    assert folders(inner) == ["dir/sub/"]


async def test_counts_limits_and_owners(running: Any) -> None:
    fill(running, [f"{n:04}" for n in range(1100)])
    client = await running.client()
    page = await client.list_objects_v2(Bucket=BUCKET, MaxKeys=5000)
    assert (page["KeyCount"], page["MaxKeys"], page["IsTruncated"]) == (1000, 1000, True)
    none = await client.list_objects_v2(Bucket=BUCKET, MaxKeys=0)
    assert (none["KeyCount"], none["IsTruncated"]) == (0, False)
    after = await client.list_objects_v2(Bucket=BUCKET, StartAfter="1097", FetchOwner=True)
    assert [one["Key"] for one in after["Contents"]] == ["1098", "1099"]
    assert after["Contents"][0]["Owner"]["ID"]
    assert "Owner" not in page["Contents"][0]
    assert len(flat(await pages(client))) == 1100


async def test_entries_say_size_and_etag(running: Any) -> None:
    item = running.store.put(BUCKET, "x", b"data")
    client = await running.client()
    (entry,) = (await client.list_objects_v2(Bucket=BUCKET))["Contents"]
    assert (entry["Size"], entry["ETag"], entry["StorageClass"]) == (4, f'"{item.etag}"', "STANDARD")
    assert abs((entry["LastModified"] - item.modified).total_seconds()) < 0.001


async def test_bad_parameters_are_refused(running: Any) -> None:
    client = await running.client()
    for arguments in ({"ContinuationToken": "nonsense"}, {"MaxKeys": -1}, {"EncodingType": "base64"}):
        with pytest.raises(ClientError, match="InvalidArgument"):
            await client.list_objects_v2(Bucket=BUCKET, **arguments)


async def test_a_listing_without_url_encoding_is_escaped_xml(running: Any) -> None:
    fill(running, ["<&>\"' +%41"])
    answer = await running.signed_raw("GET", f"/{BUCKET}?list-type=2")
    tree = ElementTree.fromstring(answer.body)
    assert tree.findtext("{*}Contents/{*}Key") == "<&>\"' +%41"
    encoded = await running.signed_raw("GET", f"/{BUCKET}?encoding-type=url&list-type=2")
    tree = ElementTree.fromstring(encoded.body)
    assert tree.findtext("{*}Contents/{*}Key") == "%3C%26%3E%22%27+%2B%2541"


names = st.lists(st.text("ab/é", min_size=1, max_size=6), unique=True, max_size=25)


@settings(max_examples=150, deadline=None)
@given(
    keys=names,
    prefix=st.text("ab/", max_size=2),
    limit=st.integers(1, 5),
    delimiter=st.sampled_from(["", "/", "a"]),
)
def test_paging_agrees_with_a_plain_listing(keys: list[str], prefix: str, limit: int, delimiter: str) -> None:
    store = ObjectStore()
    store.create_bucket(BUCKET)
    for key in keys:
        store.put(BUCKET, key, b"")
    expected = []
    for key in sorted(keys):
        if key.startswith(prefix):
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            entry = key if cut < 0 else key[: cut + 1]
            if (entry, cut >= 0) not in expected:
                expected.append((entry, cut >= 0))
    found = []
    after = ""
    while True:
        page = store.page(BUCKET, prefix, delimiter, after, limit)
        assert len(page.objects) + len(page.prefixes) <= limit
        entries = [(item.key, False) for item in page.objects] + [(one, True) for one in page.prefixes]
        found += sorted(entries)
        if not page.truncated:
            break
        after = page.last
    assert found == sorted(expected)
    assert store.keys(BUCKET, prefix) == sorted(key for key in keys if key.startswith(prefix))


async def test_uploads_in_progress_are_listed(running: Any) -> None:
    client = await running.client()
    made = []
    for key in ("a/1", "a/1", "a/2", "b"):
        upload = await client.create_multipart_upload(Bucket=BUCKET, Key=key)
        made.append((key, upload["UploadId"]))
    found = await pages(client, "list_multipart_uploads", PaginationConfig={"PageSize": 1})
    listed = [(one["Key"], one["UploadId"]) for page in found for one in page.get("Uploads", [])]
    assert listed == sorted(made)
    rolled = await client.list_multipart_uploads(Bucket=BUCKET, Delimiter="/")
    assert [one["Prefix"] for one in rolled["CommonPrefixes"]] == ["a/"]
    assert [one["Key"] for one in rolled["Uploads"]] == ["b"]
    only = await client.list_multipart_uploads(Bucket=BUCKET, Prefix="a/2")
    assert len(only["Uploads"]) == 1
