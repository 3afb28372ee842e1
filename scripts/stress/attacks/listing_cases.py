"""Listings of the store: entries that cannot be, keys that would leave the folder, pages without end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from provena_sdk.errors import FileError, FileStoreError
from scripts.stress.attacks import actions, honest
from scripts.stress.attacks.actions import tree
from scripts.stress.attacks.case import Case, case
from scripts.stress.attacks.honest_store import FILES, entry, listing, say_xml
from scripts.stress.attacks.peer import Seen
from scripts.stress.attacks.scene import Scene
from scripts.stress.attacks.wire import Asked, Reply, endless, head, say
from scripts.stress.attacks.xml_cases import is_listed

_ONE: Final = FILES["notes.txt"]
_SIZES: Final = (
    "-5",
    "1_0",
    "٣",
    "1e400",
    "0x10",
    "8" * 5000,
    "9" * 30,
    " 9",
    "9.0",
    "²",
    "+9",
    "nan",
    "",
    "\n9\n",
)
_TIMES: Final = (
    "yesterday",
    "9999-12-31T23:59:59.999Z",
    "0001-01-01T00:00:00+23:59",
    "2024-05-01",
    "20240501T083000Z",
    "2024-W01-1",
    "٢٠٢٤-05-01T08:30:00Z",
    "9" * 5000,
    "2024-05-01T08:30:00+99:99",
    "1e400",
)

SEGMENTS: Final = {
    "above": "../../evil.txt",
    "above within": "obs/../../evil.txt",
    "at the root": "/etc/evil.txt",
    "of a drive": "C:/evil.txt",
    "of a drive with backslashes": "C:\\evil.txt",
    "with backslashes": "..\\..\\evil.txt",
    "of another host": "//evil.example/share/evil.txt",
    "with NUL": "a\0b.txt",
    "with CR and LF": "a\r\nb.txt",
    "with escapes": "\x1b[2J\x1b]52;c;ZXZpbA==\x07.txt",
    "that reads backwards": "\u202etxt.exe",
    "that is a dot": ".",
    "that is two dots": "..",
    "with dots at the end": "a.../b.txt",
    "with a space at the end": "a /b.txt",
    "that is a device": "NUL",
    "that is a device with an ending": "obs/con.txt",
    "that is a stream": "a.txt:evil",
    "with empty folders": "a//b.txt",
    "of 300 letters": "a" * 300,
    "of 500 folders": "/".join("a" * 2 for _ in range(300)),
    "that is a home": "~/.ssh/authorized_keys",
    "that is an option": "--help",
    "with a wildcard": "*?.txt",
    "with tags": "<script>alert(1)</script>.txt",
    "that ends in a slash": "obs/",
    "that is a part file": f".notes.txt.{'a' * 16}.provena-part",
    "that is a journal": f".notes.txt.{'a' * 16}.provena-journal",
    "that is a part file in a folder": f"obs/.2024.csv.{'0' * 8}.provena-part",
    "that is a folder like a part file": f".x.{'a' * 16}.provena-part/a.txt",
    "with a lone surrogate": "a%ED%A0%80.txt",
    "of a hidden file": ".bashrc",
    "with a zero-width space": "a\u200bb.txt",
    "in two forms": "é.txt",
}


def cases() -> Iterator[Case]:
    """Every case."""
    yield from _entries()
    yield from _names()
    yield from _circles()


def _entries() -> Iterator[Case]:
    for size in _SIZES:
        for act in (actions.LIST_FILES, actions.DOWNLOAD):
            yield case(
                "size",
                f"{size[:12]!a} in a listing",
                act,
                "ListObjects",
                say_xml(listing(entry("notes.txt", _ONE, Size=size))),
                right=_small,
            )
    for time in _TIMES:
        yield case(
            "time",
            f"{time[:30]!a} in a listing",
            actions.DOWNLOAD,
            "ListObjects",
            say_xml(listing(entry("notes.txt", _ONE, LastModified=time))),
            right=lambda found, _: found == {"notes.txt": _ONE},
        )
    for name, text in {
        "empty": "",
        "of 100,000 letters": "e" * 100_000,
        "with lines": "&#13;&#10;X-Evil: 1",
        "with quotes": "a&quot;b",
        "in another script": "é٣",
        "a dash": "-",
        "with parts": "-9999999",
        "with parts of 5,000 digits": "a" * 32 + "-" + "9" * 5000,
    }.items():
        for act in (actions.DOWNLOAD, actions.SYNC_DOWN):
            yield case(
                "etag",
                f"{name} in a listing",
                act,
                "ListObjects",
                say_xml(listing(entry("notes.txt", _ONE, ETag=text or " "))),
                right=lambda found, _: found == {"notes.txt": _ONE},
            )


def _small(result: object, scene: Scene) -> bool:
    """Nine bytes, listed or fetched."""
    return result in ({"notes.txt": 9}, {"notes.txt": _ONE}, {"notes.txt": 10})


def _names() -> Iterator[Case]:
    def key(path: str) -> str:
        return honest.PREFIX + (path if "%" in path else quote(path, safe="/"))

    for name, path in SEGMENTS.items():
        page = say_xml(listing(entry("notes.txt", _ONE), entry("x", _ONE, Key=escape(key(path)))))
        raw = entry(
            "x", _ONE, Key=escape(honest.PREFIX + path.replace("\0", "&#0;"), {"\r": "&#13;", "\n": "&#10;"})
        )
        plain = say_xml(
            listing(
                entry("notes.txt", _ONE), raw.replace("\x1b", "&#27;").replace("\x07", "&#7;"), encoding=""
            )
        )
        for act in (actions.LIST_FILES, actions.DOWNLOAD, actions.PLAN):
            yield case("key", name, act, "ListObjects", page, refused=(FileError,), right=_inside)
        yield case(
            "key",
            f"{name}, not encoded",
            actions.DOWNLOAD,
            "ListObjects",
            plain,
            refused=(FileError,),
            right=_inside,
        )
    for name, outside in {
        "outside of the prefix": "datasets/10378-1-9/secret.txt",
        "of a dataset that begins alike": "datasets/10378-1-14518600/secret.txt",
        "of nothing": "",
        "of the prefix without its slash": honest.PREFIX.rstrip("/"),
    }.items():
        for act in (actions.LIST_FILES, actions.DOWNLOAD, actions.FS_FIND):
            yield case(
                "key",
                name,
                act,
                "ListObjects",
                say_xml(listing(entry("x", _ONE, Key=outside or " "))),
                refused=(FileStoreError,),
            )
    same = [entry(path, _ONE) for path in ("notes.txt", "NOTES.TXT", "notes.txt/a", "Notes.txt")]
    yield case(
        "key",
        "that another has in other letters",
        actions.DOWNLOAD,
        "ListObjects",
        say_xml(listing(*same)),
        refused=(FileError,),
        right=_inside,
    )
    twice = say_xml(listing(*[entry("notes.txt", _ONE)] * 50))
    for act in (actions.LIST_FILES, actions.DOWNLOAD):
        yield case("key", "fifty times", act, "ListObjects", twice, refused=(FileError,), right=_inside)
    folders = "".join(
        f"<CommonPrefixes><Prefix>{text}</Prefix></CommonPrefixes>"
        for text in ("../", "/etc/", "datasets/10378-1-9/", f"{honest.PREFIX}../")
    )
    yield case(
        "key",
        "of folders elsewhere",
        actions.FS_LS,
        "ListObjects",
        say_xml(listing(folders)),
        refused=(FileError,),
    )


def _inside(result: object, scene: Scene) -> bool:
    """Whether nothing was written outside of the destination, and no file but an honest one has its bytes there."""
    outside = {
        path: data
        for path, data in tree(scene.folder.parent).items()
        if not path.startswith(scene.folder.name)
    }
    planted = [path for path in outside if "evil" in path or "provena-" in path]
    within = [path for path in tree(scene.folder) if path.endswith((".provena-part", ".provena-journal"))]
    return not planted and not within


def _circles() -> Iterator[Case]:
    def page(
        write: Callable[[int], tuple[str, ...]], token: Callable[[int], str]
    ) -> Callable[[Asked], Reply]:
        return lambda asked: say_xml(listing(*write(asked.number), following=token(asked.number)))

    def same(number: int) -> tuple[str, ...]:
        return (entry("a.txt", _ONE), entry("b.txt", _ONE))

    def rising(number: int) -> tuple[str, ...]:
        return tuple(entry(f"{number:08}/{one}.txt", _ONE) for one in range(1000))

    for act in (actions.LIST_FILES, actions.DOWNLOAD, actions.FS_FIND):
        yield case(
            "circle",
            "the same token",
            act,
            "ListObjects",
            page(same, lambda n: "t"),
            refused=(FileStoreError,),
        )
        yield case(
            "circle",
            "two tokens in turn",
            act,
            "ListObjects",
            page(same, lambda n: f"t{n % 2}"),
            refused=(FileStoreError,),
            seen=_few,
        )
        yield case(
            "circle",
            "new tokens for the same keys",
            act,
            "ListObjects",
            page(same, lambda n: f"t{n}"),
            refused=(FileStoreError,),
            seen=_few,
        )
        yield case(
            "circle",
            "new tokens for no keys",
            act,
            "ListObjects",
            page(lambda n: (), lambda n: f"t{n}"),
            refused=(FileStoreError,),
            seen=_few,
        )
        yield case(
            "circle",
            "keys that fall",
            act,
            "ListObjects",
            page(lambda n: (entry(f"{99_999 - n:05}", _ONE),), lambda n: f"t{n}"),
            refused=(FileStoreError,),
            seen=_few,
        )
    yield case(
        "circle",
        "uploads in a circle",
        actions.UPLOAD_PARTS,
        "ListMultipartUploads",
        lambda asked: say_xml(
            f"<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>"
            f"{honest.PREFIX}{asked.number % 2}</NextKeyMarker><NextUploadIdMarker>x"
            f"</NextUploadIdMarker></ListMultipartUploadsResult>"
        ),
        harmless=True,
        seen=_few,
    )
    yield case(
        "circle",
        "a page of 100 MB",
        actions.LIST_FILES,
        "ListObjects",
        endless(
            head("200 OK", "Content-Type: application/xml") + listing().encode()[:200],
            entry("a.txt", _ONE).encode() * 300,
        ),
    )
    yield case(
        "circle",
        "a page of 60,000 keys",
        actions.LIST_FILES,
        "ListObjects",
        lambda asked: say("200 OK", listing(*rising(0) * 60), media="application/xml"),
        right=is_listed,
    )


def _few(seen: Seen) -> str:
    pages = max(seen.counts.get(name, 0) for name in ("ListObjects", "ListMultipartUploads"))
    return "" if pages <= 1500 else f"{pages} pages were asked for"
