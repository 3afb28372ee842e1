"""The first ten minutes: sign in, search, look, read and plot; then register, upload, edit, version and cite.

It runs against a temporary Provena on this machine.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import pandas as pd

from provena_sdk import DatasetMetadata, Deployment, InteractiveDataset, Provena
from provena_sdk.auth import TerminalPresenter, token_source
from provena_sdk.sandbox import Sandbox

REVIEWER = "10378.1/1900005"
OBSERVATIONS = b"day,temperature\n2024-01-01,27.5\n2024-01-02,27.9\n2024-01-03,28.4\n"
COVERAGE: Final[dict[str, Any]] = {
    "keywords": ["reef", "temperature"],
    "spatial_info": {"coverage": "SRID=4326;POLYGON((145 -20, 150 -20, 150 -12, 145 -12, 145 -20))"},
    "temporal_info": {"duration": {"begin_date": "2024-01-01", "end_date": "2024-12-31"}},
}


def search(provena: Provena) -> str:
    """Search, and return the handle of the first hit."""
    results = provena.datastore.search_datasets("coral", bbox=(140, -30, 160, -5), since="2010")
    print(results)
    print(results.to_pandas().filter(["name", "begin", "end"]))
    print(results.map())
    return results[0].id


def look(reef: InteractiveDataset) -> None:
    """Look at a dataset: its card, its owner, its files."""
    print(reef)
    print(f"{reef.name} belongs to {reef.owner}; it is {reef.status}.")
    print(reef.list_files())


def read(reef: InteractiveDataset) -> pd.DataFrame:
    """Read a file by its URL."""
    return pd.read_csv(f"provena://{reef.dataset_id}/obs/2024.csv")


def register(provena: Provena, folder: Path) -> InteractiveDataset:
    """Register a dataset from a template, with names instead of handles, and upload its files."""
    form = folder / "metadata.yaml"
    form.write_text(filled(provena.datastore.template()), "utf-8")
    minted = provena.datastore.mint_dataset(form)
    mine = provena.datastore.interactive_dataset(minted.handle or "")
    print(f"Registered {mine.dataset_id}.")
    print(mine.upload_all_files(folder / "results"))
    return mine


def filled(template: str) -> str:
    """Fill in what is empty, as one does in an editor."""
    for empty, written in (
        ('  name: ""', "  name: Reef temperatures 2024"),
        ('  description: ""', "  description: Daily water temperature at one site."),
        ("    value:  #", "    value: 2024-12-31  #"),
        ('  license: ""', "  license: https://creativecommons.org/licenses/by/4.0/"),
        ('  publisher_id: ""', "  publisher_id: Coral Sea Institute"),
        ('  organisation_id: ""', "  organisation_id: Coral Sea Institute"),
        ("    relevant:\n", "    relevant: false\n"),
    ):
        template = template.replace(empty, written)
    return template


def register_in_python(provena: Provena) -> InteractiveDataset:
    """Register a dataset in five lines."""
    metadata = DatasetMetadata.new(
        name="Reef temperatures 2025", description="The next year.", organisation="Coral Sea Institute",
        license="CC-BY-4.0", created="2025-12-31", nothing_sensitive=True)  # fmt: skip
    handle = provena.datastore.mint_dataset(metadata).handle
    return provena.datastore.interactive_dataset(handle or "")


def change(mine: InteractiveDataset) -> None:
    """Change one field, edit others, and see what has changed."""
    mine.set("to be found", keywords=["reef", "temperature"])
    with mine.edit("say what it is for") as metadata:
        metadata.dataset_info.purpose = "Monitoring"
    print(mine.history)
    print(mine.diff(0))


def version_and_cite(mine: InteractiveDataset) -> None:
    """Make a second version, and cite the dataset."""
    mine.version("more data to come", wait=True)
    print(mine.versions)
    print(mine.cite("apa"))
    print(mine.cite("bibtex"))
    print(mine.release.request("Ruth Okonkwo", "complete"))


def main() -> int:
    """Tell the story; the exit status is 0 if everything in it happened."""
    for name in [name for name in os.environ if name.startswith("PROVENA_")]:
        del os.environ[name]  # settings for other deployments
    with (
        tempfile.TemporaryDirectory(prefix="provena-story-") as place,
        Sandbox(approve_as="writer", poll_interval=1) as sandbox,
    ):
        os.environ.update(sandbox.environment(), PROVENA_STATE_DIR=str(Path(place, "state")))
        results = Path(place, "results")
        results.mkdir()
        (results / "2024.csv").write_text("day,temperature\n2024-01-01,27.5\n", "utf-8")
        sandbox.add_dataset(
            "Coral temperatures", owner="reader", files={"obs/2024.csv": OBSERVATIONS}, **COVERAGE
        )
        sandbox.state.reviewers.add(REVIEWER)
        deployment = Deployment.from_env(os.environ)
        tokens = token_source(deployment, interactive=True, present=TerminalPresenter(browser=False))
        with Provena(deployment, tokens=tokens) as provena:
            provena.sign_in()
            reef = provena.datastore.interactive_dataset(search(provena))
            look(reef)
            print(read(reef).describe())
            mine = register(provena, Path(place))
            change(mine)
            version_and_cite(mine)
            print(f"Registered {register_in_python(provena).name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
