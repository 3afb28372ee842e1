"""Count the lines that a user sees after each of twenty mistakes.

``python scripts/mistakes.py`` prints, for each mistake, the lines of the traceback in a terminal, in IPython and in a
notebook that nbclient runs. ``--sdk PATH`` takes the SDK from another checkout, to compare; ``--show NAME`` prints the
tracebacks themselves.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from provena_sdk.sandbox import Sandbox

ROOT: Final = Path(__file__).resolve().parents[1]
PLACES: Final = ("terminal", "ipython", "nbclient")

SETUP: Final = """\
import shutil, fsspec
from pathlib import Path
from provena_sdk import Provena, AsyncProvena
provena = Provena()
reader = Provena(access_token=READERS_TOKEN)
reef = provena.datastore.interactive_dataset(HANDLE)
for name in ("full", "results"):
    Path(name).mkdir(exist_ok=True)
Path("results/a.csv").write_text("1,2")
Path("broken.json").write_text("{")
usage = shutil.disk_usage
shutil.disk_usage = lambda path: usage(path)._replace(free=1) if "full" in str(path) else usage(path)
"""

MISTAKES: Final = {
    "a wrong handle": 'provena.datastore.fetch_dataset("10378.1/9999999")',
    "no handle at all": 'provena.datastore.fetch_dataset("reef")',
    "a private dataset": "found = reader.datastore.fetch_dataset(PRIVATE)",
    "a missing file": 'reef.open("obs/2023.csv")',
    "a folder for a file": 'reef.open("obs").read()',
    "swapped arguments": 'provena.datastore.io.download_specific_file("data/", HANDLE, "obs/2024.csv")',
    "nobody is signed in": 'Provena(profile="nobody").whoami()',
    "an expired token": 'Provena(access_token="abc").datastore.check_access("read")',
    "a full disk": 'reef.download_all_files("full/data")',
    "a damaged file": 'report = reef.download_all_files("damaged")',
    "a missing folder": 'reef.upload_all_files("resluts")',
    "a misspelt option": 'reef.sync_up("results", compare="md5")',
    "metadata without a name": 'provena.datastore.mint_dataset({"dataset_info": {}})',
    "metadata that is not JSON": 'provena.datastore.mint_dataset("broken.json")',
    "metadata that is not there": 'provena.datastore.mint_dataset("nowhere.json")',
    "a missing role": "reader.datastore.mint_dataset(METADATA)",
    "another's dataset": 'reader.datastore.interactive_dataset(HANDLE).revert_dataset_metadata(1, "typo")',
    "a profile that does not exist": 'Provena(profile="reef")',
    "a service that is not there": 'Provena(NOWHERE, access_token="t", max_retries=0).datastore.fetch_dataset(HANDLE)',
    "a search for nothing": 'hits = provena.datastore.search_datasets("")',
}
"""The twenty mistakes by name, each as the code that a user runs."""

ELSEWHERE: Final = {
    "async: a wrong handle": 'await AsyncProvena().datastore.fetch_dataset("10378.1/9999999")',
    "fsspec: a missing file": 'fsspec.filesystem("provena").cat_file(f"provena://{HANDLE}/obs/2023.csv")',
    "fsspec.open: a missing file": 'with fsspec.open(f"provena://{HANDLE}/obs/2023.csv") as file: file.read()',
    "pandas: a missing file": 'pandas.read_csv(f"provena://{HANDLE}/obs/2023.csv")',
    "pandas: a wrong handle": 'pandas.read_csv("provena://10378.1/9999999/obs/2023.csv")',
    "pandas: nobody is signed in": (
        'pandas.read_csv(f"provena://{HANDLE}/a.csv", storage_options={"profile": "nobody"})'
    ),
    "xarray: a missing file": 'xarray.open_dataset(f"provena://{HANDLE}/sst.nc", engine="h5netcdf")',
}
"""The same through the async client and other libraries."""

_CHILD: Final = "--child"


def main() -> int:
    """Print the table, or one traceback."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sdk", type=Path, default=ROOT, help="a checkout whose provena_sdk is used")
    parser.add_argument("--show", metavar="NAME", help="the mistake to show")
    given = parser.parse_args()
    mistakes = {**MISTAKES, **ELSEWHERE}
    if given.show is not None:
        mistakes = {name: code for name, code in mistakes.items() if given.show in name}
    with prepared() as (names, environment, folder):
        seen = {place: shown(place, mistakes, names, environment, folder, given.sdk) for place in PLACES}
    if given.show is not None:
        for name in mistakes:
            for place in PLACES:
                print(f"--- {name}, {place}", seen[place].get(name, "(not tried)"), sep="\n")
        return 0
    print(f"{'mistake':<32}" + "".join(f"{place:>10}" for place in PLACES))
    for name in mistakes:
        counts = [seen[place].get(name) for place in PLACES]
        print(f"{name:<32}" + "".join(f"{'-' if text is None else lines(text):>10}" for text in counts))
    return 0


def lines(text: str) -> int:
    """Return the number of lines of a traceback, without those that hold a terminal's colours alone."""
    return len(plain(text).strip("\n").split("\n"))


