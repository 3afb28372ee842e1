"""Build the wheel, and test it in an empty environment without the sources."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

USE = """
import provena_sdk, provena_api
from importlib import metadata, resources
assert "site-packages" in provena_sdk.__file__, provena_sdk.__file__
assert resources.files("provena_sdk").joinpath("py.typed").is_file()
assert resources.files("provena_api").joinpath("py.typed").is_file()
from provena_sdk import CollectionFormat, Deployment, Provena
with Provena(Deployment("example.org"), access_token="x") as provena:
    print(provena, provena_sdk.__version__)
"""

SANDBOX = """
from provena_sdk import Deployment, Provena
from provena_sdk.sandbox import Sandbox
with Sandbox() as sandbox:
    with Provena(Deployment.from_env(sandbox.environment()), access_token=sandbox.access_token()) as provena:
        print(provena.datastore.get_health_check().message)
"""

TYPED = """
from provena_sdk import Provena
def name(provena: Provena) -> str:
    return provena.datastore.fetch_dataset("10378.1/1").item.display_name
reveal_type(Provena("example.org").datastore.list_all_datasets())
"""


def main() -> int:
    """Build and test the wheel; the first failure ends the script."""
    with tempfile.TemporaryDirectory(prefix="provena-wheel-") as place:
        folder = Path(place)
        run(sys.executable, "-m", "build", "--wheel", "--sdist", "--outdir", str(folder / "dist"), str(ROOT))
        (wheel,) = (folder / "dist").glob("*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        for needed in (
            "provena_sdk/py.typed",
            "provena_api/py.typed",
            "provena_sdk/sandbox/interfaces/datastore.json",
        ):
            assert needed in names, f"{needed} is not in the wheel"
        python = environment(folder / "plain")
        install = (python, "-m", "pip", "install", "--quiet", "-c", str(ROOT / "requirements.lock"))
        run(*install, str(wheel))
        run(python, "-c", "import provena_sdk", cwd=folder)
        run(python, "-c", USE, cwd=folder)
        command = str(Path(python).with_name("provena"))
        lacking = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
        assert "'provena-sdk[cli]'" in lacking.stderr, lacking
        run(*install, f"{wheel}[cli,sandbox,pandas,yaml]", "mypy")
        assert run(command, "--version", cwd=folder).startswith("provena ")
        run(python, "-c", SANDBOX, cwd=folder)
        run(python, str(ROOT / "scripts" / "stories" / "first_ten_minutes.py"), cwd=folder)
        (folder / "typed.py").write_text(TYPED, "utf-8")
        told = run(python, "-m", "mypy", "--strict", "typed.py", cwd=folder)
        assert "provena_sdk.views.item_lists.DatasetList" in told, told
    print(f"{wheel.name}: {len(names)} files; imports, runs and type-checks in an empty environment.")
    return 0


def environment(folder: Path) -> str:
    """Create an empty environment, and return its interpreter."""
    run(sys.executable, "-m", "venv", str(folder))
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")


def run(*command: str, cwd: Path | None = None) -> str:
    """Run a command and return its output; print the output if it fails."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")
    }
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)[:200]}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
