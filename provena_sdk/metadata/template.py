"""Write a template of metadata, to be filled in by hand."""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import attrs
from provena_api.models import CollectionFormat

from provena_sdk.display.notebook import pretty
from provena_sdk.display.text import alternatives, printable, quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.metadata.checks import fields

_FORMATS: Final = ("yaml", "json")
_WIDTH: Final = 100
_ATTRIBUTE: Final = re.compile(r"^ {4}(\w+): (.+)$", re.MULTILINE)
_OPTIONAL: Final = """\
# Optional fields are commented out, as in "#keywords: []".
# Organisations can be given by name, ROR or handle; persons by name, e-mail address, ORCID or handle.
"""
_INTRODUCTION: Final = f"""\
# Metadata of a dataset. Fill in what is empty.
{_OPTIONAL}#
# Check it with "provena validate FILE", and register the dataset with "provena create FILE"; or in Python with
# provena.datastore.validate_dataset_metadata("FILE") and provena.datastore.mint_dataset("FILE").
"""
_NOT_IN_YAML: Final = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""Characters that YAML does not allow in a text, or reads as line breaks; JSON escapes the other ones."""
_NOT_IN_LINES: Final = re.compile(_NOT_IN_YAML.pattern + "|[\0-\x08\x0b-\x1f]")
# What a field without a default begins with. An approval must be decided by a person.
_STARTS: Final[Mapping[str, object]] = {
    "dataset_info.access_info.reposited": True,
    "dataset_info.created_date.relevant": True,
    "dataset_info.created_date.value": None,
    "dataset_info.published_date.relevant": False,
}
_FIRST: Final = ("dataset_info", "associations", "approvals", "name", "description", "relevant", "begin_date")
_NOTES: Final[Mapping[str, str]] = {
    "dataset_info.license": "such as https://creativecommons.org/licenses/by/4.0/",
    "dataset_info.created_date.value": "such as 2024-12-31",
}
_EXAMPLES: Final[Mapping[str, str]] = {
    "dataset_info.published_date.value": "2024-12-31",
    "dataset_info.spatial_info.coverage": "SRID=4326;POLYGON((145 -17, 146 -17, 146 -16, 145 -16, 145 -17))",
    "dataset_info.spatial_info.extent": "SRID=4326;POLYGON((145 -17, 146 -17, 146 -16, 145 -16, 145 -17))",
    "dataset_info.spatial_info.resolution": "0.05",
    "dataset_info.temporal_info.duration.begin_date": "2024-01-01",
    "dataset_info.temporal_info.duration.end_date": "2024-12-31",
    "dataset_info.temporal_info.resolution": "P1D",
    "dataset_info.access_info.uri": "https://example.org/data",
}


class TemplateText(str):
    """The text of a template. IPython and notebooks show it as lines."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<TemplateText: {len(self.splitlines())} lines>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)


def check_format(format: str) -> None:
    """Check the format of a template.

    Raises:
        InvalidArgument: There is no such format.
    """
    if format not in _FORMATS:
        raise InvalidArgument("format", f"must be {alternatives(_FORMATS)}, not {quoted(format, 40)}.")


def template(
    schema: Mapping[str, Any],
    known: Mapping[str, tuple[object, str]],
    format: str,
    *,
    like: Mapping[str, Any] | None = None,
) -> TemplateText:
    """Write a template.

    Args:
        schema: The JSON schema of dataset metadata, as the deployment serves it.
        known: Values to fill in, by path, each with what it stands for.
        format: ``yaml``, which has comments, or ``json``, which has none and only what must be filled in.
        like: Metadata of another dataset, as JSON data, to begin with.

    Returns:
        The text of the file.
    """
    return _written(_INTRODUCTION, _Reader(schema, known).fields("", schema, like or {}), format)


def editable_text(
    schema: Mapping[str, Any], metadata: Mapping[str, Any], format: str, about: str
) -> TemplateText:
    """Write metadata as a file to be changed in an editor.

    Args:
        schema: The JSON schema of dataset metadata, as the deployment serves it.
        metadata: The metadata, as JSON data.
        format: ``yaml``, which has comments and the fields that could be added, or ``json``.
        about: What to write above, in one line.

    Returns:
        The text of the file. Unchanged, it is read as the metadata that it was made from.
    """
    root = _Reader(schema, {}, is_new=False).fields("", schema, metadata)
    return _written(f"# {printable(about)}\n{_OPTIONAL}", root, format)


def _written(introduction: str, root: tuple[_Field, ...], format: str) -> TemplateText:
    if format == "json":
        return TemplateText(json.dumps(_required(root), indent=2, ensure_ascii=False) + "\n")
    return TemplateText(
        "\n".join([introduction, *("\n".join((*_lines(each, 0, False), "")) for each in root)])
    )


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of the template: its ``value`` counts if it has no ``children``."""

    name: str
    about: str
    value: object
    children: tuple[_Field, ...]
    needed: bool
    note: str


def _rank(each: _Field) -> tuple[bool, int]:
    """What must be filled in comes first, and of that what matters most; else the schema's order stays."""
    return not each.needed, _FIRST.index(each.name) if each.name in _FIRST else len(_FIRST)


