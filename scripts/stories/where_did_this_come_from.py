"""Where did this come from: two datasets, a model run between them, and the lineage of both.

It runs against a temporary Provena on this machine. ``--picture FILE`` keeps the picture of the lineage.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from prov.model import ProvDocument

from provena_sdk import Deployment, InteractiveDataset, Lineage, Provena
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.seed import RUN_TEMPLATE, metadata


def register(provena: Provena, name: str) -> InteractiveDataset:
    """Register a dataset, and wait until the provenance service knows it."""
    minted = provena.datastore.mint_dataset(metadata(name), wait=True)
    print(f"Registered {name!r} as {minted.handle}.")
    return provena.datastore.interactive_dataset(minted.handle or "")


def run_model(provena: Provena, sea: InteractiveDataset, heat: InteractiveDataset) -> str:
    """Register a model run that made one dataset of the other."""
    with provena.model_run(
        RUN_TEMPLATE, name="Heat stress run 2024", description="Degree heating weeks from daily temperatures"
    ) as run:
        run.input(sea, resources={"forcing": "daily/2024.nc"})
        run.output(heat, resources={"result": "weeks/2024.nc"})
    print(f"Registered the run as {run.id}.")
    return run.id or ""


def export(lineage: Lineage, folder: Path) -> None:
    """Write a lineage as PROV-JSON, read it with the prov package, and compare."""
    document = lineage.to_prov()
    path = folder / "lineage.json"
    document.serialize(str(path))
    if ProvDocument.deserialize(str(path)) != document:
        raise SystemExit("The PROV document does not read back equal.")
    print(f"Exported as PROV-JSON and read back: {len(list(document.get_records()))} records.")


def main() -> int:
    """Tell the story; the exit status is 0 if everything in it happened."""
    for name in [name for name in os.environ if name.startswith("PROVENA_")]:
        del os.environ[name]  # settings for other deployments
    parser = argparse.ArgumentParser(description="Where did this come from?")
    parser.add_argument("--picture", type=Path, help="write the picture of the lineage to this file")
    picture: Path | None = parser.parse_args().picture
    with tempfile.TemporaryDirectory(prefix="provena-story-") as place, Sandbox() as sandbox:
        deployment = Deployment.from_env(sandbox.environment())
        with Provena(deployment, access_token=sandbox.access_token("writer")) as provena:
            sea = register(provena, "Sea surface temperature 2024")
            heat = register(provena, "Degree heating weeks 2024")
            run = run_model(provena, sea, heat)
            origin = heat.upstream(depth=3)
            print(f"\n{origin}\n\n{sea.downstream()}\n")
            contributing = [node.id for node in heat.contributing_datasets().of_kind("dataset")]
            people = [node.label for node in heat.contributing_agents().of_kind("person")]
            print(f"Datasets that contributed: {', '.join(contributing)}. Persons: {', '.join(people)}.")
            if not {sea.dataset_id, run} <= origin.nodes.keys() or sea.dataset_id not in contributing:
                raise SystemExit("The lineage does not lead to where the dataset came from.")
            export(origin, Path(place))
            if picture is not None:
                picture.write_text(origin.to_svg() + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
