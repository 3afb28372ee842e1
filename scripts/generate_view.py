"""Functions for the templates, about properties, models and endpoints."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterator
from typing import Any

from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import EnumProperty, ModelProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.parser.responses import Response
from openapi_python_client.strings import ClassName, PythonIdentifier

from scripts.generate_document import Prepared

_SHAPES = {
    "StringProperty": "str",
    "IntProperty": "int",
    "FloatProperty": "float",
    "BooleanProperty": "bool",
    "DateProperty": "date",
    "DateTimeProperty": "datetime",
    "EnumProperty": "enum",
    "ListProperty": "list",
    "UnionProperty": "union",
    "AnyProperty": "any",
    "NoneProperty": "none",
}
_ANNOTATIONS = {
    "str": "str",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "date": "date",
    "datetime": "datetime",
    "any": "Any",
    "none": "None",
}
# Python's own names that generated code uses, which no field or parameter may hide. The generator would put an
# underscore behind every other built-in name too, such as license and type.
_TAKEN = frozenset(_ANNOTATIONS).union(
    ("classmethod", "cls", "data", "dict", "frozenset", "isinstance", "list", "object", "self", "value")
)
# NUMBER for both: a whole number may come as 2.0, and is kept as it came.
_PYTHON_KINDS = {"str": "str", "int": "NUMBER", "float": "NUMBER", "bool": "bool"}
_JSON_KINDS = {"str": "a string", "int": "a number", "float": "a number", "bool": "a boolean"}

# What a model shows of itself first, and without the field's name: what identifies it, then its name.
_IDENTITIES = (
    *("id", "handle", "dataset_id", "session_id", "new_version_id", "person_id", "item", "created_item"),
    *("seeded_item", "dataset_info", "group", "job", "graph", "report"),
)
_NAMES = ("display_name", "name")
_MOST_TELLING = 3
_PLAIN = ("str", "int", "float", "bool", "date", "datetime", "enum")
_TELLING_KINDS = (*_PLAIN, "model", "choice", "list")


class GenerationError(Exception):
    """The generator or ruff reported a problem; the message describes it."""


class View:
    """Functions for the templates, about properties, models and endpoints.

    Args:
        prepared: The document and its data.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._named = {ClassName(name, "field_") for name in prepared.document["components"]["schemas"]}

    def is_free_form(self, model: ModelProperty) -> bool:
        """Return whether the object has neither fields nor a name, so that a ``dict`` suffices."""
        return not model.data.properties and model.class_info.name not in self._named

    def shape(self, prop: PropertyProtocol) -> str:
        """Return the templates' name for the kind of value."""
        if isinstance(prop, ModelProperty):
            if not self.is_free_form(prop):
                return "model"
            return "lists" if self.map_values(prop) == "list[str]" else "map"
        if isinstance(prop, UnionProperty) and all(
            self.shape(inner) == "model" for inner in prop.inner_properties
        ):
            return "choice"
        return _SHAPES.get(type(prop).__name__) or self.unsupported(prop)

    def annotation(self, prop: PropertyProtocol) -> str:
        """Return the property's type as Python code, without None."""
        shape = self.shape(prop)
        if isinstance(prop, ModelProperty):
            kind = self.map_values(prop)
            return (
                prop.class_info.name
                if shape == "model"
                else f"dict[str, {'Any' if kind == 'object' else kind}]"
            )
        if isinstance(prop, EnumProperty):
            return prop.class_info.name
        if isinstance(prop, ListProperty):
            return f"list[{self.annotation(prop.inner_property)}]"
        if isinstance(prop, UnionProperty):
            if shape != "choice" and any(
                self.shape(inner) not in ("str", "int", "float", "bool") for inner in prop.inner_properties
            ):
                self.unsupported(prop)
            return " | ".join(self.annotation(inner) for inner in prop.inner_properties)
        return _ANNOTATIONS[shape]

    def map_values(self, prop: ModelProperty) -> str:
        """Return the class of the values of a free-form object; ``object`` for any."""
        values = prop.data.additionalProperties
        kind = getattr(values, "type", None)
        if values in (None, True, False) or kind is None:
            return "object"
        if kind == "array" and getattr(getattr(values, "items", None), "type", None) == "string":
            return "list[str]"
        if kind != "string":
            self.unsupported(prop)
        return "str"

    def python_types(self, prop: UnionProperty) -> str:
        """Return the classes of a union's values; a number may be int or float."""
        kinds = [_PYTHON_KINDS[self.shape(inner)] for inner in prop.inner_properties]
        return ", ".join(f"*{kind}" if kind == "NUMBER" else kind for kind in kinds)

    def default_of(self, prop: PropertyProtocol, words: dict[str, Any]) -> str | None:
        """Return the default as Python code; None if the field is required."""
        if words.get("empty_list"):
            return "[]"
        if prop.default is not None:
            return prop.default.python_code.as_unembedded_code()
        return None if prop.required else "None"

    def nullable(self, prop: PropertyProtocol, words: dict[str, Any]) -> bool:
        """Return whether the field may be null: it is neither required nor has a default."""
        return self.default_of(prop, words[prop.name.get_untrusted_value()]) == "None"

    def telling(self, model: ModelProperty, words: dict[str, dict[str, Any]]) -> tuple[str, ...]:
        """Return the fields that a model's repr shows; those that it shows with their names end in ``=``."""
        properties = {
            str(prop.python_name): prop
            for prop in [*(model.required_properties or ()), *(model.optional_properties or ())]
            if self.shape(prop) in _TELLING_KINDS and not words[prop.name.get_untrusted_value()]["secret"]
        }
        first = [
            next((name for name in names if name in properties), None) for names in (_IDENTITIES, _NAMES)
        ]
        found = [name for name in first if name is not None]
        if len(found) == len(first):
            return tuple(found)
        others = sorted(
            (name for name in properties if name not in found and not name.endswith("timestamp")),
            key=lambda name: self._rank(properties[name]),
        )
        for name in others[: _MOST_TELLING - len(found)]:
            shape = self.shape(properties[name])
            is_status = shape == "model" and name == "status"
            found.append(name if shape == "list" or is_status else f"{name}=")
        return tuple(found)

    def _rank(self, prop: PropertyProtocol) -> tuple[bool, bool, int]:
        """Return the place of a property among the telling ones: required, not the status, plain ones first."""
        shape = self.shape(prop)
        is_status = shape == "model" and prop.python_name == "status"
        return not prop.required, is_status, shape not in _PLAIN

    def classes_in(self, prop: PropertyProtocol) -> Iterator[ModelProperty | EnumProperty]:
        """Return the models and enums that a property refers to."""
        if isinstance(prop, ListProperty):
            yield from self.classes_in(prop.inner_property)
        elif isinstance(prop, UnionProperty):
            for inner in prop.inner_properties:
                yield from self.classes_in(inner)
        elif isinstance(prop, EnumProperty) or (
            isinstance(prop, ModelProperty) and self.shape(prop) == "model"
        ):
            yield prop

    def imports_of(self, model: ModelProperty, kind: str) -> list[str]:
        """Return the imports for a model's fields, without the model itself."""
        return sorted(
            {
                f"from .{found.class_info.module_name} import {found.class_info.name}"
                for prop in [*(model.required_properties or ()), *(model.optional_properties or ())]
                for found in self.classes_in(prop)
                if self.shape(found) == kind and found.class_info.name != model.class_info.name
            }
        )

    def answer_of(self, endpoint: Endpoint) -> Response:
        """Return the endpoint's 200 answer."""
        for response in endpoint.responses:
            if response.status_code.range == (200, 200):
                return response
        raise GenerationError(f"{endpoint.name}: the OpenAPI document has no 200 answer.")

    def endpoint_imports(self, endpoint: Endpoint) -> list[str]:
        """Return the imports of the models and enums of an endpoint."""
        if endpoint.path_parameters or endpoint.header_parameters or endpoint.cookie_parameters:
            raise GenerationError(f"{endpoint.name}: only query parameters and JSON bodies are supported.")
        if any(body.body_type != "json" or not body.prop.required for body in endpoint.bodies):
            raise GenerationError(f"{endpoint.name}: only required JSON bodies are supported.")
        used = [self.answer_of(endpoint).prop, *endpoint.list_all_parameters()]
        return sorted(
            {
                f"from ...models.{found.class_info.module_name} import {found.class_info.name}"
                for prop in used
                for found in self.classes_in(prop)
            }
        )

    def parameters_of(self, endpoint: Endpoint) -> dict[str, str]:
        """Return the descriptions of the endpoint's parameters."""
        return self._prepared.parameters.get(f"{endpoint.tags[0]}.{endpoint.name}", {})

    def service_path(self, endpoint: Endpoint) -> str:
        """Return the endpoint's path on its service."""
        return endpoint.path.get_untrusted_value().removeprefix(f"/{endpoint.tags[0]}")

    def unsupported(self, prop: PropertyProtocol) -> str:
        """Refuse a property that the templates do not support."""
        raise GenerationError(
            f"{prop.name.get_untrusted_value()}: the templates cannot express {type(prop).__name__} here."
        )

    def globals(self) -> dict[str, object]:
        """Return the functions and constants for the templates."""
        names: tuple[Callable[..., object], ...] = (
            self.annotation,
            self.answer_of,
            self.default_of,
            self.endpoint_imports,
            self.imports_of,
            self.map_values,
            self.nullable,
            self.parameters_of,
            self.python_types,
            self.service_path,
            self.shape,
            self.telling,
            self.unsupported,
        )
        return {
            **{function.__name__: function for function in names},
            "aliases": dict(sorted(self._prepared.aliases.items())),
            "python_kinds": _PYTHON_KINDS,
            "json_kinds": _JSON_KINDS,
            "simple_kinds": {**_PYTHON_KINDS, "map": "dict", "any": "object"},
        }


def keep_names(data: GeneratorData) -> None:
    """Restore the original names of fields and parameters where Python allows them."""
    properties = [
        *(prop for model in data.models for prop in (model.required_properties or ())),
        *(prop for model in data.models for prop in (model.optional_properties or ())),
        *(
            parameter
            for collection in data.endpoint_collections_by_tag.values()
            for endpoint in collection.endpoints
            for parameter in endpoint.query_parameters
        ),
    ]
    for prop in properties:
        name = prop.name.get_untrusted_value()
        if name.isidentifier() and not keyword.iskeyword(name) and name not in _TAKEN:
            prop.python_name = str.__new__(PythonIdentifier, name)
