"""Show everything that the SDK returns, against a temporary Provena on this machine, and how long each form is.

python scripts/shown.py               # a table of characters: repr, text and HTML
python scripts/shown.py --page F      # also write a page with the HTML of everything, to look at
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

from provena_sdk import Deployment, Provena
from provena_sdk.display.tables import table
from provena_sdk.sandbox import Sandbox

FILES = {
    **{f"obs/2024/{month:02}.csv": b"day,temperature\n" * month for month in range(1, 13)},
    **{f"model/run{run}/out.nc": b"x" * 5000 for run in range(30)},
    "read.me": b"Read me.",
}


def things(provena: Provena, handle: str) -> Iterator[tuple[str, object]]:
    """Yield what a session returns, with the code that returns it."""
    datastore = provena.datastore
    reef = datastore.interactive_dataset(handle)
    yield "datastore.fetch_dataset(handle)", datastore.fetch_dataset(handle)
    yield "datastore.interactive_dataset(handle)", reef
    yield 'datastore.search_datasets("reef")', datastore.search_datasets("reef")
    yield "datastore.for_all_datasets()", datastore.for_all_datasets()
    yield "datastore.for_all_datasets().head(3)", datastore.for_all_datasets().head(3)
    yield "datastore.fetch_datasets([handle])", datastore.fetch_datasets([handle])
    yield "reef.list_files()", reef.list_files()
    yield "reef.iter_files()", reef.iter_files()
    plan = reef.plan_download("data")
    yield 'reef.plan_download("data")', plan
    yield "plan.run()", plan.run(progress=False)
    yield 'reef.set("typo", name="Alpha reef survey 2024")', reef.set("typo", name="Alpha reef survey 2024")
    reef.version("more sites")
    yield "reef.history", reef.history
    yield "reef.versions", reef.versions
    yield "reef.diff(0, 1)", reef.diff(0, 1)
    yield "datastore.inventory(files=True)", datastore.inventory(files=True)
    yield "reef.access()", reef.access()
    yield "reef.lock_history()", reef.lock_history()
    yield "reef.release.status()", reef.release.status()
    yield "reef.upstream()", reef.upstream()
    yield "provena.people.list()", provena.people.list()
    yield 'provena.people.find("a")', provena.people.find("a")
    yield "provena.organisations.list()", provena.organisations.list()
    yield "provena.registry.for_all()", provena.registry.for_all()
    yield "provena.jobs.list()", provena.jobs.list()
    yield "provena.groups.list()", provena.groups.list()
    yield "provena.roles.report()", provena.roles.report()
    yield "provena.reviews.reviewers()", provena.reviews.reviewers()
    yield "provena.whoami()", provena.whoami()
    yield "provena.explain()", provena.explain()


def main() -> None:
    """Print the table, and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--page", type=Path, help="file for a page with the HTML of everything")
    page = parser.parse_args().page
    page = None if page is None else page.absolute()
    rows, parts = [], []
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        handle = sandbox.add_dataset("Alpha reef survey", files=FILES)
        for number in range(12):
            sandbox.add_dataset(f"Reef temperatures {1980 + number}")
        os.environ.update(sandbox.environment())
        os.chdir(folder)
        with Provena(Deployment.from_env(), access_token=sandbox.access_token("writer")) as provena:
            for code, thing in things(provena, handle):
                html = thing._repr_html_() if hasattr(thing, "_repr_html_") else ""
                short, text = repr(thing), str(thing)
                rows.append((code, type(thing).__name__, len(short), len(text), len(html)))
                shown = f"<pre>{escape(short)}\n\n{escape(text)}</pre>"
                parts.append(
                    f"<h3>{escape(code)}</h3>{html}<details><summary>text</summary>{shown}</details>"
                )
        os.chdir("/")
    print(table(["code", "type", "repr", "text", "HTML"], rows))
    if page is not None:
        style = (
            "<meta charset='utf-8'><style>:root{color-scheme:light dark}body{font-family:sans-serif}</style>"
        )
        page.write_text(f"{style}{''.join(parts)}", "utf-8")


if __name__ == "__main__":
    main()
