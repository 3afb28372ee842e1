"""Where buckets are reached."""

import json
from pathlib import Path
from urllib.parse import unquote

import botocore
import pytest
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.datasets.location import store_address
from provena_sdk.errors import ConfigurationError, InvalidArgument
from provena_sdk.s3.http.endpoint import Endpoint, endpoint, is_region, query, quoted

PARTITIONS = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text("utf-8"))
REGIONS = [
    (region, partition["outputs"]["dnsSuffix"])
    for partition in PARTITIONS["partitions"]
    for region in partition["regions"]
    if not region.endswith("-global")
]


@pytest.mark.parametrize(("region", "suffix"), REGIONS)
def test_every_region_of_amazon_is_reached(region: str, suffix: str) -> None:
    found = endpoint(None, "reef", region)
    assert found == Endpoint("https", f"reef.s3.{region}.{suffix}", 443, "")
    assert found.host == f"reef.s3.{region}.{suffix}"
    assert is_region(region)


def test_botocore_reaches_the_same_host() -> None:
    client = Session().create_client(
        "s3", region_name="ap-southeast-2", aws_access_key_id="x", aws_secret_access_key="y"
    )
    assert client.meta.endpoint_url == "https://s3.ap-southeast-2.amazonaws.com"
    assert endpoint(None, "reef", "ap-southeast-2").host == "reef.s3.ap-southeast-2.amazonaws.com"


def test_a_bucket_with_dots_stays_out_of_the_hosts_name() -> None:
    found = endpoint(None, "reef.example.org", "us-east-1")
    assert (found.host, found.path("a b")) == ("s3.us-east-1.amazonaws.com", "/reef.example.org/a%20b")


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("http://127.0.0.1:9000", "127.0.0.1:9000", "/reef/k"),
        ("http://localhost:80/", "localhost", "/reef/k"),
        ("https://Store.Example.org:443/s3/", "store.example.org", "/s3/reef/k"),
        ("https://[::1]:9000", "[::1]:9000", "/reef/k"),
        ("https://bücher.example", "xn--bcher-kva.example", "/reef/k"),
    ],
)
def test_other_stores_take_buckets_in_the_path(url: str, host: str, path: str) -> None:
    found = endpoint(url, "reef", "us-east-1")
    assert (found.host, found.path("k"), found.path("")) == (host, path, path.removesuffix("/k"))


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:9000", "ftp://x", "http://", "http://x:y", "http://[::1", "https://me:pw@x"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        endpoint(url, "reef", "us-east-1")
    assert caught.value.argument == "endpoint_url"
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "-", "a/b", "a.b", "A", "x@y", "a" * 65, "us-east-1\n"])
def test_what_cannot_be_a_region_never_becomes_part_of_a_host(name: str) -> None:
    assert not is_region(name)


@given(st.text(st.characters(codec="utf-8")))
def test_keys_are_quoted_so_that_they_come_back(key: str) -> None:
    written = quoted(key)
    assert unquote(written, errors="strict") == key
    assert set(written) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/%")


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")))
)
def test_queries_come_back(pairs: dict[str, str]) -> None:
    written = query(pairs.items())
    read = [part.partition("=") for part in written.split("&") if part]
    assert {unquote(name): unquote(value) for name, _, value in read} == pairs
    assert read == sorted(read)


@pytest.mark.parametrize(
    "url", ["http://s3.example.org", "HTTP://10.0.0.1:9000", "http://127.0.0.1.example.org"]
)
def test_plain_http_to_another_machine_has_to_be_allowed(url: str) -> None:
    with pytest.raises(ConfigurationError, match="endpoint_url must be an https URL") as caught:
        store_address(url, None, None)
    assert "allow_plain_http" in str(caught.value.hint)
    assert (
        endpoint(store_address(url, None, None, allow_plain_http=True).url, "reef", "us-east-1").scheme
        == "http"
    )