class _Reader:
    """Reads the fields of a JSON schema.

    Args:
        schema: The schema.
        known: Values to fill in, by path, each with what it stands for.
        is_new: False for metadata that exist, in which nothing that they lack is filled in.
    """

    def __init__(
        self, schema: Mapping[str, Any], known: Mapping[str, tuple[object, str]], *, is_new: bool = True
    ) -> None:
        self._definitions = schema.get("definitions") or schema.get("$defs") or {}
        self._known = known
        self._is_new = is_new

    def fields(self, above: str, schema: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[_Field, ...]:
        required, properties = schema.get("required", ()), schema["properties"]
        made = [
            self._field(above + name, part, name in required, given.get(name))
            for name, part in properties.items()
        ]
        further = [
            _Field(name, "", value, (), True, "")
            for name, value in given.items()
            if name not in properties and value is not None
        ]
        return (*sorted(made, key=_rank), *further)

    def _field(self, path: str, part: Mapping[str, Any], required: bool, given: Any) -> _Field:
        schema = self._resolved(part)
        about = part.get("description") or schema.get("description") or _described().get(path, "")
        value, note = self._known.get(path, (self._start(path, schema), _NOTES.get(path, "")))
        is_filled_in = (
            required or path in self._known or path in _STARTS or path.startswith("approvals.")
        ) and self._is_new
        inner = given if isinstance(given, Mapping) else {}
        return _Field(
            path.rpartition(".")[2],
            about=printable(about, 400),
            value=value if given is None else given,
            children=self.fields(f"{path}.", schema, inner) if "properties" in schema else (),
            needed=is_filled_in or given is not None,
            note=printable(note, 80) if given is None else "",
        )

    def _start(self, path: str, schema: Mapping[str, Any]) -> object:
        """Return what stands in a field before it is filled in."""
        if path in _STARTS or path in _EXAMPLES:
            return _STARTS.get(path, _EXAMPLES.get(path))
        if path.endswith(".relevant"):
            return None  # an approval, about which a person must decide
        empty: dict[str, object] = {"array": [], "object": {}, "boolean": False}
        return schema.get("default", empty.get(schema.get("type", ""), ""))

    def _resolved(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the schema that a part refers to, directly or as the only one of ``allOf``."""
        if len(part.get("allOf", ())) == 1:
            part = {**part["allOf"][0], **part}
        if "$ref" in part:
            found: Mapping[str, Any] = self._definitions[part["$ref"].rpartition("/")[2]]
            return found
        return part


@cache
def _described() -> dict[str, str]:
    """Return what the SDK knows about each field, by path; used where the deployment's schema says nothing."""
    return dict(_descriptions(CollectionFormat, ""))


def _descriptions(model: type[attrs.AttrsInstance], above: str) -> Iterator[tuple[str, str]]:
    about = dict(_ATTRIBUTE.findall(inspect.getdoc(model) or ""))
    for name, (kind, _, _) in fields(model).items():
        yield above + name, about.get(name, "")
        if attrs.has(kind):
            yield from _descriptions(kind, f"{above}{name}.")


def _required(root: tuple[_Field, ...]) -> dict[str, Any]:
    return {
        each.name: _required(each.children) if each.children else each.value for each in root if each.needed
    }


def _lines(each: _Field, depth: int, optional: bool) -> Iterator[str]:
    indent = "  " * depth
    optional = optional or not each.needed
    if each.about:
        yield from textwrap.wrap(
            each.about, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "
        )
    before = f"{indent}#" if optional else indent
    if not each.children:
        first, *further = _yaml(each.value)
        yield f"{before}{each.name}:{first}" + (f"  # {each.note}" if each.note else "")
        yield from (f"{indent}  {line}" if line else "" for line in further)
        return
    yield f"{before}{each.name}:"
    for child in each.children:
        yield from (_inside(line, depth, optional) for line in _lines(child, depth + 1, False))


def _yaml(value: object) -> list[str]:
    """Return a value as what follows the name of its field, and further lines: text of several lines stays readable."""
    if value is None:
        return [""]
    if (
        isinstance(value, str)
        and "\n" in value
        and value == value.strip()
        and not _NOT_IN_LINES.search(value)
    ):
        return [" |-", *value.split("\n")]
    return [f" {_NOT_IN_YAML.sub(_escape, json.dumps(value, ensure_ascii=False))}"]


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _inside(line: str, depth: int, optional: bool) -> str:
    """Comment out a line of an optional block, at the block's own depth."""
    indent = "  " * depth
    return f"{indent}#{line[len(indent) :]}" if optional else line
