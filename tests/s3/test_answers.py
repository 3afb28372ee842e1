"""Reading what the store answers, and what somebody else may have put in its place."""

from datetime import UTC, datetime
from urllib.parse import quote_plus
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.s3.models import FileInfo
from provena_sdk.s3.responses import documents
from provena_sdk.s3.responses.headers import content_range, is_opaque, object_state

SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
PREFIX = "datasets/x/"
KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
MOMENT = datetime(2024, 5, 1, 8, 30, tzinfo=UTC)


def listing(
    keys: list[str], *, truncated: str = "false", token: str = "", more: str = "", space: str = SPACE
) -> bytes:
    contents = "".join(
        f"<Contents><Key>{quote_plus(PREFIX + key, safe='/')}</Key><Size>{number}</Size>"
        f"<LastModified>2024-05-01T08:30:00.000Z</LastModified><ETag>&quot;e{number}&quot;</ETag></Contents>"
        for number, key in enumerate(keys)
    )
    following = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    name = f' xmlns="{space}"' if space else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult{name}><EncodingType>url</EncodingType>'
        f"<IsTruncated>{truncated}</IsTruncated>{following}{contents}{more}</ListBucketResult>"
    ).encode()


@given(st.lists(KEYS, max_size=5), st.sampled_from([SPACE, ""]))
def test_any_key_is_listed_as_it_is(keys: list[str], space: str) -> None:
    found = documents.entries(listing(keys, space=space), PREFIX)
    expected = [FileInfo(key, number, f"e{number}", MOMENT) for number, key in enumerate(keys)]
    assert (found.page.files, found.page.folders, found.next) == (expected, [], None)


def test_stores_that_write_keys_plainly_are_understood() -> None:
    data = listing([]).replace(b"<EncodingType>url</EncodingType>", b"")
    key = f"<Key>{escape(PREFIX)}50% a+b &amp; c</Key>"
    entry = f"<Contents>{key}<Size>1</Size><LastModified>2024-05-01T08:30:00</LastModified></Contents>"
    found = documents.entries(
        data.replace(b"</ListBucketResult>", f"{entry}</ListBucketResult>".encode()), PREFIX
    )
    assert found.page.files == [FileInfo("50% a+b & c", 1, "", MOMENT)]


def test_folders_and_the_next_page() -> None:
    more = f"<CommonPrefixes><Prefix>{PREFIX}a+b/</Prefix></CommonPrefixes>"
    found = documents.entries(listing([], truncated="true", token="t", more=more), PREFIX)
    assert (found.page.folders, found.next) == (["a b/"], "t")


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<ListBucketResult><IsTruncated>false</IsTruncated><Name>&b;</Name></ListBucketResult>"
)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"<Error><Code>SlowDown</Code></Error>",
        BOMB.encode(),
        BOMB.encode("utf-16"),
        ('<?xml version="1.0" encoding="cp037"?>' + BOMB).encode("cp037"),
        b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><ListBucketResult/>",
        listing([], truncated="true"),
        listing([]).replace(b"<IsTruncated>false</IsTruncated>", b""),
        listing(["a"]).replace(b"datasets/x", b"datasets/other"),
        listing(["a"]).replace(b"<Size>0", b"<Size>many"),
        listing(["a"]).replace(b"2024-05", b"yesterday"),
        listing(["a"]).replace(b"datasets/x/a", b"datasets/x/%ff"),
        listing(["a", "b"])[:-40],
    ],
    ids=range(14),
)
def test_what_is_no_listing_is_refused(data: bytes) -> None:
    with pytest.raises(documents.UnreadableXml):
        documents.entries(data, PREFIX)


@given(st.binary(max_size=300))
def test_rubbish_is_refused_and_nothing_else_happens(data: bytes) -> None:
    for read in (documents.parts, documents.deletion_failures, documents.is_error):
        with pytest.raises(documents.UnreadableXml):
            read(data)
    assert documents.refused(data, 503, {}) == ("503", None, "")


