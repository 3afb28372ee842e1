"""Fetch both OpenAPI documents from a deployment, store them, regenerate the client and show the changes.

``python scripts/refresh.py DATASTORE_URL SEARCH_URL``, with the services' base URLs.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.generate import PACKAGE, generate  # noqa: E402
from scripts.generate_document import (  # noqa: E402
    SERVICES,
    DocumentError,
    Json,
    load,
    merge,
    normalise,
    store,
)
from scripts.generate_view import GenerationError  # noqa: E402
from scripts.interface_diff import compare  # noqa: E402


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


def refresh(urls: dict[str, str], root: Path = ROOT) -> list[str]:
    """Store the services' OpenAPI documents and regenerate the client.

    Nothing is stored unless both documents are available and consistent.

    Args:
        urls: Base URL by service name.
        root: The project's folder.

    Returns:
        Lines that describe the changes in the documents and in the generated files.

    Raises:
        DocumentError: A document is not available, or the two are inconsistent.
        GenerationError: The client could not be generated; the documents are stored.
    """
    fresh = {service: fetch(urls[service]) for service in SERVICES}
    merge(fresh)
    lines: list[str] = []
    for service, document in fresh.items():
        path = root / "openapi" / f"{service}.json"
        changes = compare(load(path), document)
        lines.append(f"{service}: {'no change' if not changes else f'{len(changes)} changed'}")
        lines.extend(f"  {change}" for change in changes)
        store(document, path)
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


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for service in SERVICES:
        parser.add_argument(f"{service}_url", help=f"base URL of the {service} service")
    options = parser.parse_args(arguments)
    try:
        lines = refresh({service: getattr(options, f"{service}_url") for service in SERVICES})
    except (DocumentError, GenerationError) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