def plain(text: str) -> str:
    """Return a text without a terminal's colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", text)


@contextlib.contextmanager
def prepared() -> Iterator[tuple[dict[str, Any], dict[str, str], Path]]:
    """Run a sandbox with what the mistakes speak of; yield names, environment and an empty folder."""
    from provena_sdk.sandbox.object_store import ObjectFault
    from provena_sdk.sandbox.seed import metadata

    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        handle = sandbox.add_dataset(
            "Reef", owner="writer", files={"obs/2024.csv": b"1,2", "bad.csv": b"3,4"}
        )
        private = sandbox.add_dataset("Private", owner="writer")
        sandbox.set_access(private, general=())
        sandbox.s3_faults.add(ObjectFault(kind="corrupt", key="*/bad.csv", times=None))
        names = {
            "HANDLE": handle,
            "PRIVATE": private,
            "METADATA": metadata("Twice"),
            "READERS_TOKEN": sandbox.access_token("reader"),
            "NOWHERE": "nowhere.invalid",
        }
        home = Path(folder) / "home"
        home.mkdir()
        (home / "token").write_text(sandbox.offline_token("writer"))
        (home / "token").chmod(0o600)
        (home / "config.toml").write_text(
            f"[profiles.default]\noffline_token_file = '{home / 'token'}'\n[profiles.nobody]\n"
        )
        own = {name: value for name, value in os.environ.items() if not name.startswith("PROVENA_")}
        environment = {
            **own,
            **sandbox.environment(),
            "PROVENA_CONFIG_FILE": str(home / "config.toml"),
            "JUPYTER_PLATFORM_DIRS": "1",
            "TERM": "dumb",
        }
        yield names, environment, Path(folder)


def shown(
    place: str,
    mistakes: Mapping[str, str],
    names: Mapping[str, Any],
    environment: Mapping[str, str],
    folder: Path,
    sdk: Path = ROOT,
) -> dict[str, str]:
    """Make mistakes in a process of its own.

    Args:
        place: Where: ``terminal``, ``ipython`` or ``nbclient``.
        mistakes: The code of each, by name.
        names: What the code can name.
        environment: The environment variables.
        folder: The working folder.
        sdk: A checkout whose provena_sdk is used.

    Returns:
        What is shown after each mistake, by name; those that need a library that is not installed are left out.
    """
    paths = [str(sdk), str(sdk / "generated")]
    work = folder / f"in-{place}"
    work.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, __file__, _CHILD, place],
        input=json.dumps({"mistakes": dict(mistakes), "names": dict(names)}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**environment, "PYTHONPATH": os.pathsep.join(paths)},
        cwd=work,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


def _child(place: str) -> int:
    given = json.load(sys.stdin)
    setup = "\n".join(f"{name} = {value!r}" for name, value in given["names"].items()) + f"\n{SETUP}"
    mistakes = {}
    for name, code in given["mistakes"].items():
        library = name.partition(":")[0]
        if library in ("pandas", "xarray"):
            try:
                __import__(library)
            except ImportError:
                continue
            setup += f"import {library}\n"
        mistakes[name] = code
    run = {"terminal": _in_terminal, "ipython": _in_ipython, "nbclient": _in_notebook}[place]
    print(json.dumps(run(setup, mistakes)))
    return 0


def _in_terminal(setup: str, mistakes: Mapping[str, str]) -> dict[str, str]:
    """Run each as a script, and let Python itself print the traceback."""
    names: dict[str, Any] = {}
    exec(setup, names)
    found = {}
    for name, code in mistakes.items():
        if code.startswith("await "):
            code = f"import asyncio\nasync def main():\n    {code}\nasyncio.run(main())"
        script = Path("mistake.py").absolute()
        script.write_text(f"{code}\n")
        try:
            exec(compile(script.read_text(), str(script), "exec"), names)
            found[name] = "nothing"
        except BaseException as error:
            shown = io.StringIO()
            # Without the frame of this function, as if the script were run by itself.
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
            with contextlib.redirect_stderr(shown):
                sys.__excepthook__(type(error), error, error.__traceback__)
            found[name] = shown.getvalue()
    return found


def _in_ipython(setup: str, mistakes: Mapping[str, str]) -> dict[str, str]:
    from IPython.core.interactiveshell import InteractiveShell

    shell: Any = InteractiveShell.instance()
    shell.colors = "nocolor"
    shell.run_cell(setup)
    found = {}
    for name, code in mistakes.items():
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            shell.run_cell(code)
        found[name] = printed.getvalue()
    return found


def _in_notebook(setup: str, mistakes: Mapping[str, str]) -> dict[str, str]:
    import nbformat
    from nbclient import NotebookClient

    new: Any = nbformat.v4
    cells = [new.new_code_cell(code) for code in (setup, *mistakes.values())]
    notebook = new.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute()
    found = {}
    for name, cell in zip(mistakes, notebook.cells[1:], strict=True):
        shown = [
            "\n".join(output["traceback"]) if output["output_type"] == "error" else output.get("text", "")
            for output in cell["outputs"]
        ]
        found[name] = "\n".join(shown)
    return found


if __name__ == "__main__":
    raise SystemExit(_child(sys.argv[2]) if sys.argv[1:2] == [_CHILD] else main())
