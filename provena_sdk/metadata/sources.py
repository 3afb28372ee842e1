"""Read metadata from what users pass: models, mappings, pydantic objects, JSON and YAML files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import attrs
from provena_api.models import CollectionFormat

from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument, InvalidMetadata, MetadataProblem
from provena_sdk.metadata.checks import Checked, check
from provena_sdk.metadata.json_places import MOST_PLACES, Places, below, joined, places
from provena_sdk.operations.arguments import json_data

_YAML: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Document:
    """Metadata from a file.

    Attributes:
        data: The metadata.
        places: Where each field stands.
        name: Name of the file.
    """

    data: dict[str, Any]
    places: Places = field(default_factory=dict)
    name: str | None = None

    def placed(self, problems: Iterable[MetadataProblem]) -> list[MetadataProblem]:
        """Return problems in the order of the file, each with the line and column of its field or the one above it."""
        return sorted(map(self._place, problems), key=lambda each: (each.line or 0, each.column or 0))

    def _place(self, problem: MetadataProblem) -> MetadataProblem:
        path = problem.path
        while path and path not in self.places:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        line, column = self.places.get(path, (1, 1) if self.places else (None, None))
        return replace(problem, line=line, column=column)


def dataset_metadata(
    argument: str, given: object, *, served: CollectionFormat | None = None
) -> CollectionFormat:
    """Read and check dataset metadata.

    Args:
        argument: The argument's name, for messages.
        given: What the caller passed for it: a model, a mapping, a pydantic object, or the path of a JSON or YAML file.
        served: The metadata that ``given`` were made from, as a service sent them.

    Returns:
        A new model that shares nothing with ``given``.

    Raises:
        InvalidMetadata: The service would refuse it; ``problems`` has all reasons.
        InvalidArgument: It is something else, or the file cannot be read.
    """
    document, checked = checked_metadata(argument, given, served=served)
    if checked.problems:
        raise InvalidMetadata(argument, document.placed(checked.problems), source=document.name)
    return CollectionFormat.from_dict(checked.data)


def checked_metadata(
    argument: str, given: object, *, served: CollectionFormat | None = None
) -> tuple[Document, Checked]:
    """Read and check dataset metadata, and leave it to the caller what to do about problems.

    Raises:
        InvalidArgument: It is not metadata at all, or the file cannot be read.
    """
    if isinstance(given, str | os.PathLike):
        document = read_file(argument, Path(given))
    else:
        document = Document(json_data(argument, _plain(argument, given)))
    if served is None and isinstance(given, CollectionFormat):
        # Fields that are new to this SDK can only have come from a service.
        return document, check(document.data, served=document.data)
    return document, check(document.data, served=None if served is None else served.to_dict())


def read_file(argument: str, path: Path) -> Document:
    """Read a JSON or YAML file; its name's ending decides which it is.

    Args:
        argument: The argument's name, for messages.
        path: The file; ``.yaml`` and ``.yml`` are YAML, everything else is JSON.

    Raises:
        InvalidArgument: The file cannot be read.
        InvalidMetadata: It has a syntax error, whose line and column are named.
    """
    name = quoted(str(path))
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise InvalidArgument(argument, f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidArgument(argument, f"{name} is not text in UTF-8.") from error
    except ValueError as error:
        raise InvalidArgument(argument, f"{name} is not the name of a file: {error}.") from error
    read = _yaml if path.suffix.lower() in _YAML else _json
    data, found = read(argument, path, text)
    if not isinstance(data, dict):
        raise InvalidArgument(argument, f"{name} must contain an object with fields.")
    return Document(json_data(argument, data), found, path.name)


def _json(argument: str, path: Path, text: str) -> tuple[Any, Places]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        problem = MetadataProblem("", f"not JSON: {error.msg}", line=error.lineno, column=error.colno)
        raise InvalidMetadata(argument, [problem], source=path.name) from error
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(argument, f"{quoted(str(path))} is not JSON: {error}.") from error
    return data, places(text)


def _yaml(argument: str, path: Path, text: str) -> tuple[Any, Places]:
    name = quoted(str(path))
    try:
        import yaml  # noqa: PLC0415  # keeps PyYAML optional
    except ImportError as error:
        raise InvalidArgument(
            argument,
            f"{name} is YAML, which needs PyYAML.",
            hint="Install it with: pip install 'provena-sdk[yaml]', or write JSON.",
        ) from error
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise InvalidArgument(argument, f"{name} has aliases (*name), which are not supported.")
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        data = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (None, None) if mark is None else (mark.line + 1, mark.column + 1)
        problem = MetadataProblem("", f"not YAML: {error.problem}", line=line, column=column)
        raise InvalidMetadata(argument, [problem], source=path.name) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidArgument(argument, f"{name} is not YAML: {error}.") from error
    found: Places = {}
    _add_places(node, "", found)
    return data, found


def _add_places(node: Any, path: str, found: Places) -> None:
    """Add the places of the fields of a YAML node."""
    children: list[tuple[Any, Any, Any]] = []
    if node is not None and node.id == "mapping":
        children = [(key.value, key, value) for key, value in node.value]
    elif node is not None and node.id == "sequence":
        children = [(number, entry, entry) for number, entry in enumerate(node.value)]
    for name, marked, value in children:
        inner = below(path, name)
        if inner is not None and len(found) < MOST_PLACES:
            found[inner] = (marked.start_mark.line + 1, marked.start_mark.column + 1)
            _add_places(value, inner, found)


def _plain(argument: str, value: object, path: str = "") -> object:
    """Return the fields of a generated model as they are, so that the checks report those of a wrong type."""
    kind = type(value)
    if attrs.has(kind) and hasattr(value, "additional_properties"):
        named = {each.name: getattr(value, each.name, None) for each in attrs.fields(kind)}
        further = named.pop("additional_properties") or {}
        given = {name: each for name, each in named.items() if each is not None}
        return {
            **further,
            **{name: _plain(argument, each, joined(path, name)) for name, each in given.items()},
        }
    if path and not isinstance(value, str | int | float | list | tuple | Mapping | date):
        raise InvalidArgument(argument, f"{path}: {kind.__name__} is not a value of metadata.")
    return value
