"""The documents are correct: Python blocks run, and commands, links and paths exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from provena_sdk.config import Given, resolve
from provena_sdk.config.profiles import parse_config
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.seed import metadata

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# The fast tests have only pandas and UPath of the extra interop.
INTEROP = re.compile(
    r"^(?:import|from) (dask|distributed|duckdb|joblib|polars|pyarrow|xarray|zarr)\b", re.MULTILINE
)
# In one run of twenty, a pyarrow thread that reads through a Python file system outlives the interpreter.
ABORTED_AT_EXIT = "terminate called without an active exception"


def marks(path: Path, block: str) -> list[pytest.MarkDecorator]:
    """Mark the blocks that the fast tests leave out: each takes a process of its own."""
    if INTEROP.search(block) or "parquet" in block:
        return [pytest.mark.interop]
    return [] if path.name == "README.md" else [pytest.mark.slow]


BLOCKS = [
    pytest.param(
        block,
        id=f"{path.name}-{number}",
        marks=marks(path, block),
    )
    for path in DOCUMENTS
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.DOTALL), 1)
]
PROFILES = [
    block
    for path in DOCUMENTS
    for block in re.findall(r"```toml\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    if "[profiles." in block
]
PROJECTS = [
    block
    for path in DOCUMENTS
    for block in re.findall(r"```toml\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    if "[datasets." in block
]


@pytest.mark.parametrize("block", PROFILES)
def test_profiles_can_be_parsed(block: str) -> None:
    config = parse_config(block, "config.toml")
    for name in config.profiles:
        assert resolve(Given(profile=name), {}, config).profile == name


def test_every_variable_named_exists() -> None:
    known = " ".join(path.read_text("utf-8") for path in (ROOT / "provena_sdk").rglob("*.py"))
    for path in DOCUMENTS:
        for variable in re.findall(r"PROVENA_[A-Z0-9_]+", path.read_text("utf-8")):
            assert f'"{variable}"' in known, f"{path.name}: {variable}"


def test_the_readme_has_examples() -> None:
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize("block", BLOCKS)
def test_blocks_run_unchanged(block: str, provena_sandbox: Sandbox, tmp_path: Path) -> None:
    reef = provena_sandbox.add_dataset("Coral bleaching", files={"obs/2024.csv": b"day,temperature\n"})
    (tmp_path / "metadata.json").write_text(json.dumps(metadata("Results")), "utf-8")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "summary.csv").write_text("a,b\n", "utf-8")
    (tmp_path / "config.toml").write_text(PROFILES[0], "utf-8")
    (tmp_path / "provena.toml").write_text(PROJECTS[0].replace("10378.1/1451860", reef), "utf-8")
    # Readers use their own domain and handle; here they are the sandbox's.
    code = re.sub(r'Provena\("example\.org"(, realm="provena")?\)', "Provena()", block)
    code = code.replace("10378.1/1451860", reef)
    environment = {
        **provena_sandbox.environment(),
        "PROVENA_ACCESS_TOKEN": provena_sandbox.access_token("writer"),
        "PROVENA_CONFIG_FILE": str(tmp_path / "config.toml"),
        "PATH": "",
        "HOME": str(tmp_path),
    }
    done = run(code, tmp_path, environment)
    if "pyarrow" in code and done.stdout and ABORTED_AT_EXIT in done.stderr:
        done = run(code, tmp_path, environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def run(code: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for path in DOCUMENTS:
        named = set(re.findall(r"`?\bmake ([a-z-]+)(?= [A-Z]+=|`|\s+#)", path.read_text("utf-8")))
        assert named <= targets, f"{path.name}: {named - targets}"


def test_every_local_link_resolves() -> None:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_every_path_named_exists() -> None:
    documents = [
        ROOT / "CONTRIBUTING.md",
        *ROOT.glob("docs/architecture.md"),
        *ROOT.glob("docs/decisions/*.md"),
    ]
    for path in documents:
        for named in re.findall(r"`([a-z_0-9./-]+(?:/|\.py))`", path.read_text("utf-8")):
            found = any(
                (ROOT / folder / named).exists() for folder in ("", "provena_sdk", "provena_sdk/resources")
            )
            assert found, f"{path.name}: {named}"


def test_every_error_in_the_readme_exists() -> None:
    from provena_sdk import errors

    table = (ROOT / "README.md").read_text("utf-8").partition("## When something goes wrong")[2]
    named = re.findall(r"`([A-Z]\w+)`", table.partition("\n## ")[0])
    assert len(named) > 10
    for name in named:
        assert name in errors.__all__ or name in ("PermissionError", "KeyboardInterrupt")


def test_the_changelog_follows_the_format() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert text.startswith("# Changelog\n")
    assert "## [Unreleased]" in text
    headings = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert set(headings) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
