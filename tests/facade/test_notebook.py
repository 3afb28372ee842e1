"""Both faces in a Jupyter kernel, whose own event loop runs all the time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

v4: Any = nbformat.v4

BLOCKING = """
import asyncio, pathlib
from provena_sdk import Provena
assert asyncio.get_running_loop().is_running()
provena = Provena()
print([dataset.display_name for dataset in provena.datastore.for_all_datasets(page_size=2)])
"""
FILES = """
kelp = provena.datastore.interactive_dataset(HANDLE)
pathlib.Path("up").mkdir()
pathlib.Path("up/new.csv").write_text("day\\n")
kelp.upload_all_files("up")
print(kelp.download_all_files("down").failed, sorted(path.name for path in pathlib.Path("down").iterdir()))
with kelp.open("a.csv", "r") as file:
    print(file.read())
"""
AWAITING = """
from provena_sdk import AsyncProvena
async with AsyncProvena() as aprovena:
    found = await aprovena.datastore.search_datasets("kelp")
    print(sorted(hit.item.display_name for hit in found))
    print([file.path async for file in listing(aprovena)])
    print((await aprovena.datastore.for_all_datasets(sort_by="DISPLAY_NAME").first()).display_name)
"""
LISTING = """
async def listing(aprovena):
    for file in await aprovena.datastore.io.list_all_files(HANDLE):
        yield file
"""
SHOWN = """
provena.datastore.fetch_dataset(HANDLE)
"""
REFUSED = """
provena.datastore.fetch_dataset("10378.1/none")
"""


@pytest.fixture
def executed(sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs cells in one kernel that is signed in to the sandbox; returns them with their outputs."""
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PROVENA_ACCESS_TOKEN", sandbox.access_token("writer"))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")

    def cells(*sources: str) -> list[Any]:
        notebook = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])
        client = NotebookClient(
            notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        )
        client.execute()
        made: list[Any] = notebook["cells"]
        return made

    return cells


@pytest.fixture
def run(executed: Any) -> Any:
    """Runs cells; returns what each printed or showed."""

    def texts(*sources: str) -> list[str]:
        return [
            "".join(
                output.get("text", "") or output.get("data", {}).get("text/plain", "")
                for output in cell["outputs"]
            ).strip()
            for cell in executed(*sources)
        ]

    return texts


def test_both_faces_in_a_kernel(run: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp", files={"a.csv": b"1,2"})
    for number in range(4):
        sandbox.add_dataset(f"Kelp {number}")
    setup = f"HANDLE = {handle!r}"
    _, listed, files, _, awaited, shown = run(setup, BLOCKING, FILES, LISTING, AWAITING, SHOWN)
    assert listed == "['Kelp 3', 'Kelp 2', 'Kelp 1', 'Kelp 0', 'Kelp']"
    assert files.splitlines() == ["[] ['a.csv', 'metadata.json', 'new.csv']", "1,2"]
    assert awaited.splitlines() == [
        "['Kelp', 'Kelp 0', 'Kelp 1', 'Kelp 2', 'Kelp 3']",
        "['a.csv', 'metadata.json', 'new.csv']",
        "Kelp 3",
    ]
    assert shown.splitlines()[:2] == ["Kelp", f"{handle} <https://hdl.handle.net/{handle}>  not released"]


@pytest.mark.slow
def test_what_is_saved_with_a_notebook_reads_without_the_kernel(executed: Any, sandbox: Any) -> None:
    area = {"coverage": "SRID=4326;POINT(145 -16)"}
    handle = sandbox.add_dataset("Kelp <i>forest</i>", spatial_info=area)
    *_, fetched, found = executed(
        BLOCKING,
        f"provena.datastore.fetch_dataset({handle!r})",
        "provena.datastore.search_datasets('kelp').map()",
    )
    card, picture = (cell["outputs"][0]["data"] for cell in (fetched, found))
    assert card["text/plain"].startswith("Kelp <i>forest</i>\n")
    assert "Kelp &lt;i&gt;forest&lt;/i&gt;" in card["text/html"]
    assert picture["text/plain"] == "145°E, 16°S  Kelp <i>forest</i>"
    for shown in (card, picture):
        assert set(shown) == {"text/plain", "text/html"}
        assert "<svg" in shown["text/html"]
        assert "<script" not in shown["text/html"]


@pytest.mark.slow
def test_an_error_in_a_kernel_says_what_to_do_and_shows_no_secret(run: Any, sandbox: Any) -> None:
    with pytest.raises(CellExecutionError) as caught:
        run(BLOCKING, REFUSED)
    assert "No dataset has the id 10378.1/none. Check the handle" in str(caught.value)
    assert sandbox.access_token("writer")[:30] not in str(caught.value)
