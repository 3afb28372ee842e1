"""Generate ``generated/provena_api`` from ``openapi/``.

``python scripts/generate.py`` writes the package; ``--check`` compares it, and exits with 1 if it differs.
"""

from __future__ import annotations

import argparse
import contextlib
import filecmp
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from openapi_python_client import Project
from openapi_python_client import generate as generate_stock
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError

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
from scripts.generate_view import GenerationError, View, keep_names  # noqa: E402

PACKAGE = "provena_api"


def build(prepared: Prepared, target: Path, templates: Path = ROOT / "openapi" / "templates") -> None:
    """Generate the package into the folder ``target``, which must not exist yet.

    Args:
        prepared: The document to generate from.
        target: The package's folder.
        templates: Folder of templates that replace the generator's own.

    Raises:
        GenerationError: The generator issued a warning, or ruff failed.
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
        raise GenerationError(_text([data]))
    complaints = [
        *data.errors,
        *(error for found in data.endpoint_collections_by_tag.values() for error in found.parse_errors),
    ]
    if complaints:
        raise GenerationError(_text(complaints))
    view = View(prepared)
    data.models = sorted(
        (model for model in data.models if not view.is_free_form(model)),
        key=lambda model: model.class_info.name,
    )
    data.enums = sorted(data.enums, key=lambda enum: enum.class_info.name)
    keep_names(data)
    project = Project(openapi=data, config=config, custom_template_path=templates)
    project.env.globals.update(view.globals())
    with contextlib.redirect_stdout(io.StringIO()):
        late = project.build()
    if late:
        raise GenerationError(_text(late))
    for unused in ("client.py", "errors.py"):
        (target / unused).unlink()
    (target / "py.typed").touch()
    tidy(target)


def served(root: Path = ROOT) -> dict[str, Json]:
    """Return the stored OpenAPI documents, by service name."""
    return {service: load(root / "openapi" / f"{service}.json") for service in SERVICES}


def build_stock(target: Path, document: Json) -> None:
    """Generate a client with the generator's own templates, for comparison.

    Args:
        target: The package's folder, which must not exist yet; its name becomes the package's.
        document: The OpenAPI document.

    Raises:
        GenerationError: The generator issued a warning.
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
        raise GenerationError(_text(complaints))


def _text(complaints: Sequence[GeneratorError]) -> str:
    return "\n".join(f"{entry.header} {entry.detail or ''}".strip() for entry in complaints)


def tidy(folder: Path) -> None:
    """Sort imports, remove unused ones and format, with ruff's defaults."""
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        raise GenerationError(f"ruff is not installed beside {Path(sys.executable).name}: pip install ruff.")
    common = ["--isolated", "--no-cache", "--quiet", "--target-version", "py311", "--line-length", "110"]
    # Remove unused imports first: imports sorted while too long for one line stay on several.
    for command in (["check", "--fix", "--select", "F"], ["check", "--fix", "--select", "I"], ["format"]):
        done = subprocess.run(
            [str(ruff), command[0], *common, *command[1:], "."], cwd=folder, capture_output=True, text=True
        )
        if done.returncode:
            raise GenerationError(f"ruff {command[0]}: {done.stdout}{done.stderr}")


def differences(expected: Path, found: Path) -> list[str]:
    """Return the files that differ between two folders, or exist only in one, as sorted relative paths."""
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
    """Replace the folder ``target`` by ``fresh``."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def generate(root: Path = ROOT, *, check: bool = False) -> list[str]:
    """Generate the package, and install it.

    Args:
        root: The project's folder.
        check: Compare only.

    Returns:
        The files of the package that were changed, or would be.

    Raises:
        DocumentError: The OpenAPI documents and the overlay are inconsistent.
        GenerationError: The generator or ruff reported a problem.
    """
    prepared = prepare(served(root), Overlay.load(root / "openapi" / "overlay"))
    for place in prepared.undescribed:
        print(f"openapi/overlay/ has no description for {place}", file=sys.stderr)
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
    parser.add_argument(
        "--check", action="store_true", help="compare only; exit with 1 if the client differs"
    )
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
