"""Merge the services' OpenAPI documents into one, from which the client is generated.

This includes reading and writing the files, removing their prose, and applying the overlay in ``openapi/overlay/``.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

Json: TypeAlias = dict[str, Any]

SERVICES = ("datastore", "search", "registry", "auth", "job", "prov")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PLACE = re.compile(r"<([A-Za-z]+)>")
_PROSE = ("title", "description", "summary", "externalDocs", "example", "examples")


class DocumentError(Exception):
    """The OpenAPI documents or the overlay cannot be used; the message lists every place."""


def normalise(document: Json) -> Json:
    """Return the document without its prose, which differs between deployments.

    Titles in particular would rename classes, and duplicate titles would drop an answer.

    Args:
        document: An OpenAPI document as served.

    Returns:
        A new document; ``info`` is kept, and the mandatory ``description`` of an answer is emptied.

    Raises:
        DocumentError: The document has no paths.
    """
    if not isinstance(document.get("paths"), dict) or not document["paths"]:
        raise DocumentError("This is not an OpenAPI document: it has no paths.")
    result = {key: copy.deepcopy(value) for key, value in document.items() if key not in ("servers", "tags")}
    info = document.get("info", {})
    result["info"] = {key: info[key] for key in ("title", "version") if key in info}
    result["paths"] = {path: _without_prose(item) for path, item in document["paths"].items()}
    if "components" in document:
        result["components"] = {
            kind: {name: _without_prose(entry) for name, entry in entries.items()}
            for kind, entries in document["components"].items()
        }
    return result


def _without_prose(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_prose(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    result: Json = {}
    for key, value in node.items():
        if key in ("properties", "patternProperties") and isinstance(value, dict):
            result[key] = {name: _without_prose(schema) for name, schema in value.items()}
        elif key == "responses" and isinstance(value, dict):
            result[key] = {status: _without_prose(a) | {"description": ""} for status, a in value.items()}
        elif key in ("default", "enum", "const", "required"):
            result[key] = copy.deepcopy(value)
        elif key not in _PROSE:
            result[key] = _without_prose(value)
    return result


def without_nulls(node: Any) -> Any:
    """Return a part of a document without ``null`` as an alternative.

    The registry's document allows null for each optional field, the others' nowhere, although all services send it.
    The client takes null for every optional field, so that the shared schemas agree.

    Example:
        >>> without_nulls({"anyOf": [{"type": "string"}, {"type": "null"}], "format": "uri"})
        {'format': 'uri', 'type': 'string'}
    """
    if isinstance(node, list):
        return [without_nulls(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    result = {key: without_nulls(value) for key, value in node.items()}
    if {"type": "null"} in result.get("anyOf", ()):
        kinds = [kind for kind in result.pop("anyOf") if kind != {"type": "null"}]
        result |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return result


def load(path: Path) -> Json:
    """Read one stored OpenAPI document."""
    document = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise DocumentError(f"{path.name}: an OpenAPI document must be a JSON object.")
    return document


def store(document: Json, path: Path) -> None:
    """Write one OpenAPI document with sorted keys, one value per line."""
    path.write_text(as_text(document), encoding="utf-8", newline="\n")


def as_text(document: Json) -> str:
    """Return the text that :func:`store` writes."""
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield path, method and description of every operation, in the order of the paths."""
    for path in sorted(document["paths"]):
        item = document["paths"][path]
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def merge(interfaces: Mapping[str, Json]) -> Json:
    """Merge the services' OpenAPI documents into one, each with its own path prefix and tag.

    Args:
        interfaces: The documents by service name. They are not changed.

    Returns:
        One document whose paths start with ``/<service>``.

    Raises:
        DocumentError: A schema of the same name differs between two services.
    """
    paths: Json = {}
    schemas: Json = {}
    owners: dict[str, str] = {}
    diverging = []
    for service, served in interfaces.items():
        document = without_nulls(normalise(served))
        for path, method, operation in operations(document):
            operation["tags"] = [service]
            operation.pop("security", None)
            paths.setdefault(f"/{service}{path}", {})[method] = operation
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            if name in schemas and schemas[name] != schema:
                diverging.append(f"{name} ({owners[name]} and {service})")
            schemas.setdefault(name, schema)
            owners.setdefault(name, service)
    if diverging:
        raise DocumentError("Shared schemas diverge: " + ", ".join(sorted(diverging)) + ".")
    return {
        "openapi": "3.0.2",
        "info": {"title": "Provena", "version": "0"},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


@dataclass
class Overlay:
    """The content of the files in ``openapi/overlay/``, one a service.

    An entry with a word such as ``<kind>`` stands for several: one for each row of the table
    ``each`` of its file, or for those whose ``kind`` its ``for`` lists.

    Attributes:
        corrections: Changes to the document, in order, each with its reason.
        operations: Descriptions of each operation and its parameters, by service and operation id.
        schemas: Descriptions of each schema and its fields.
    """

    corrections: list[Json] = field(default_factory=list)
    operations: dict[str, Json] = field(default_factory=dict)
    schemas: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Overlay:
        """Read the overlay, a file for each service."""
        whole = cls()
        for service in SERVICES:
            whole._add(service, yaml.safe_load((folder / f"{service}.yaml").read_text(encoding="utf-8")))
        return whole

    def _add(self, service: str, content: Json) -> None:
        each = content.get("each", [])
        for entry in content.get("corrections", []):
            self.corrections.extend(_spread(entry, each))
        said = self.operations.setdefault(service, {})
        for name, entry in content.get("operations", {}).items():
            for one in _spread({"name": name, **entry}, each):
                said[one.pop("name")] = one
        for name, entry in content.get("schemas", {}).items():
            for one in _spread({"name": name, **entry}, each):
                schema = self.schemas.setdefault(one.pop("name"), {})
                fields = {**schema.get("fields", {}), **one.get("fields", {})}
                schema |= {**one, "fields": fields}


def _spread(entry: Json, each: list[Json]) -> Iterator[Json]:
    entry = dict(entry)
    wanted = entry.pop("for", None)
    if not _PLACE.search(json.dumps(entry)):
        yield entry
        return
    for words in each:
        if wanted is None or words["kind"] in wanted:
            yield _filled(entry, words)


def _filled(node: Any, words: Mapping[str, str]) -> Any:
    if isinstance(node, str):
        return _PLACE.sub(lambda found: words[found[1]], node)
    if isinstance(node, list):
        return [_filled(entry, words) for entry in node]
    if isinstance(node, dict):
        return {_filled(key, words): _filled(value, words) for key, value in node.items()}
    return node


@dataclass
class Prepared:
    """The document to generate from, and further data for the templates.

    Attributes:
        document: The merged and corrected document.
        aliases: Second names of models: alias → class.
        parameters: Descriptions of the parameters of each operation, by ``<service>.<operation>``.
        undescribed: Operations, parameters, schemas and fields without a description in the overlay.
    """

    document: Json
    aliases: dict[str, str]
    parameters: dict[str, dict[str, str]]
    undescribed: list[str]


def prepare(interfaces: Mapping[str, Json], overlay: Overlay) -> Prepared:
    """Merge the OpenAPI documents and apply the overlay.

    Args:
        interfaces: The documents by service name.
        overlay: Corrections and descriptions.

    Returns:
        The document for the generator. Each schema has ``x-fields``: for each field its description, whether
        it is secret, whether it defaults to an empty list, and the field that tells which of two schemas it has.

    Raises:
        DocumentError: Shared schemas diverge, or entries of the overlay match nothing.
    """
    document = merge(interfaces)
    stale: list[str] = []
    aliases: dict[str, str] = {}
    secrets: set[str] = set()
    for number, correction in enumerate(overlay.corrections, start=1):
        problem = _correct(document, correction, aliases, secrets)
        if problem:
            stale.append(f"correction {number}: {problem}")
    undescribed: list[str] = []
    parameters = _describe_operations(document, overlay.operations, stale, undescribed)
    _describe_schemas(document, overlay.schemas, secrets, stale, undescribed)
    if stale:
        raise DocumentError(
            "openapi/overlay/ no longer matches the OpenAPI documents:\n  " + "\n  ".join(stale)
        )
    return Prepared(document, aliases, parameters, undescribed)


def _find_operation(document: Json, service: str, operation_id: str) -> Json | None:
    for _, _, operation in operations(document):
        if operation["tags"] == [service] and operation.get("operationId") == operation_id:
            return operation
    return None


def _correct(document: Json, correction: Json, aliases: dict[str, str], secrets: set[str]) -> str | None:
    if not correction.get("reason"):
        return "it gives no reason"
    schemas = document["components"]["schemas"]
    match {key: value for key, value in correction.items() if key != "reason"}:
        case {"add_schema": name, "schema": schema}:
            if name in schemas:
                return f"the interface has a schema {name} of its own"
            schemas[name] = schema
        case {"answer": names, "schema": schema, **rest}:
            return _correct_answers(document, names, schema, rest.get("media", "application/json"))
        case {"rename_operations": names}:
            for name, new in names.items():
                service, _, operation_id = name.partition(".")
                operation = _find_operation(document, service, operation_id)
                if operation is None:
                    return f"there is no operation {name}"
                operation["operationId"] = new
        case {"add_field": name, "schema": schema}:
            owner, _, key = name.partition(".")
            if owner not in schemas:
                return f"there is no schema {owner}"
            if key in schemas[owner]["properties"]:
                return f"the interface has a field {name} of its own"
            schemas[owner]["properties"][key] = schema
        case {"change_fields": names, "was": was, "schema": schema}:
            for name in names:
                owner, _, key = name.partition(".")
                if schemas.get(owner, {}).get("properties", {}).get(key) != was:
                    return f"{name} is not {json.dumps(was)}"
                schemas[owner]["properties"][key] = schema
        case {"choose": kinds, "in": name, "by": flag}:
            owner, _, key = name.partition(".")
            found = schemas.get(owner, {}).get("properties", {})
            if found.get(key) != {"anyOf": [_reference(kind) for kind in kinds]} or flag not in found:
                return f"{name} is not one of {' and '.join(kinds)}, or there is no {flag}"
            found[key]["x-chosen-by"] = flag
        case {"same_schema": name, "as": other}:
            if name not in schemas or schemas[name] != schemas.get(other):
                return f"{name} and {other} differ"
            del schemas[name]
            document["paths"] = _replaced(document["paths"], _reference(name), _reference(other))
            aliases[name] = other
        case {"always": names}:
            for name in names:
                owner, _, key = name.partition(".")
                required = schemas.get(owner, {}).setdefault("required", [])
                if key not in schemas.get(owner, {}).get("properties", {}) or key in required:
                    return f"there is no optional field {name}"
                required.append(key)
        case {"secret": names}:
            for name in names:
                owner, _, key = name.partition(".")
                if key not in schemas.get(owner, {}).get("properties", {}):
                    return f"there is no field {name}"
            secrets.update(names)
        case {"alias": alias, "of": name}:
            if name not in schemas or alias in schemas:
                return f"{name} is missing, or {alias} is taken"
            aliases[alias] = name
        case unknown:
            return f"unknown kind of correction: {', '.join(unknown)}"
    return None


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _replaced(node: Any, old: Json, new: Json) -> Any:
    if node == old:
        return dict(new)
    if isinstance(node, list):
        return [_replaced(entry, old, new) for entry in node]
    if isinstance(node, dict):
        return {key: _replaced(value, old, new) for key, value in node.items()}
    return node


def _correct_answers(document: Json, names: list[str], schema: Json, media: str) -> str | None:
    for name in names:
        service, _, operation_id = name.partition(".")
        operation = _find_operation(document, service, operation_id)
        if operation is None:
            return f"there is no operation {name}"
        answer = operation["responses"].get("200", {})
        if answer.get("content", {}).get("application/json", {}).get("schema") != {}:
            return f"the answer of {name} is no longer untyped"
        answer["content"] = {media: {"schema": schema}}
    return None


def _describe_operations(
    document: Json, words: Mapping[str, Json], stale: list[str], undescribed: list[str]
) -> dict[str, dict[str, str]]:
    described: dict[str, dict[str, str]] = {}
    unused = {(service, name) for service, entries in words.items() for name in entries}
    for _, _, operation in operations(document):
        service, name = operation["tags"][0], operation["operationId"]
        unused.discard((service, name))
        said = words.get(service, {}).get(name, {})
        operation["summary"] = said.get("is", "")
        if not operation["summary"]:
            undescribed.append(f"{service}.{name}")
        said_parameters = dict(said.get("parameters", {}))
        for parameter in operation.get("parameters", ()):
            description = said_parameters.pop(parameter["name"], "")
            described.setdefault(f"{service}.{name}", {})[parameter["name"]] = description
            if not description:
                undescribed.append(f"{service}.{name}({parameter['name']})")
        stale.extend(f"operations: {service}.{name} has no parameter {key}" for key in said_parameters)
    stale.extend(f"operations: there is no {service}.{name}" for service, name in sorted(unused))
    return described


def _describe_schemas(
    document: Json,
    words: Mapping[str, Json],
    secrets: set[str],
    stale: list[str],
    undescribed: list[str],
) -> None:
    schemas = document["components"]["schemas"]
    stale.extend(f"schemas: there is no {name}" for name in sorted(set(words) - set(schemas)))
    for name, schema in schemas.items():
        said = words.get(name, {})
        schema["description"] = said.get("is", "")
        if not schema["description"]:
            undescribed.append(name)
        said_fields = dict(said.get("fields", {}))
        fields = {}
        for key, value in schema.get("properties", {}).items():
            description = said_fields.pop(key, "")
            if not description:
                undescribed.append(f"{name}.{key}")
            fields[key] = {
                "description": description,
                "secret": f"{name}.{key}" in secrets,
                "empty_list": value.get("default") == [],
                "chosen_by": value.get("x-chosen-by"),
            }
        schema["x-fields"] = fields
        stale.extend(f"schemas: {name} has no field {key}" for key in said_fields)
