"""Generate ``generated/provena_api`` from ``openapi/``.

``python scripts/generate.py`` writes the package; ``--check`` only compares and exits with 1 on a difference.
"""

from __future__ import annotations

import argparse
import contextlib
import filecmp
import io
import keyword
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from openapi_python_client import Project
from openapi_python_client import generate as generate_stock
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import EnumProperty, ModelProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.parser.responses import Response
from openapi_python_client.strings import PythonIdentifier

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.generate_document import (  # noqa: E402
    SERVICES,
    DocumentError,
    Json,
    Overlay,
    Prepared,
    as_text,
    load,
    prepare,
)

PACKAGE = "provena_api"

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
_TAKEN = frozenset(
    {
        "bool",
        "classmethod",
        "cls",
        "data",
        "date",
        "datetime",
        "dict",
        "float",
        "frozenset",
        "int",
        "isinstance",
    }
    | {"list", "object", "self", "str", "value"}
)
# NUMBER for both: a whole number may come as 2.0, and is kept as it came.
_PYTHON_KINDS = {"str": "str", "int": "NUMBER", "float": "NUMBER", "bool": "bool"}
_JSON_KINDS = {"str": "a string", "int": "a number", "float": "a number", "bool": "a boolean"}


class GenerationError(Exception):
    """The generator, or ruff, had something to complain of; the message says what."""


class _View:
    """What the templates ask about properties, models and endpoints.

    Args:
        prepared: The document and what goes with it.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._named = {name.replace("_", "") for name in prepared.document["components"]["schemas"]}

    def is_free_form(self, model: ModelProperty) -> bool:
        """Whether the object has neither fields nor a name of its own, so that a ``dict`` says it all."""
        return not model.data.properties and model.class_info.name not in self._named

    def shape(self, prop: PropertyProtocol) -> str:
        if isinstance(prop, ModelProperty):
            return "map" if self.is_free_form(prop) else "model"
        return _SHAPES.get(type(prop).__name__) or self.unsupported(prop)

    def annotation(self, prop: PropertyProtocol) -> str:
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
            if any(
                self.shape(inner) not in ("str", "int", "float", "bool") for inner in prop.inner_properties
            ):
                self.unsupported(prop)
            return " | ".join(self.annotation(inner) for inner in prop.inner_properties)
        return _ANNOTATIONS[shape]

    def map_values(self, prop: ModelProperty) -> str:
        values = prop.data.additionalProperties
        kind = getattr(values, "type", None)
        if values in (None, True, False) or kind is None:
            return "object"
        if kind != "string":
            self.unsupported(prop)
        return "str"

    def python_types(self, prop: UnionProperty) -> str:
        """The classes of a union's values, to check against; a number may come as either kind."""
        kinds = [_PYTHON_KINDS[self.shape(inner)] for inner in prop.inner_properties]
        return ", ".join(f"*{kind}" if kind == "NUMBER" else kind for kind in kinds)

    def default_of(self, prop: PropertyProtocol, words: dict[str, Any]) -> str | None:
        """The default as Python code; None when the field must be given."""
        if words.get("empty_list"):
            return "[]"
        if prop.default is not None:
            return prop.default.python_code.as_unembedded_code()
        return None if prop.required else "None"

    def nullable(self, prop: PropertyProtocol, words: dict[str, Any]) -> bool:
        """Whether null stands for the field when it is unset: it is neither required nor has a default."""
        return self.default_of(prop, words[prop.name.get_untrusted_value()]) == "None"

    def classes_in(self, prop: PropertyProtocol) -> Iterator[ModelProperty | EnumProperty]:
        if isinstance(prop, ListProperty):
            yield from self.classes_in(prop.inner_property)
        elif isinstance(prop, EnumProperty) or (
            isinstance(prop, ModelProperty) and self.shape(prop) == "model"
        ):
            yield prop

    def imports_of(self, model: ModelProperty, kind: str) -> list[str]:
        """Imports of the models or enums a model's fields need, without the model itself."""
        return sorted(
            {
                f"from .{found.class_info.module_name} import {found.class_info.name}"
                for prop in [*(model.required_properties or ()), *(model.optional_properties or ())]
                for found in self.classes_in(prop)
                if self.shape(found) == kind and found.class_info.name != model.class_info.name
            }
        )

    def answer_of(self, endpoint: Endpoint) -> Response:
        for response in endpoint.responses:
            if response.status_code.range == (200, 200):
                return response
        raise GenerationError(f"{endpoint.name}: the interface describes no 200 answer.")

    def endpoint_imports(self, endpoint: Endpoint) -> list[str]:
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
        return self._prepared.parameters.get(f"{endpoint.tags[0]}.{endpoint.name}", {})

    def service_path(self, endpoint: Endpoint) -> str:
        return endpoint.path.get_untrusted_value().removeprefix(f"/{endpoint.tags[0]}")

    def unsupported(self, prop: PropertyProtocol) -> str:
        raise GenerationError(
            f"{prop.name.get_untrusted_value()}: the templates cannot express {type(prop).__name__} here."
        )

    def globals(self) -> dict[str, object]:
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
            self.unsupported,
        )
        return {
            **{function.__name__: function for function in names},
            "aliases": dict(sorted(self._prepared.aliases.items())),
            "python_kinds": _PYTHON_KINDS,
            "json_kinds": _JSON_KINDS,
            "simple_kinds": {**_PYTHON_KINDS, "map": "dict", "any": "object"},
        }


