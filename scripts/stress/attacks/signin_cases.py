"""A sign-in server whose answers can be read, and mean harm."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from provena_sdk.errors import SignInError
from scripts.stress.attacks import actions, honest
from scripts.stress.attacks.case import Case, case
from scripts.stress.attacks.peer import Seen
from scripts.stress.attacks.scene import Scene
from scripts.stress.attacks.wire import Asked, Reply, say, say_json

ESCAPES: Final = {
    "clears the screen": "\x1b[2J\x1b[H",
    "writes to the clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "renames the window": "\x1b]0;Signed in as admin\x07",
    "goes back": "abc\b\b\bxyz\r",
    "uses one byte of C1": "\x9b2J\x9d0;x\x9c",
    "reads backwards": "\u202enimda\u2066",
    "has lines": "WDJB\nSigned in as admin.\n",
    "has a lone surrogate": "\ud800",
    "has 100,000 letters": "A" * 100_000,
    "has NUL": "A\0B",
    "has tags": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "has line separators": "a\u2028b\u2029c\x85d",
    "hides characters": "a\u200bb\ufeffc\u00add\u2060e",
    "is a format": "{0.__class__.__mro__}{client}%s%n",
}
"""What a text from elsewhere may try."""

_NUMBERS: Final = {
    "beyond all numbers": "1e400",
    "minus infinity": "-Infinity",
    "nan": "NaN",
    "of 400 digits": "1" + "0" * 400,
    "of 5,000 digits": "9" * 5000,
    "1e14": "1e14",
    "tiny": "1e-9",
    "negative": "-5",
    "zero": "0",
    "a text": '"300"',
    "a superscript": '"²"',
    "true": "true",
    "null": "null",
    "a list": "[300]",
}
_TYPES: Final[tuple[object, ...]] = (5, None, True, [], ["a"], {}, {"a": 1}, "", " ", 1.5)
_CLAIMS: Final[dict[str, dict[str, Any]]] = {
    "roles of all types": {
        "realm_access": {"roles": [5, None, {}, "a"]},
        "resource_access": {"x": {"roles": 5}},
    },
    "access of the wrong type": {"realm_access": [], "resource_access": 7},
    "names of the wrong type": {"preferred_username": ["ada"], "email": {}, "sub": 5},
    "100,000 roles": {"realm_access": {"roles": [f"r{number}" for number in range(100_000)]}},
}


def cases() -> Iterator[Case]:
    """Every case."""
    yield from _tokens()
    yield from _numbers()
    yield from _codes()
    yield from _pages()
    yield from _documents()
    yield from _refusals()
    yield from _people()


def _with(fields: dict[str, Any], name: str, text: str) -> str:
    """Write JSON of which one value stands as it is given."""
    return json.dumps({**fields, name: "@"}).replace('"@"', text)


def _tokens() -> Iterator[Case]:
    for value in (*_TYPES, "a b", "a\r\nX-Evil: 1", "ab\x00", "é" * 10, "\ud800", "x" * 300_000):
        for name in ("access_token", "refresh_token", "token_type", "scope"):
            shown = f"{name} = {json.dumps(value)[:24]}"
            yield case(
                "token",
                shown,
                actions.REFRESH,
                "token",
                say_json(honest.tokens(**{name: value})),
                harmless=True,
            )
    for name, text in ESCAPES.items():
        yield case(
            "token", f"a type that {name}", actions.REFRESH, "token", say_json(honest.tokens(token_type=text))
        )
    for name, payload in {
        "no base64": "!!!",
        "no JSON": "e30K$",
        "200,000 lists deep": base64.urlsafe_b64encode(b"[" * 200_000).decode(),
        "a number of 5,000 digits": base64.urlsafe_b64encode(b'{"exp": ' + b"9" * 5000 + b"}").decode(),
        "an end beyond all numbers": base64.urlsafe_b64encode(b'{"exp": 1e400}').decode(),
        "bytes that are not text": base64.urlsafe_b64encode(b'{"preferred_username": "\xff"}').decode(),
        "letters of other scripts": "٣٣٣٣",
    }.items():
        fields = honest.tokens(access_token=f"eyJ.{payload}.{honest.MARK}")
        fields.pop("expires_in")
        yield case(
            "token", f"claims are {name}", actions.WHOAMI, "token", say_json(fields), harmless=True, since=1
        )
    for name, claims in _CLAIMS.items():
        fields = honest.tokens(access_token=honest.token(**claims))
        yield case(
            "token", f"claims with {name}", actions.WHOAMI, "token", say_json(fields), harmless=True, since=1
        )


def _numbers() -> Iterator[Case]:
    for name, text in _NUMBERS.items():
        for field in ("expires_in", "refresh_expires_in"):
            yield case(
                "number",
                f"{field} is {name}",
                actions.REFRESH,
                "token",
                say("200 OK", _with(honest.tokens(), field, text)),
                harmless=True,
            )
        for field in ("expires_in", "interval"):
            yield case(
                "number",
                f"{field} of a code is {name}",
                actions.SIGN_IN,
                "device",
                _device(partial(_with, name=field, text=text)),
                harmless=True,
                seen=_few_polls,
            )
    for name, text in {"1e-9": "1e-9", "0.001": "0.001", "zero": "0", "negative": "-1"}.items():
        asked_often = case(
            "number",
            f"a wait of {name} for ever",
            actions.SIGN_IN,
            "device",
            _device(partial(_with, name="interval", text=text)),
            seen=_few_polls,
        )
        pending = case(
            "", "", actions.SIGN_IN, "token", say_json({"error": "authorization_pending"}, "400 Bad")
        )
        yield _both(asked_often, pending)
    yield case(
        "number",
        "slow_down for ever",
        actions.SIGN_IN,
        "token",
        say_json({"error": "slow_down"}, "400 Bad"),
        refused=(SignInError,),
        seen=_few_polls,
    )


def _both(first: Case, second: Case) -> Case:
    return Case(
        first.area,
        first.name,
        first.act,
        (*first.rules, *second.rules),
        first.refused,
        first.right,
        first.seen,
    )


def _few_polls(seen: Seen) -> str:
    """A code lives for ten minutes, and is asked about once a second at most."""
    polls = seen.counts.get("token", 0)
    return "" if polls <= 3700 else f"the sign-in server was asked {polls} times"


def _device(write: Callable[[dict[str, Any]], str]) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        issuer = f"http://{asked.headers['host']}/auth/realms/provena"
        return say("200 OK", write(honest.device(issuer)))

    return answer


def _changed(**changes: object) -> Callable[[Asked], Reply]:
    return _device(lambda fields: json.dumps({**fields, **changes}))


def _codes() -> Iterator[Case]:
    for name, text in ESCAPES.items():
        printable = text.isprintable() and len(text) <= 64
        yield case(
            "code",
            f"a user code that {name}",
            actions.SIGN_IN,
            "device",
            _changed(user_code=text),
            right=_is_signed_in if printable else None,
        )
    for name in ("user_code", "device_code"):
        for value in _TYPES:
            yield case(
                "code",
                f"{name} = {json.dumps(value)}",
                actions.SIGN_IN,
                "device",
                _changed(**{name: value}),
                harmless=name == "device_code",
            )
    yield case("code", "a user code of 64 spaces", actions.SIGN_IN, "device", _changed(user_code=" " * 64))


def _is_signed_in(result: object, scene: Scene) -> bool:
    return result is not None


def _pages() -> Iterator[Case]:
    pages = {
        "a script": "javascript:alert(1)",
        "a file": "file:///etc/passwd",
        "data": "data:text/html,<script>alert(1)</script>",
        "plain http elsewhere": "http://auth.example.org/device",
        "with a user": "https://auth.example.org:443@evil.example/",
        "with a user of this machine": "http://ada:pw@127.0.0.1/device",
        "without a host": "https:///device",
        "with spaces": "https://auth.example.org/a b",
        "with escapes": "https://auth.example.org/\x1b[2J",
        "with lines": "https://auth.example.org/\nSigned in as admin.",
        "read backwards": "https://auth.example.org/\u202egpj",
        "of 100,000 letters": "https://auth.example.org/" + "a" * 100_000,
        "a number": 5,
        "null": None,
        "brackets": "https://[::1/",
        "a port beyond": "https://auth.example.org:99999/",
        "an option": "--help",
        "tags": 'https://auth.example.org/"><script>alert(1)</script>',
    }
    for name, page in pages.items():
        yield case("page", name, actions.SIGN_IN, "device", _changed(verification_uri=page), harmless=True)
        yield case(
            "page",
            f"{name}, filled in",
            actions.SIGN_IN,
            "device",
            _changed(verification_uri_complete=page),
            harmless=True,
        )


def _documents() -> Iterator[Case]:
    def answer(changes: dict[str, object]) -> Callable[[Asked], Reply]:
        def reply(asked: Asked) -> Reply:
            return say_json(
                honest.discovery(f"http://{asked.headers['host']}/auth/realms/provena", **changes)
            )

        return reply

    for name, value in {
        "http elsewhere": "http://auth.example.org/token",
        "a user": "https://ada@auth.example.org/token",
        "a script": "javascript:alert(1)",
        "lines": "https://auth.example.org/\r\nX-Evil: 1",
        "escapes": "http://\x1b[2J.example/",
        "100,000 letters": "http://" + "a" * 100_000,
        "a broken host": "https://[::1/token",
        "a port beyond": "https://127.0.0.1:99999/token",
        "a lone surrogate": "https://auth.example.org/\ud800",
        "an empty label": "https://a..example.org/token",
    }.items():
        for field in ("token_endpoint", "issuer"):
            yield case(
                "discovery", f"{field} with {name}", actions.REFRESH, "discovery", answer({field: value})
            )
    for odd in _TYPES:
        yield case(
            "discovery",
            f"token_endpoint = {json.dumps(odd)}",
            actions.REFRESH,
            "discovery",
            answer({"token_endpoint": odd}),
            harmless=True,
        )


def _refusals() -> Iterator[Case]:
    for name, text in ESCAPES.items():
        yield case(
            "refusal",
            f"a description that {name}",
            actions.REFRESH,
            "token",
            say_json({"error": "invalid_grant", "error_description": text}, "400 Bad"),
        )
        yield case(
            "refusal", f"an error that {name}", actions.REFRESH, "token", say_json({"error": text}, "400 Bad")
        )
    for value in _TYPES:
        yield case(
            "refusal",
            f"error = {json.dumps(value)}",
            actions.REFRESH,
            "token",
            say_json({"error": value, "error_description": value}, "400 Bad"),
        )
    for status in ("200 OK", "400 Bad Request", "401 Unauthorized", "500 Internal Server Error"):
        for act in (actions.REFRESH, actions.SERVICE, actions.SIGN_IN):
            yield case(
                "echo", f"form and headers with {status} from the sign-in", act, "token", _echo(status)
            )
    yield case(
        "echo", "the token in userinfo", actions.WHOAMI, "userinfo", _echo("401 Unauthorized"), harmless=True
    )
    yield case("echo", "the token when it is revoked", actions.SIGN_OUT, "revoke", _echo("400 Bad Request"))


def _echo(status: str) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        whole = f"bad {asked.body.decode()} {asked.headers.get('authorization', '')}"
        return say_json({"error": "invalid_request", "error_description": whole, "detail": whole}, status)

    return answer


def _people() -> Iterator[Case]:
    for name, text in ESCAPES.items():
        yield case(
            "person",
            f"a name that {name}",
            actions.WHOAMI,
            "userinfo",
            say_json({"preferred_username": text, "email": text}),
            right=lambda result, _: bool(result.username),
        )
        fields = honest.tokens(
            access_token=honest.token(preferred_username=text, realm_access={"roles": [text]})
        )
        yield case(
            "person",
            f"a token's name that {name}",
            actions.SIGN_IN,
            "token",
            say_json(fields),
            harmless=True,
            since=1,
        )
        yield case(
            "person",
            f"a pipeline's name that {name}",
            actions.OFFLINE,
            "token",
            say_json(fields),
            harmless=True,
            since=1,
        )
    for value in (one for one in _TYPES if one != " "):
        yield case(
            "person",
            f"preferred_username = {json.dumps(value)}",
            actions.WHOAMI,
            "userinfo",
            say_json({"preferred_username": value, "email": value}),
            harmless=True,
        )
