"""List the changes between two versions of an OpenAPI document.

``python scripts/interface_diff.py OLD.json NEW.json`` prints them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.generate_document import Json, load, normalise, operations  # noqa: E402


def compare(old: Json, new: Json) -> list[str]:
    """List the changes from ``old`` to ``new``, ignoring prose.

    Args:
        old: An OpenAPI document.
        new: A later version of it.

    Returns:
        One line per change: ``+`` for additions, ``-`` for removals, ``~`` for modifications.

    Example:
        >>> schema = {"properties": {"id": {"type": "string"}}}
        >>> old = {"paths": {"/": {}}, "components": {"schemas": {"Item": schema}}}
        >>> new = {"paths": {"/": {"get": {"operationId": "root"}}}, "components": {"schemas": {}}}
        >>> for line in compare(old, new):
        ...     print(line)
        + operation root: GET /
        - schema Item
    """
    old, new = normalise(old), normalise(new)
    return [
        *_operations(dict(_named_operations(old)), dict(_named_operations(new))),
        *_schemas(_components(old), _components(new)),
    ]


def _components(document: Json) -> Json:
    schemas: Json = document.get("components", {}).get("schemas", {})
    return schemas


def _named_operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, method, operation in operations(document):
        yield f"{method.upper()} {path}", operation


def _operations(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[str]:
    for place in sorted({*old, *new}):
        name = (new.get(place) or old[place]).get("operationId", "without a name")
        if place not in old:
            yield f"+ operation {name}: {place}"
        elif place not in new:
            yield f"- operation {name}: {place}"
        else:
            yield from (f"~ operation {name}: {line}" for line in _operation(old[place], new[place]))


def _operation(old: Json, new: Json) -> Iterator[str]:
    if old.get("operationId") != new.get("operationId"):
        yield f"was called {old.get('operationId')}"
    before, after = (
        {entry["name"]: entry for entry in operation.get("parameters", ())} for operation in (old, new)
    )
    for name in sorted({*before, *after}):
        if name not in before:
            yield f"new parameter {name}: {_parameter(after[name])}"
        elif name not in after:
            yield f"parameter {name} is gone"
        elif before[name] != after[name]:
            yield f"parameter {name}: {_parameter(before[name])} → {_parameter(after[name])}"
    bodies = [_content(operation.get("requestBody", {})) for operation in (old, new)]
    if bodies[0] != bodies[1]:
        yield f"body: {bodies[0]} → {bodies[1]}"
    statuses = sorted({*old.get("responses", {}), *new.get("responses", {})})
    for status in statuses:
        answers = [_content(operation.get("responses", {}).get(status)) for operation in (old, new)]
        if answers[0] != answers[1]:
            yield f"answer {status}: {answers[0]} → {answers[1]}"
    if bool(old.get("security")) != bool(new.get("security")):
        yield "needs sign-in now" if new.get("security") else "needs no sign-in any more"


def _parameter(entry: Json) -> str:
    need = "required" if entry.get("required") else "optional"
    return f"{need} {shown(entry.get('schema', {}))} in {entry.get('in')}"


def _content(entry: Json | None) -> str:
    if entry is None:
        return "none"
    content = entry.get("content", {})
    return (
        ", ".join(f"{media} {shown(content[media].get('schema', {}))}" for media in sorted(content))
        or "empty"
    )


def _schemas(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if name not in old:
            yield f"+ schema {name}"
        elif name not in new:
            yield f"- schema {name}"
        elif old[name] != new[name]:
            yield from _schema(name, old[name], new[name])


def _schema(name: str, old: Json, new: Json) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
    for key in sorted({*before, *after}):
        if key not in before:
            need = "required" if key in needed_after else "optional"
            yield f"+ field {name}.{key}: {need} {shown(after[key])}"
        elif key not in after:
            yield f"- field {name}.{key}"
        elif before[key] != after[key]:
            yield f"~ field {name}.{key}: {shown(before[key])} → {shown(after[key])}"
        if key in before and key in after and (key in needed_before) != (key in needed_after):
            yield f"~ field {name}.{key}: {'now required' if key in needed_after else 'no longer required'}"
    values_before, values_after = old.get("enum", []), new.get("enum", [])
    yield from (f"+ value {name}.{value}" for value in values_after if value not in values_before)
    yield from (f"- value {name}.{value}" for value in values_before if value not in values_after)
    told = ("properties", "required", "enum")
    rest_before, rest_after = (
        {key: value for key, value in schema.items() if key not in told} for schema in (old, new)
    )
    if rest_before != rest_after:
        yield f"~ schema {name}: {shown(rest_before)} → {shown(rest_after)}"


def shown(schema: Any) -> str:
    """Describe a schema briefly.

    Example:
        >>> shown({"type": "array", "items": {"$ref": "#/components/schemas/Item"}})
        'list of Item'
        >>> shown({"type": "integer", "default": 20})
        'integer {"default": 20}'
    """
    if not schema:
        return "anything"
    rest = dict(schema)
    reference = rest.pop("$ref", None)
    if reference is not None:
        words = str(reference).rpartition("/")[2]
    elif rest.get("type") == "array" and "items" in rest:
        rest.pop("type")
        words = f"list of {shown(rest.pop('items'))}"
    else:
        words = str(rest.pop("type", ""))
    return f"{words} {json.dumps(rest, sort_keys=True) if rest else ''}".strip()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    options = parser.parse_args(arguments)
    for line in compare(load(options.old), load(options.new)):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