def build(prepared: Prepared, target: Path, templates: Path = ROOT / "openapi" / "templates") -> None:
    """Generate the package into the folder ``target``, which must not exist yet.

    Args:
        prepared: The document to generate from.
        target: The package's folder.
        templates: Folder of templates that take the place of the generator's own.

    Raises:
        GenerationError: The generator warned of anything, or ruff failed.
    """
    config = Config.from_sources(
        ConfigFile(package_name_override=PACKAGE, post_hooks=[]),
        MetaType.NONE,
        document_source=Path("interfaces"),
        file_encoding="utf-8",
        overwrite=False,
        output_path=target,
    )
    data = GeneratorData.from_dict(prepared.document, config=config)
    if isinstance(data, GeneratorError):
        raise GenerationError(_told([data]))
    complaints = [
        *data.errors,
        *(error for found in data.endpoint_collections_by_tag.values() for error in found.parse_errors),
    ]
    if complaints:
        raise GenerationError(_told(complaints))
    view = _View(prepared)
    data.models = sorted(
        (model for model in data.models if not view.is_free_form(model)),
        key=lambda model: model.class_info.name,
    )
    data.enums = sorted(data.enums, key=lambda enum: enum.class_info.name)
    _keep_names(data)
    project = Project(openapi=data, config=config, custom_template_path=templates)
    project.env.globals.update(view.globals())
    with contextlib.redirect_stdout(io.StringIO()):
        late = project.build()
    if late:
        raise GenerationError(_told(late))
    for unused in ("client.py", "errors.py"):
        (target / unused).unlink()
    (target / "py.typed").touch()
    tidy(target)


def served(root: Path = ROOT) -> dict[str, Json]:
    """The stored interfaces, by service name."""
    return {service: load(root / "openapi" / f"{service}.json") for service in SERVICES}


def build_stock(target: Path, document: Json) -> None:
    """Generate what the generator makes of a document by itself, to compare with.

    Args:
        target: The package's folder, which must not exist yet; its name becomes the package's.
        document: The interface to generate from.

    Raises:
        GenerationError: The generator warned of anything.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "interface.json"
        source.write_text(as_text(document), encoding="utf-8")
        config = Config.from_sources(
            ConfigFile(package_name_override=target.name, post_hooks=[]),
            MetaType.NONE,
            document_source=source,
            file_encoding="utf-8",
            overwrite=False,
            output_path=target,
        )
        with contextlib.redirect_stdout(io.StringIO()):
            complaints = generate_stock(config=config)
    if complaints:
        raise GenerationError(_told(complaints))


def _keep_names(data: GeneratorData) -> None:
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


def _told(complaints: Sequence[GeneratorError]) -> str:
    return "\n".join(f"{entry.header} {entry.detail or ''}".strip() for entry in complaints)


def tidy(folder: Path) -> None:
    """Sort imports, drop unused ones and format, by ruff's own rules and nobody's configuration."""
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        raise GenerationError(f"ruff is not installed beside {Path(sys.executable).name}: pip install ruff.")
    common = ["--isolated", "--no-cache", "--quiet", "--target-version", "py311", "--line-length", "110"]
    for command in (["check", "--fix", "--select", "F,I"], ["format"]):
        done = subprocess.run(
            [str(ruff), command[0], *common, *command[1:], "."], cwd=folder, capture_output=True, text=True
        )
        if done.returncode:
            raise GenerationError(f"ruff {command[0]}: {done.stdout}{done.stderr}")


def differences(expected: Path, found: Path) -> list[str]:
    """The files that differ between two folders, or are in one of them only, as sorted relative paths."""
    names = {
        path.relative_to(folder).as_posix()
        for folder in (expected, found)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return sorted(
        name
        for name in names
        if not (expected / name).is_file()
        or not (found / name).is_file()
        or not filecmp.cmp(expected / name, found / name, shallow=False)
    )


def swap(fresh: Path, target: Path) -> None:
    """Put the folder ``fresh`` in the place of ``target``."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def generate(root: Path = ROOT, *, check: bool = False) -> list[str]:
    """Generate the package, and put it in its place.

    Args:
        root: The project's folder.
        check: Only compare.

    Returns:
        The files of the package that were, or would be, changed.

    Raises:
        DocumentError: The interfaces and the overlay do not fit.
        GenerationError: The generator, or ruff, complained.
    """
    prepared = prepare(served(root), Overlay.load(root / "openapi" / "overlay.yaml"))
    for place in prepared.undescribed:
        print(f"openapi/overlay.yaml has no words for {place}", file=sys.stderr)
    home = root / "generated"
    home.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=None if check else home, prefix=".new-") as folder:
        fresh = Path(folder) / PACKAGE
        build(prepared, fresh, root / "openapi" / "templates")
        changed = differences(fresh, home / PACKAGE)
        if changed and not check:
            swap(fresh, home / PACKAGE)
    return changed


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare only; exit with 1 on a difference")
    options = parser.parse_args(arguments)
    try:
        changed = generate(check=options.check)
    except (DocumentError, GenerationError) as error:
        print(error, file=sys.stderr)
        return 2
    for name in changed:
        print(f"generated/{PACKAGE}/{name}")
    if options.check and changed:
        print("The generated client is out of date: run make generate.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
