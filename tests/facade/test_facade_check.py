"""The comparison of both faces with a list of what users know, and that it finds what is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "facade_check.py"


def method(*parameters: tuple[str, ...]) -> dict[str, Any]:
    names = ("name", "default")
    return {"parameters": [dict(zip(names, parameter, strict=False)) for parameter in parameters]}


KNOWN: dict[str, Any] = {
    "constants": {"DEFAULT_SEARCH_LIMIT": 25},
    "attributes": {"Datastore": ["review", "io"], "InteractiveDataset": ["dataset_id"]},
    "classes": {
        "Datastore": {
            "methods": {
                "fetch_dataset": method(("id",)),
                "search_datasets": method(("query",), ("limit", "DEFAULT_SEARCH_LIMIT")),
                "for_all_datasets": method(("list_dataset_request",), ("total_limit", "None")),
            }
        },
        "InteractiveDataset": {"methods": {"version": method(("reason",))}},
    },
}


def check(known: dict[str, Any], folder: Path) -> tuple[int, str]:
    path = folder / "facade.json"
    path.write_text(json.dumps(known))
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(path)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_a_facade_that_is_there(tmp_path: Path) -> None:
    code, told = check(KNOWN, tmp_path)
    assert (code, told.splitlines()) == (
        0,
        ["blocking: 4 methods, 0 missing", "awaiting: 4 methods, 0 missing"],
    )


@pytest.fixture
def changed() -> dict[str, Any]:
    """A list to change, one that is all there."""
    copy: dict[str, Any] = json.loads(json.dumps(KNOWN))
    return copy


def test_everything_that_is_missing_is_told(changed: dict[str, Any], tmp_path: Path) -> None:
    methods = changed["classes"]["Datastore"]["methods"]
    methods["destroy_dataset"] = method(("id",))
    methods["fetch_dataset"] = method(("handle",))
    methods["search_datasets"] = method(("query",), ("limit", "20"))
    methods["interactive_dataset"] = method()
    methods["list_all_datasets"] = method(("sort_criteria", "None"), ("extra",))
    changed["classes"]["Warehouse"] = {"methods": {"list": method()}}
    changed["attributes"]["Datastore"].append("registry")
    changed["constants"] |= {"DEFAULT_SEARCH_LIMIT": 24, "NO_SUCH_LIMIT": 1}
    code, told = check(changed, tmp_path)
    lines = told.splitlines()
    assert code == 1
    for prefix in ("", "Async"):
        assert f"  {prefix}Datastore.destroy_dataset" in lines
        assert f"  {prefix}Datastore.fetch_dataset: parameter 1 is id, not handle" in lines
        assert f"  {prefix}Datastore.search_datasets: the default of limit is not 20" in lines
        assert f"  {prefix}Datastore.interactive_dataset: dataset_id is needed" in lines
        assert f"  {prefix}Datastore.list_all_datasets: parameter 2 is nothing, not extra" in lines
        assert f"  {prefix}Warehouse" in lines
        assert f"  {prefix}Datastore.registry" in lines
    assert lines.count("  NO_SUCH_LIMIT") == 2
    assert lines.count("  DEFAULT_SEARCH_LIMIT: is 25, not 24") == 2
    assert lines[0] == "blocking: 8 methods, 9 missing"
    assert "awaiting: 8 methods, 9 missing" in lines
