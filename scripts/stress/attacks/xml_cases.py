"""XML that means harm, in place of the store's listings, errors and results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scripts.stress.attacks import actions, honest
from scripts.stress.attacks.case import Case, case
from scripts.stress.attacks.honest_store import FILES, entry, listing, say_xml
from scripts.stress.attacks.scene import Scene
from scripts.stress.attacks.wire import MEBIBYTE

_ONE: Final = FILES["notes.txt"]
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'

DOCUMENTS: Final[dict[str, str | bytes]] = {
    "a billion laughs": _HEAD
    + '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "'
    + "&a;" * 10
    + '"><!ENTITY c "'
    + "&b;" * 1000
    + '"><!ENTITY d "'
    + "&c;" * 1000
    + '">]>'
    + listing(entry("&d;", _ONE)).removeprefix(_HEAD),
    "an entity of a file": _HEAD
    + '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    + listing(entry("&f;", _ONE)).removeprefix(_HEAD),
    "an entity of its own": listing(entry("&evil;", _ONE)),
    "a document type in lower case": "<!doctype html><html></html>",
    "a document type behind 64 kB": _HEAD
    + "<!--"
    + "x" * 65536
    + '--><!DOCTYPE a [<!ENTITY a "b">]><a>&a;</a>',
    "a document type in UTF-16": '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY a "b">]>'
    "<ListBucketResult/>".encode("utf-16").decode("latin-1"),
    "UTF-7": '<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a>',
    "Latin-1": '<?xml version="1.0" encoding="ISO-8859-1"?>'
    + listing(entry("\xe9", _ONE)).removeprefix(_HEAD),
    "an unknown encoding": '<?xml version="1.0" encoding="evil"?><ListBucketResult/>',
    "100,000 elements deep": "<a>" * 100_000,
    "100,000 elements deep, and back": "<a>" * 100_000 + "</a>" * 100_000,
    "50,000 elements deep within an entry": listing(
        "<Contents>" + "<a>" * 50_000 + "</a>" * 50_000 + "</Contents>"
    ),
    "100,000 attributes": "<ListBucketResult " + " ".join(f'a{n}="b"' for n in range(100_000)) + "/>",
    "100,000 name spaces": "".join(f'<a xmlns="urn:{n}">' for n in range(20_000)),
    "an attribute of 4 MB": f'<ListBucketResult a="{"x" * 4 * MEBIBYTE}"/>',
    "200,000 comments": "<ListBucketResult>" + "<!-- -->" * 200_000 + "</ListBucketResult>",
    "processing instructions": '<?xml-stylesheet href="http://evil.example/"?><ListBucketResult/>',
    "an inclusion": '<ListBucketResult xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></ListBucketResult>',
    "a section that is not text": "<ListBucketResult><![CDATA[",
    "another document": "<Error><Code>AccessDenied</Code></Error>",
    "an error whose word controls the terminal": "<Error><Code>\x1b[2J</Code></Error>",
    "a list of buckets": "<ListAllMyBucketsResult/>",
    "nothing but its head": _HEAD,
    "no page's end": listing(entry("a", _ONE)).replace("<IsTruncated>false</IsTruncated>", ""),
    "an end in other words": listing(entry("a", _ONE)).replace("false</IsTruncated>", "maybe</IsTruncated>"),
    "a next page without a token": listing(entry("a", _ONE), following=""),
    "a million references": listing(entry("a", _ONE, Key="&#1;" * 1_000_000)),
    "references beyond": listing(entry("a", _ONE, Key="&#9999999;&#xFFFFFF;&#xD800;&#0;")),
    "half a reference": listing(entry("a", _ONE, Key="&#x")),
    "NUL": "<ListBucketResult>\0</ListBucketResult>",
    "bytes that are not text": b"<ListBucketResult>\xff\xfe</ListBucketResult>",
    "percent signs that are not text": listing(entry("a", _ONE, Key=f"{honest.PREFIX}%ff%fe")),
    "half a percent sign": listing(entry("a", _ONE, Key=f"{honest.PREFIX}%")),
    "entries without a key": listing(entry("a", _ONE, Key="")),
    "entries without a size": listing(entry("a", _ONE, Size="")),
    "entries without a time": listing(entry("a", _ONE, LastModified="")),
    "empty entries": listing("<Contents/>"),
    "two keys in an entry": listing(
        entry("a", _ONE, Name="x").replace("</Key>", "</Key><Key>/etc/passwd</Key>")
    ),
    "a white page": " \n" * MEBIBYTE,
}


def is_listed(result: object, scene: Scene) -> bool:
    """Whether what was listed can be what lies there: sizes are not negative."""
    return isinstance(result, dict) and all(size >= 0 for size in result.values())


def cases() -> Iterator[Case]:
    """Every case."""
    for name, text in DOCUMENTS.items():
        yield case("xml", name, actions.LIST_FILES, "ListObjects", say_xml(text), right=is_listed)
    for name in ("a billion laughs", "100,000 elements deep", "another document", "a white page"):
        text = DOCUMENTS[name]
        for status in ("403 Forbidden", "404 Not Found", "500 Internal"):
            yield case(
                "xml", f"{name} as an error {status[:3]}", actions.READ, "GetObject", say_xml(text, status)
            )
        yield case(
            "xml",
            f"{name} when an upload begins",
            actions.UPLOAD_PARTS,
            "CreateMultipartUpload",
            say_xml(text),
        )
        yield case(
            "xml",
            f"{name} when an upload ends",
            actions.UPLOAD_PARTS,
            "CompleteMultipartUpload",
            say_xml(text),
        )
