"""A datastore and a search whose answers can be read, and mean harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from provena_sdk.errors import FileError, ProvenaError, ServiceError
from scripts.stress.attacks import actions, honest
from scripts.stress.attacks.actions import Action, Steps
from scripts.stress.attacks.case import SERVICE_KINDS, STORE_KINDS, Case, Kinds, case
from scripts.stress.attacks.peer import Seen
from scripts.stress.attacks.scene import Scene
from scripts.stress.attacks.signin_cases import ESCAPES
from scripts.stress.attacks.wire import Asked, Reply, say_json

_PLACE_KINDS: Final[Kinds] = (*SERVICE_KINDS, FileError)


def _latest(provena: Any, scene: Scene) -> Steps:
    return (yield provena.datastore.latest_version(honest.HANDLE))


def _shown_datasets(provena: Any, scene: Scene) -> Steps:
    """Show what is found in every way there is."""
    found = yield provena.datastore.search_datasets("reef")
    print(found)
    listed = yield provena.datastore.list_all_datasets()
    print(*listed, sep="\n")
    dataset = provena.datastore.interactive_dataset(honest.HANDLE)
    print(dataset, (yield dataset.fetch_dataset()))
    return found


LATEST: Final = Action("latest version", _latest, lambda found, _: found == honest.HANDLE)
ENDLESS: Final = Action("latest of many", _latest, lambda found, _: False, faces=("sync",))
SHOWN: Final = Action("show", _shown_datasets, lambda found, _: len(found) == 3)


def cases() -> Iterator[Case]:
    """Every case."""
    yield from _places()
    yield from _keys()
    yield from _loops()
    yield from _names()


def _places() -> Iterator[Case]:
    buckets = {
        "empty": "",
        "with a slash": "a/b",
        "of dots": "..",
        "with a query": "reef?x=1",
        "with a fragment": "reef#",
        "with a user": "reef@evil.example",
        "with a host": "evil.example/",
        "with lines": "reef\r\nX-Evil: 1",
        "with escapes": "reef\x1b[2J",
        "with NUL": "reef\0",
        "of 100,000 letters": "r" * 100_000,
        "of other scripts": "réef",
        "a lone surrogate": "\ud800",
        "a number": 5,
        "null": None,
    }
    paths = {
        "empty": "",
        "a slash": "/",
        "slashes": "///",
        "above": "../",
        "above within": "datasets/../other/",
        "with lines": "datasets/a\r\nb/",
        "with escapes": "datasets/\x1b[2J/",
        "with NUL": "datasets/\0/",
        "of 100,000 letters": "d" * 100_000 + "/",
        "a lone surrogate": "datasets/\ud800/",
        "beginning with a slash": "/datasets/10378-1-1451860/",
        "an address": "s3://other/datasets/",
        "a number": 5,
        "null": None,
    }
    for act in (actions.LIST_FILES, actions.FS_LS):
        for name, bucket in buckets.items():
            yield case(
                "place",
                f"a bucket {name}",
                act,
                "fetch",
                say_json(honest.fetched(**{"s3.bucket_name": bucket})),
                refused=_PLACE_KINDS,
            )
        for name, path in paths.items():
            yield case(
                "place",
                f"a path {name}",
                act,
                "fetch",
                say_json(honest.fetched(**{"s3.path": path})),
                refused=_PLACE_KINDS,
                right=_nothing,
            )


def _nothing(result: object, scene: Scene) -> bool:
    """No files are there, and none were made up."""
    return not result


def _keys() -> Iterator[Case]:
    odd: dict[str, object] = {
        "empty": "",
        "with lines": "a\r\nX-Evil: 1",
        "with a tab": "a\tb",
        "of other scripts": f"{honest.MARK}é",
        "a lone surrogate": f"{honest.MARK}\ud800",
        "with escapes": f"{honest.MARK}\x1b[2J",
        "of 1 MB": "x" * 1_000_000,
        "with NUL": "a\0",
    }
    kinds = (*STORE_KINDS, *SERVICE_KINDS)
    for field in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token"):
        for name, value in odd.items():
            yield case(
                "credentials",
                f"{field} {name}",
                actions.LIST_FILES,
                "read-credentials",
                say_json(honest.credentials(**{f"credentials.{field}": value})),
                refused=kinds,
                harmless=True,
            )
    for name, value in {
        "in the past": "2001-01-01T00:00:00+00:00",
        "at the end of time": "9999-12-31T23:59:59+00:00",
        "at its beginning": "0001-01-01T00:00:00+00:00",
        "before its beginning": "0001-01-01T00:00:00+14:00",
        "without a zone": "2030-01-01T00:00:00",
        "in another script": "٢٠٣٠-01-01T00:00:00+00:00",
        "in words": "tomorrow",
        "a number": 1,
        "an odd zone": "2030-01-01T00:00:00+99:99",
    }.items():
        for act in (actions.LIST_FILES, actions.READ):
            yield case(
                "credentials",
                f"an end {name}",
                act,
                "read-credentials",
                say_json(honest.credentials(**{"credentials.expiry": value})),
                refused=kinds,
                harmless=True,
                seen=_few_credentials,
            )
    for name, url in {
        "a script": "javascript:alert(1)",
        "escapes": "https://x/\x1b[2J",
        "a number": 5,
    }.items():
        yield case(
            "credentials",
            f"a signed address that is {name}",
            actions.PRESIGN,
            "presign",
            say_json({"dataset_id": honest.HANDLE, "file_path": "obs/2024.csv", "presigned_url": url}),
        )


def _few_credentials(seen: Seen) -> str:
    asked = seen.counts.get("read-credentials", 0)
    return "" if asked <= 12 else f"credentials were asked for {asked} times"


def _loops() -> Iterator[Case]:
    def page(
        keys: Callable[[int], object], names: tuple[str, ...] = honest.NAMES
    ) -> Callable[[Asked], Reply]:
        return lambda asked: say_json(honest.listed(names, keys(asked.number)))

    def key(number: int) -> dict[str, object]:
        return {"id": f"k{number}", "item_subtype": "DATASET", "updated_timestamp": number}

    for act in (actions.LIST, actions.PAGES):
        yield case(
            "loop", "the same key for ever", act, "list", page(lambda n: key(0)), refused=(ProvenaError,)
        )
        yield case(
            "loop", "two keys in turn", act, "list", page(lambda n: key(n % 2)), refused=(ProvenaError,)
        )
        yield case(
            "loop",
            "seven keys in turn, without items",
            act,
            "list",
            page(lambda n: key(n % 7), ()),
            refused=(ProvenaError,),
        )
        yield case(
            "loop",
            "keys of all types",
            act,
            "list",
            page(lambda n: [[], {}, "", 0, "x", True][n % 6]),
            refused=(ProvenaError,),
        )
    circle = honest.fetched(**{"versioning_info.next_version": honest.HANDLE})
    yield case(
        "loop", "versions in a circle of one", LATEST, "fetch", say_json(circle), refused=(ServiceError,)
    )

    def versions(asked: Asked) -> Reply:
        following = f"10378.1/{1 + asked.number % 5}"
        return say_json(honest.fetched(**{"versioning_info.next_version": following}))

    yield case("loop", "versions in a circle of five", LATEST, "fetch", versions, refused=(ServiceError,))
    yield case(
        "loop",
        "versions without end",
        ENDLESS,
        "fetch",
        lambda asked: say_json(honest.fetched(**{"versioning_info.next_version": f"1/{asked.number}"})),
        refused=(ServiceError,),
    )
    yield case(
        "loop",
        "5,000 hits where 25 were asked for",
        actions.SEARCH,
        "search",
        lambda asked: say_json(honest.found(5000)),
        refused=(ServiceError,),
        right=lambda found, _: len(found) <= 25,
        seen=lambda seen: "" if seen.counts.get("fetch", 0) <= 60 else f"{seen.counts['fetch']} were fetched",
    )
    yield case(
        "loop",
        "a token that is refused for ever",
        actions.REFRESH,
        "fetch",
        say_json({"detail": "Could not validate credentials"}, "401 No", "WWW-Authenticate: Bearer"),
        refused=(ProvenaError,),
        seen=lambda seen: "" if seen.counts["token"] < 9 else "too many tokens",
    )


def _names() -> Iterator[Case]:
    for name, text in ESCAPES.items():
        fields: dict[str, object] = {
            "display_name": text,
            "owner_username": text,
            "collection_format.dataset_info.name": text,
            "collection_format.dataset_info.description": text,
            "release_status": text,
            "item_subtype": text,
        }
        yield case(
            "name",
            f"datasets whose name {name}",
            SHOWN,
            ("fetch", "list"),
            _named(fields),
            right=lambda found, _: len(found) == 3,
        )
        hits = [
            {"id": text, "score": 1.0},
            {"id": "../../admin/config", "score": 2.0},
            {"id": "10378.1/1", "score": 0},
        ]
        yield case(
            "name",
            f"hits whose handle {name}",
            SHOWN,
            "search",
            say_json({"status": honest.STATUS, "results": hits, "warnings": [text]}),
            right=lambda found, _: True,
        )
        yield case(
            "name",
            f"reviewers whose name {name}",
            actions.REVIEWERS,
            "reviewers",
            say_json([text]),
            right=lambda found, _: True,
        )
        yield case(
            "name",
            f"access of one whose name {name}",
            actions.ACCESS,
            "access",
            say_json({"username": text, "email": text, "roles": [text], "access_token": honest.token()}),
            right=lambda found, _: True,
        )


def _named(changes: dict[str, object]) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        if asked.operation == "fetch":
            return say_json(honest.fetched(**changes))
        whole = honest.listed()
        return say_json({**whole, "items": [honest.item(**changes)]})

    return answer
