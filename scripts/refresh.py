"""Fetch the OpenAPI documents of a deployment, store them, regenerate the client and show the changes.

``python scripts/refresh.py --deployment example.org`` fetches all of them at their usual URLs, and
``--datastore URL --job URL`` those of the services named; both can be combined. ``none`` leaves a service out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from provena_sdk.config import Deployment  # noqa: E402
from provena_sdk.errors import ConfigurationError  # noqa: E402
from scripts.generate import PACKAGE, generate, served  # noqa: E402
from scripts.generate_document import (  # noqa: E402
    SERVICES,
    DocumentError,
    Json,
    merge,
    normalise,
    store,
)
from scripts.generate_view import GenerationError  # noqa: E402
from scripts.interface_diff import compare  # noqa: E402

WHOLE = ("datastore", "search")
"""The services all of whose operations are used. The others' documents are cut down to the paths stored."""


def fetch(base_url: str) -> Json:
    """Fetch a service's OpenAPI document, without its prose.

    Args:
        base_url: The service's base URL.

    Returns:
        The document to store.

    Raises:
        DocumentError: The service cannot be reached, or its answer is not an OpenAPI document.
    """
    url = base_url.rstrip("/") + "/openapi.json"
    try:
        response = httpx.get(url, timeout=30, follow_redirects=True)
        response.raise_for_status()
        document = response.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DocumentError(f"{url}: {error or type(error).__name__}") from error
    except json.JSONDecodeError as error:
        raise DocumentError(f"{url}: the answer is not JSON.") from error
    if not isinstance(document, dict):
        raise DocumentError(f"{url}: the answer is not an OpenAPI document.")
    return normalise(document)


def cut_down(document: Json, stored: Json) -> tuple[Json, int]:
    """Return the part of a document that the stored one has, and the number of operations left out.

    Args:
        document: The document as served.
        stored: The document as it is stored.

    Returns:
        The document with the stored paths only, and with the schemas that these use.
    """
    paths = {path: item for path, item in document["paths"].items() if path in stored["paths"]}
    schemas: Json = document.get("components", {}).get("schemas", {})
    used: set[str] = set()
    waiting = [*_references(paths), "HTTPValidationError"]
    while waiting:
        name = waiting.pop()
        if name in schemas and name not in used:
            used.add(name)
            waiting += _references(schemas[name])
    components = {**document.get("components", {}), "schemas": {name: schemas[name] for name in sorted(used)}}
    left_out = sum(len(item) for path, item in document["paths"].items() if path not in paths)
    return {**document, "paths": paths, "components": components}, left_out


def _references(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for entry in node:
            yield from _references(entry)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rpartition("/")[2]
        for value in node.values():
            yield from _references(value)


def refresh(urls: Mapping[str, str], root: Path = ROOT) -> list[str]:
    """Store the services' OpenAPI documents and regenerate the client.

    Nothing is stored unless all documents are available and consistent, also with those of services not fetched.

    Args:
        urls: Base URL by service name.
        root: The project's folder.

    Returns:
        Lines that describe the changes in the documents and in the generated files.

    Raises:
        DocumentError: A document is not available, or they are inconsistent.
        GenerationError: The client could not be generated; the documents are stored.
    """
    stored = served(root)
    fresh: dict[str, Json] = {}
    left_out: dict[str, int] = {}
    for service, url in urls.items():
        fresh[service], left_out[service] = fetch(url), 0
        if service not in WHOLE:
            fresh[service], left_out[service] = cut_down(fresh[service], stored[service])
    merge({**stored, **fresh})
    lines: list[str] = []
    for service, document in fresh.items():
        changes = compare(stored[service], document)
        more = f", {left_out[service]} operations left out" if left_out[service] else ""
        lines.append(f"{service}: {'no change' if not changes else f'{len(changes)} changed'}{more}")
        lines.extend(f"  {change}" for change in changes)
        store(document, root / "openapi" / f"{service}.json")
    try:
        changed = generate(root)
    except (DocumentError, GenerationError) as error:
        told = "\n".join(
            [
                *lines,
                str(error),
                "The OpenAPI documents are stored: correct openapi/overlay/, and run make generate.",
            ]
        )
        raise GenerationError(told) from error
    lines.append(f"generated/{PACKAGE}: {len(changed)} files changed")
    lines.extend(f"  {name}" for name in changed)
    return lines


def _urls(options: argparse.Namespace) -> dict[str, str]:
    urls: dict[str, str] = {}
    for service in SERVICES:
        given = getattr(options, service)
        if given is None and options.deployment:
            given = Deployment(options.deployment).url_of(service)
        if given and given != "none":
            urls[service] = given
    return urls


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--deployment", metavar="DOMAIN", help="fetch from all services of this deployment")
    for service in SERVICES:
        parser.add_argument(f"--{service}", metavar="URL", help=f"base URL of the {service} service")
    options = parser.parse_args(arguments)
    try:
        urls = _urls(options)
        if not urls:
            parser.error("give --deployment, or the URL of a service")
        lines = refresh(urls)
    except (ConfigurationError, DocumentError, GenerationError) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
