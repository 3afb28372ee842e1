"""Redirects, waits and other requests that an answer makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provena_sdk.errors import EndpointNotFound
from scripts.stress.attacks import actions
from scripts.stress.attacks.case import Case, Ports, case
from scripts.stress.attacks.http_cases import TARGETS
from scripts.stress.attacks.peer import Seen
from scripts.stress.attacks.wire import say, say_json

_STATUSES: Final = (
    "301 Moved",
    "302 Found",
    "303 See Other",
    "307 Temporary Redirect",
    "308 Permanent Redirect",
)
_WAITS: Final = {
    "a superscript": "²",
    "another script's digit": "٣",
    "beyond all numbers": "1e400",
    "nan": "nan",
    "inf": "inf",
    "negative": "-5",
    "5,000 digits": "9" * 5000,
    "a year": "31536000",
    "nonsense": "soon",
    "the year 9999": "Fri, 31 Dec 9999 23:59:59 GMT",
    "the year 0": "Mon, 01 Jan 0000 00:00:00 GMT",
    "a zone beyond": "Mon, 01 Jan 2024 00:00:00 +9999",
    "escapes": "\x1b[2J",
    "a list": "1, 2",
}
_DATES: Final = (
    "yesterday",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Fri, 31 Dec 99999 23:59:59 GMT",
    "Mon, 01 Jan 0001 00:00:00 -2359",
    "Mon, 01 Jan 0001 00:00:00 GMT",
    "Mon, 99 Foo 2024 99:99:99 GMT",
    "9" * 5000,
    "Wed, 01 May ٢٠٢٤ 08:30:00 GMT",
    "",
    "\x1b[2J",
)


def cases(ports: Ports) -> Iterator[Case]:
    """Every case; ``ports`` says where else a redirect could lead."""
    yield from _redirects(ports)
    yield from _waits()
    for target in TARGETS:
        for date in _DATES:
            answer = say("200 OK", target.body, f"Date: {date}", *target.headers, media=target.media)
            yield case(
                "date",
                f"{date[:30]!a} from the {target.name}",
                target.act,
                target.operation,
                answer,
                harmless=True,
            )


def _redirects(ports: Ports) -> Iterator[Case]:
    elsewhere = f"http://127.0.0.1:{ports['elsewhere']}/steal"
    places = {
        "to another port": elsewhere,
        "to another port with a user": f"http://ada:secret@127.0.0.1:{ports['elsewhere']}/",
        "without a scheme": f"//127.0.0.1:{ports['elsewhere']}/steal",
        "to itself": "",
        "to a file": "file:///etc/passwd",
        "to a script": "javascript:alert(1)",
        "to escapes": "http://\x1b[2J\x07/",
        "to a place of 100,000 characters": elsewhere + "?" + "x" * 60_000,
    }
    for target in TARGETS:
        for status in _STATUSES:
            kinds = (EndpointNotFound,) if target.act is actions.FETCH else None
            answer = say(status, b"", f"Location: {elsewhere}")
            yield case(
                "redirect",
                f"{status} from the {target.name}",
                target.act,
                target.operation,
                answer,
                refused=kinds,
            )
        for name, place in places.items():
            answer = say("307 Temporary Redirect", b"", f"Location: {place}")
            yield case("redirect", f"{name} from the {target.name}", target.act, target.operation, answer)
    for name, header in (
        ("Refresh", f"Refresh: 0; url={elsewhere}"),
        ("Link", f"Link: <{elsewhere}>; rel=preload"),
        ("Alt-Svc", f'Alt-Svc: h2="127.0.0.1:{ports["elsewhere"]}"'),
        ("Content-Location", f"Content-Location: {elsewhere}"),
    ):
        for target in TARGETS:
            answer = say("200 OK", target.body, header, *target.headers, media=target.media)
            yield case(
                "redirect",
                f"{name} from the {target.name}",
                target.act,
                target.operation,
                answer,
                harmless=True,
            )
    answer = say(
        "400 Bad", "<Error><Code>AuthorizationHeaderMalformed</Code><Region>evil.example/#</Region></Error>"
    )
    yield case("redirect", "to another region", actions.LIST_FILES, "ListObjects", answer)


def _waits() -> Iterator[Case]:
    for name, text in _WAITS.items():
        yield case(
            "wait",
            f"{name} from the datastore",
            actions.FETCH,
            "fetch",
            say_json({"detail": "busy"}, "429 Too Many Requests", f"Retry-After: {text}"),
            times=1,
            harmless=True,
            retries=1,
            seen=_asked_twice,
        )
        yield case(
            "wait",
            f"{name} from the sign-in",
            actions.REFRESH,
            "token",
            say("503 Service Unavailable", "busy", f"Retry-After: {text}", media="text/plain"),
            times=2,
            harmless=True,
        )
        yield case(
            "wait",
            f"{name} from the store",
            actions.LIST_FILES,
            "ListObjects",
            say(
                "503 Slow Down",
                "<Error><Code>SlowDown</Code></Error>",
                f"Retry-After: {text}",
                media="application/xml",
            ),
            times=1,
            harmless=True,
        )


def _asked_twice(seen: Seen) -> str:
    return "" if seen.counts.get("fetch", 0) <= 4 else f"the datastore was asked {seen.counts['fetch']} times"
