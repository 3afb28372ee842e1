"""Generating the package: what is committed, what is refused, and that the bytes never differ."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import generate
from scripts.generate import build, build_stock, differences, served
from scripts.generate_document import Overlay, Prepared, merge, prepare
from scripts.generate_view import GenerationError

OVERLAY = generate.ROOT / "openapi" / "overlay"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of what is generated, and of what it is generated from."""
    for folder in ("openapi", "generated/provena_api"):
        shutil.copytree(
            generate.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", ".*")
        )
    return tmp_path


def test_what_is_committed_is_what_is_generated(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
def test_checking_names_what_differs_and_changes_nothing(root: Path) -> None:
    package = root / "generated" / "provena_api"
    (package / "types.py").write_text("# edited by hand\n")
    (package / "extra.py").touch()
    (package / "models" / "user.py").unlink()
    assert generate.generate(root, check=True) == ["extra.py", "models/user.py", "types.py"]
    assert (package / "types.py").read_text() == "# edited by hand\n"


@pytest.mark.slow
def test_generating_puts_the_package_in_place(root: Path) -> None:
    package = root / "generated" / "provena_api"
    (package / "extra.py").touch()
    shutil.rmtree(package / "models")
    assert "models/user.py" in generate.generate(root)
    assert differences(generate.ROOT / "generated" / "provena_api", package) == []
    assert [path.name for path in (root / "generated").iterdir()] == ["provena_api"]


@pytest.mark.slow
def test_generating_anew_leaves_the_files_alone(root: Path) -> None:
    before = (root / "generated" / "provena_api" / "types.py").stat()
    assert generate.generate(root) == []
    assert (root / "generated" / "provena_api" / "types.py").stat().st_ino == before.st_ino


def test_a_failure_leaves_the_old_package(root: Path) -> None:
    (root / "openapi" / "templates" / "model.py.jinja").write_text("class {{ model.class_info.name }}(:\n")
    with pytest.raises(GenerationError, match="ruff check"):
        generate.generate(root)
    assert differences(generate.ROOT / "generated" / "provena_api", root / "generated" / "provena_api") == []
    assert [path.name for path in (root / "generated").iterdir()] == ["provena_api"]


def test_a_warning_of_the_generator_is_an_error(tmp_path: Path) -> None:
    interfaces = served()
    paths = interfaces["search"]["paths"]
    paths["/x"] = {
        "get": {"operationId": "x", "responses": {"200": {"description": "", "content": {"a/b": {}}}}}
    }
    prepared = prepare(interfaces, Overlay.load(OVERLAY))
    with pytest.raises(GenerationError, match="GET /search/x"):
        build(prepared, tmp_path / "new")


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ({"type": "string", "format": "uuid"}, "UuidProperty"),
        ({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}, None),
        ({"anyOf": [{"type": "string", "format": "date"}, {"type": "integer"}]}, "UnionProperty"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "ModelProperty"),
    ],
)
@pytest.mark.slow
def test_what_the_templates_cannot_express_is_an_error(
    field: dict[str, object], problem: str | None, tmp_path: Path
) -> None:
    interfaces = served()
    interfaces["search"]["components"]["schemas"]["QueryResult"]["properties"]["rank"] = field
    prepared = prepare(interfaces, Overlay.load(OVERLAY))
    if problem is None:
        build(prepared, tmp_path / "new")
        text = (tmp_path / "new" / "models" / "query_result.py").read_text()
        assert "rank: list[list[str]] | None = None" in text
    else:
        with pytest.raises(GenerationError, match=f"rank: the templates cannot express {problem}"):
            build(prepared, tmp_path / "new")


@pytest.mark.parametrize("place", ["path", "header"])
@pytest.mark.slow
def test_only_query_parameters_are_supported(place: str, tmp_path: Path) -> None:
    interfaces = served()
    parameter = {"in": place, "name": "x", "required": True, "schema": {"type": "string"}}
    answer = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}}}
    operation = {"operationId": "x", "parameters": [parameter], "responses": answer}
    interfaces["search"]["paths"]["/x/{x}" if place == "path" else "/x"] = {"get": operation}
    with pytest.raises(GenerationError, match="x: only query parameters"):
        build(prepare(interfaces, Overlay.load(OVERLAY)), tmp_path / "new")


def test_ruff_is_found_without_a_path(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    build(prepared, tmp_path / "new")
    assert differences(generate.ROOT / "generated" / "provena_api", tmp_path / "new") == []


def test_missing_ruff_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(GenerationError, match="ruff is not installed"):
        generate.tidy(tmp_path)


def test_the_command_says_what_is_out_of_date(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "generate", lambda check: ["types.py"])
    assert generate.main(["--check"]) == 1
    printed = capsys.readouterr()
    assert printed.out == "generated/provena_api/types.py\n"
    assert "run make generate" in printed.err
    assert generate.main([]) == 0


@pytest.mark.slow
def test_the_bytes_are_the_same_everywhere(tmp_path: Path) -> None:
    for number, (seed, locale) in enumerate((("0", "C"), ("1", "C.UTF-8"), ("4294967295", "POSIX"))):
        home = tmp_path / f"a folder {number}"
        for folder in ("openapi", "scripts"):
            shutil.copytree(generate.ROOT / folder, home / folder)
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "PYTHONUTF8": "0"}
        subprocess.run(
            [sys.executable, str(home / "scripts" / "generate.py")],
            cwd=home.parent,
            env=environment,
            check=True,
            capture_output=True,
        )
        assert (
            differences(generate.ROOT / "generated" / "provena_api", home / "generated" / "provena_api") == []
        )


@pytest.mark.slow
def test_mypy_accepts_ours_and_not_the_stock_output_with_its_hooks(tmp_path: Path) -> None:
    build_stock(tmp_path / "stock_api", merge(served()))
    shutil.copytree(generate.ROOT / "generated" / "provena_api", tmp_path / "provena_api")
    ruff = str(Path(sys.executable).with_name("ruff"))
    for hook in (
        ["check", ".", "--fix-only", "--extend-select=I", "--isolated"],
        ["format", ".", "--isolated"],
    ):
        subprocess.run([ruff, *hook], cwd=tmp_path / "stock_api", check=True, capture_output=True)
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = true\n")
    codes = {
        package: subprocess.run(
            [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), package],
            cwd=tmp_path,
            capture_output=True,
        ).returncode
        for package in ("provena_api", "stock_api")
    }
    assert codes == {"provena_api": 0, "stock_api": 1}