@given(st.data())
def test_a_listing_that_was_cut_off_is_refused(data: st.DataObject) -> None:
    whole = listing(["a", "b/c"])
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(documents.UnreadableXml):
        documents.entries(whole[:end], PREFIX)


def test_white_space_before_an_answer_is_passed_over() -> None:
    name = "CompleteMultipartUploadResult"
    data = f" \n \n<?xml version='1.0'?>\n <{name}><ETag>e</ETag></{name}>".encode()
    assert documents.result(data, name) == {"ETag": "e"}
    assert not documents.is_error(data)


@pytest.mark.parametrize("echoed", ["&#x1;", "&#31;", "&#xFFFE;", "&#xD800;", "&#0;"])
def test_keys_that_xml_cannot_hold_are_echoed_all_the_same(echoed: str) -> None:
    data = f"<R><Key>a{echoed}&#10;&#xe9;&amp;</Key><ETag>e</ETag></R>".encode()
    assert documents.result(data, "R") == {"Key": "a\N{REPLACEMENT CHARACTER}\né&", "ETag": "e"}


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"<Error><Code>NoSuchKey</Code></Error>", {}, ("NoSuchKey", None)),
        (f'<Error xmlns="{SPACE}"><Code>X</Code></Error>'.encode(), {}, ("X", None)),
        (b"<Error><Code>A</Code><Region>eu-west-1</Region></Error>", {}, ("A", "eu-west-1")),
        (b"", {"x-amz-bucket-region": "eu-west-1"}, ("400", "eu-west-1")),
        (b"<html>Bad gateway</html>", {}, ("400", None)),
        (b"<Error><Code>a word with\nspaces and a token</Code></Error>", {}, ("400", None)),
    ],
)
def test_errors_are_named(body: bytes, headers: dict[str, str], expected: tuple[str, str | None]) -> None:
    assert documents.refused(body, 400, headers)[:2] == expected


@given(st.integers(0, 2**60), st.integers(1, 2**60), st.integers(0, 2**60))
def test_ranges_come_back(offset: int, length: int, after: int) -> None:
    size = offset + length + after
    assert content_range(f"bytes {offset}-{offset + length - 1}/{size}") == (offset, length, size)


@pytest.mark.parametrize(
    "text",
    [None, "", "bytes */5", "bytes 0-4/*", "bytes 4-3/9", "bytes 0-9/9", "items 0-1/2", "bytes 0-1/2 "],
)
def test_other_ranges_are_refused(text: str | None) -> None:
    assert content_range(text) is None


def test_an_objects_state() -> None:
    headers = {
        "etag": '"e-2"',
        "last-modified": "Wed, 01 May 2024 08:30:00 GMT",
        "x-amz-checksum-crc32": "AAAAAA==",
        "x-amz-checksum-sha256": "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=-2",
        "x-amz-checksum-type": "COMPOSITE",
        "x-amz-mp-parts-count": "2",
        "content-type": "text/csv",
    }
    state = object_state(headers, 7)
    assert (state.size, state.etag, state.modified) == (7, "e-2", MOMENT)
    assert state.checksums == {
        "crc32": "AAAAAA==",
        "sha256": "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=-2",
    }
    assert (state.checksum_type, state.parts_count, state.opaque_etag) == ("COMPOSITE", 2, False)


@pytest.mark.parametrize(
    ("headers", "opaque"),
    [
        ({"x-amz-server-side-encryption": "aws:kms"}, True),
        ({"x-amz-server-side-encryption": "aws:kms:dsse"}, True),
        ({"x-amz-server-side-encryption-customer-algorithm": "AES256"}, True),
        ({"x-amz-server-side-encryption": "AES256"}, False),
    ],
)
def test_which_etags_prove_nothing(headers: dict[str, str], opaque: bool) -> None:
    assert is_opaque(headers) is opaque
