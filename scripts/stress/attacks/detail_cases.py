"""What a datastore, or something in front of it, says when it refuses; and secrets that it repeats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from provena_sdk.errors import ProvenaError
from scripts.stress.attacks import actions, honest
from scripts.stress.attacks.case import Case, case
from scripts.stress.attacks.signin_cases import ESCAPES
from scripts.stress.attacks.wire import Asked, Reply, say, say_json

_PAGES: Final = {
    "6,000 spaces in a title": f"<html><title>{' ' * 6000}x",
    "100,000 spaces in a title": f"<html><title>{' ' * 100_000}</title>",
    "100,000 titles": "<title>" * 100_000,
    "white space of all kinds": f"<html><title>{' ' * 9} " * 20_000,
    "a title of 1 MB": f"<html><title>{'x' * 1_000_000}</title>",
    "a title that controls the terminal": "<html><title>\x1b[2J\x07\u202e</title>",
    "100,000 keys": "aws_" * 100_000,
    "100,000 assignments": "aws_secret_access_key=" * 20_000,
    "100,000 quotes": "password" + "'\" " * 100_000,
    "half tokens": "eyJaaaaaaaaa." * 50_000,
    "Bearer and Bearer": "Bearer " * 50_000,
    "spaces before a colon": "password" + " " * 100_000 + ":x",
}
_ODD: Final[tuple[object, ...]] = (
    5,
    None,
    True,
    [5],
    [None],
    ["x"],
    [{}],
    [{"loc": 5}],
    [{"loc": {"a": 1}}],
    {"a": "b"},
    [[[]]],
    [{"loc": [[1]], "msg": {}, "type": []}] * 1000,
)


def cases() -> Iterator[Case]:
    """Every case."""
    yield from _details()
    yield from _pages()
    yield from _odd_details()
    yield from _echoes()


def _details() -> Iterator[Case]:
    for name, text in ESCAPES.items():
        yield case(
            "detail",
            f"a detail that {name}",
            actions.FETCH,
            "fetch",
            say_json({"detail": text}, "400 Bad Request"),
        )
        entry = {"loc": ["body", text, 0], "msg": text, "type": text, "ctx": {text: text}}
        yield case(
            "detail",
            f"a place of a 422 that {name}",
            actions.MINT,
            "mint",
            say_json({"detail": [entry]}, "422 Unprocessable"),
        )
        yield case(
            "detail",
            f"a refusal that {name}",
            actions.MINT,
            "mint",
            say_json({"status": {"success": False, "details": text}}),
        )
        yield case(
            "detail",
            f"a locked dataset that {name}",
            actions.FETCH,
            "fetch",
            say_json({"detail": f"{text} is locked"}, "401 Unauthorized"),
        )


def _pages() -> Iterator[Case]:
    for name, text in _PAGES.items():
        for media, status in (("text/html", "502 Bad Gateway"), ("text/plain", "400 Bad Request")):
            yield case(
                "web page", f"{name} as {media}", actions.FETCH, "fetch", say(status, text, media=media)
            )
        yield case(
            "web page",
            f"{name} in a detail",
            actions.FETCH,
            "fetch",
            say_json({"detail": text}, "403 Forbidden"),
        )
        yield case(
            "web page",
            f"{name} from the sign-in",
            actions.REFRESH,
            "token",
            say_json({"error": "invalid_request", "error_description": text}, "400 Bad"),
            refused=(ProvenaError,),
        )


def _odd_details() -> Iterator[Case]:
    for index, detail in enumerate(_ODD):
        for status in ("400 Bad", "401 No", "422 No", "500 No"):
            yield case(
                "detail",
                f"odd detail {index} with {status[:3]}",
                actions.FETCH,
                "fetch",
                say_json({"detail": detail}, status),
            )


def _echoes() -> Iterator[Case]:
    def echo(status: str, plain: bool = False) -> Callable[[Asked], Reply]:
        def answer(asked: Asked) -> Reply:
            told = f"Your header was {asked.headers.get('authorization')} ok {asked.headers}"
            return say(status, told, media="text/plain") if plain else say_json({"detail": told}, status)

        return answer

    for status in ("400 Bad", "401 No", "403 No", "404 No", "422 No", "429 No", "500 No", "503 No"):
        yield case("echo", f"headers with {status[:3]}", actions.FETCH, "fetch", echo(status))
        yield case("echo", f"headers as text with {status[:3]}", actions.MINT, "mint", echo(status, True))
    keys = honest.credentials()
    for name, reply in {
        "as an error": say_json(keys, "500 No"),
        "within a detail": say_json({"detail": str(keys)}, "400 No"),
        "as a list of details": say_json(
            {"detail": [{"loc": ["x"], "msg": str(keys), "type": "x"}]}, "422 No"
        ),
        "as a refusal": say_json({"status": {"success": False, "details": str(keys)}}),
        "of another shape": say_json({**keys, "credentials": [keys["credentials"]]}),
        "as text": say("400 No", str(keys), media="text/plain"),
        "as a web page": say("502 No", f"<title>{keys}</title>", media="text/html"),
        "cut": say("200 OK", str(keys)[:-40]),
    }.items():
        yield case("echo", f"credentials {name}", actions.CREDENTIALS, "read-credentials", reply)
