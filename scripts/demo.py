"""A complete example, from signing in to downloading, against a temporary Provena on this machine."""

from __future__ import annotations

import csv
import filecmp
import os
import tempfile
import textwrap
import time
from pathlib import Path

from provena_sdk import Deployment, Provena
from provena_sdk.auth import TerminalPresenter, token_source
from provena_sdk.sandbox import Sandbox

METADATA = {
    "associations": {"organisation_id": "10378.1/1900001"},
    "approvals": {
        name: {"relevant": False, "obtained": False}
        for name in ("ethics_registration", "ethics_access", "indigenous_knowledge", "export_controls")
    },
    "dataset_info": {
        "name": "Reef temperatures 2024",
        "description": "Daily water temperature at three sites of the reef.",
        "access_info": {"reposited": True},
        "publisher_id": "10378.1/1900001",
        "created_date": {"relevant": True, "value": "2024-12-31"},
        "published_date": {"relevant": False},
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "keywords": ["reef", "temperature"],
        "formats": ["csv"],
    },
}
METADATA_ONLY = "Only in copy/: metadata.json"
SITES = ("Agincourt", "Heron Island", "Ümlaut & 100% reef #7")


class Steps:
    """Prints each step as the code a user would write, and its result."""

    def __init__(self) -> None:
        self.number = 0
        self.started = time.monotonic()

    def show(self, code: str, result: object = "") -> None:
        """Print one step."""
        self.number += 1
        print(f"\n{self.number}. {code}", flush=True)
        if str(result):
            print(textwrap.indent(str(result), "   "), flush=True)


def write_observations(folder: Path) -> None:
    """Write a small data folder: one file per site, a nested folder and an empty file."""
    for site, name in enumerate(SITES):
        path = folder / "observations" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["day", "temperature"])
            rows.writerows([day, f"{24 + site + (day % 30) / 10:.1f}"] for day in range(1, 367))
    (folder / "README.txt").write_text("Temperatures in degrees Celsius.\n", "utf-8")
    (folder / "observations" / "calibration.log").touch()


def differences(original: Path, copy: Path) -> list[str]:
    """Return the output of ``diff -r`` for two folders; the service's metadata.json is only in the copy."""
    names, copied = (
        {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        for folder in (original, copy)
    )
    _, mismatch, missing = filecmp.cmpfiles(original, copy, sorted(names), shallow=False)
    return [
        *(f"Files reef/{name} and copy/{name} differ" for name in mismatch),
        *(f"Only in reef/: {name}" for name in missing),
        *(f"Only in copy/: {name}" for name in sorted(copied - names)),
    ]


def main() -> int:
    """Run the demonstration; the exit status is 0 if the copy equals the original."""
    # Ignore settings for other deployments.
    for name in [name for name in os.environ if name.startswith("PROVENA_")]:
        del os.environ[name]
    steps = Steps()
    print("Starting a Provena on this machine: sign-in, its services and an object store.")
    with (
        tempfile.TemporaryDirectory(prefix="provena-demo-") as place,
        Sandbox(approve_as="writer", poll_interval=1) as sandbox,
    ):
        os.environ["PROVENA_STATE_DIR"] = str(Path(place, "state"))
        deployment = Deployment.from_env(sandbox.environment())
        source, target = Path(place, "reef"), Path(place, "copy")
        write_observations(source)
        tokens = token_source(deployment, interactive=True, present=TerminalPresenter(browser=False))
        with Provena(deployment, tokens=tokens) as provena:
            steps.show(
                'provena = Provena("localhost"); provena.sign_in()',
                "You would approve on the page shown next; the demonstration does it for you.",
            )
            provena.sign_in()
            steps.show("provena.datastore.check_access()", provena.datastore.check_access())

            minted = provena.datastore.mint_dataset(METADATA)
            steps.show("provena.datastore.mint_dataset(metadata).handle", minted.handle)
            handle = minted.handle or ""
            reef = provena.datastore.interactive_dataset(handle)

            steps.show('reef.upload_all_files("reef/")', reef.upload_all_files(source))
            files = reef.list_files()
            steps.show("reef.list_files()", "\n".join(f"{file.size:>7,}  {file.path}" for file in files))

            newest = provena.datastore.for_all_datasets(total_limit=3)
            steps.show(
                "provena.datastore.for_all_datasets(total_limit=3)",
                "\n".join(f"{dataset.id}  {dataset.display_name}" for dataset in newest),
            )
            steps.show(
                'provena.datastore.search_datasets("reef temperature")',
                provena.datastore.search_datasets("reef temperature"),
            )
            item = reef.fetch_dataset().item
            steps.show(
                "reef.fetch_dataset().item",
                f"{item.display_name}, owned by {item.owner_username}, {item.release_status}\n{item.s3.s3_uri}",
            )

            path = f"observations/{SITES[1]}.csv"
            with reef.open(path, "r") as file:
                temperatures = [float(row["temperature"]) for row in csv.DictReader(file)]
            steps.show(
                f'reef.open("{path}", "r")',
                f"{len(temperatures)} days, {sum(temperatures) / len(temperatures):.2f} degrees on average",
            )

            steps.show('reef.download_all_files("copy/")', reef.download_all_files(target))
            different = differences(source, target)
            steps.show('diff -r "reef/" "copy/"', "\n".join(different))
            same = different == [METADATA_ONLY]
            if same:
                print("   The service adds metadata.json; all other files are identical.")
    seconds = time.monotonic() - steps.started
    print(f"\nDone in {seconds:.1f} s. README.md shows how to do this with your own deployment.")
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
