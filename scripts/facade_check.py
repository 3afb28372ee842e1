"""Compare both faces with a list of the classes, methods and parameters that users know.

``python scripts/facade_check.py FACADE_JSON`` prints what is missing, for each face, and fails if anything is. The
file holds ``classes`` with ``methods`` and their ``parameters`` in order (``name``, and ``default`` as Python writes it
where there is one), ``attributes`` by class, and ``constants`` by name. The awaiting face has the same classes with
``Async`` before their names.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MODULE = "provena_sdk"
FACES = {"blocking": "", "awaiting": "Async"}


def main(arguments: list[str]) -> int:
    """Check every face; the exit code is 1 when anything is missing."""
    if len(arguments) != 1:
        print("usage: python scripts/facade_check.py FACADE_JSON", file=sys.stderr)
        return 2
    known = json.loads(Path(arguments[0]).read_text("utf-8"))
    module = importlib.import_module(MODULE)
    count = sum(len(described["methods"]) for described in known["classes"].values())
    failed = False
    for face, prefix in FACES.items():
        missing = list(missing_from(module, known, prefix))
        failed |= bool(missing)
        print(f"{face}: {count} methods, {len(missing)} missing")
        for what in missing:
            print(f"  {what}")
    return 1 if failed else 0


def missing_from(module: Any, known: dict[str, Any], prefix: str) -> Iterator[str]:
    """Yield what one face lacks, or has otherwise.

    Args:
        module: Where the names are looked up.
        known: What the file lists.
        prefix: What stands before the names of the face's classes.
    """
    constants: dict[str, object] = known.get("constants", {})
    for name, value in constants.items():
        if not hasattr(module, name):
            yield name
        elif getattr(module, name) != value:
            yield f"{name}: is {getattr(module, name)!r}, not {value!r}"
    for name, described in known["classes"].items():
        kind = getattr(module, prefix + name, None)
        if kind is None:
            yield prefix + name
            continue
        attributes = known.get("attributes", {}).get(name, [])
        yield from (f"{prefix}{name}.{attribute}" for attribute in attributes if not has(kind, attribute))
        for method_name, method in described["methods"].items():
            place = f"{prefix}{name}.{method_name}"
            function = inspect.getattr_static(kind, method_name, None)
            if not inspect.isfunction(function):
                yield place
            else:
                yield from (
                    f"{place}: {told}" for told in differences(function, method["parameters"], constants)
                )


def differences(function: Any, wanted: list[dict[str, str]], constants: dict[str, object]) -> Iterator[str]:
    """Yield how a method's parameters differ from those wanted; further ones must have defaults."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    for index, described in enumerate(wanted):
        name = described["name"]
        if index >= len(parameters) or parameters[index].name != name:
            found = parameters[index].name if index < len(parameters) else "nothing"
            yield f"parameter {index + 1} is {found}, not {name}"
            return
        parameter = parameters[index]
        if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            yield f"{name} cannot be given by position and by name"
        if "default" in described:
            default = value_of(described["default"], constants)
            if parameter.default is inspect.Parameter.empty or parameter.default != default:
                yield f"the default of {name} is not {described['default']}"
    yield from (
        f"{extra.name} is needed"
        for extra in parameters[len(wanted) :]
        if extra.default is inspect.Parameter.empty
        and extra.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    )


def value_of(written: str, constants: dict[str, object]) -> object:
    """Return the value that a default stands for: a constant's name, or a literal."""
    return constants[written] if written in constants else ast.literal_eval(written)


def has(kind: type[Any], attribute: str) -> bool:
    """Whether instances of a class have an attribute: one of the class, or one that ``__init__`` sets."""
    if hasattr(kind, attribute):
        return True
    tree = ast.parse(inspect.getsource(sys.modules[kind.__module__]))
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and node.attr == attribute
        for body in ast.walk(tree)
        if isinstance(body, ast.ClassDef) and body.name == kind.__name__
        for node in ast.walk(body)
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
