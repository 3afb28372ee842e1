"""Generate the async versions of the modules in provena_sdk/resources.

``python scripts/twins.py`` writes them; ``--check`` lists those out of date, and fails if there are any. Only class
names, ``async`` and ``await`` differ; methods, parameters, types and docstrings stay the same.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESOURCES = ROOT / "provena_sdk" / "resources"
MODULES = (
    "datastore",
    "dataset",
    "dataset_transfers",
    "files",
    "groups",
    "interactive/contents",
    "interactive/editing",
    "interactive/export",
    "interactive/sharing",
    "interactive/tools",
    "organisations",
    "people",
    "registry",
    "provenance/dataset_lineage",
    "provenance/jobs",
    "provenance/model_runs",
    "review",
    "reviews",
    "roles",
    "search",
)
CLASSES = (
    "DatasetContents",
    "DatasetEditing",
    "DatasetExport",
    "DatasetItem",
    "DatasetLineage",
    "DatasetRelease",
    "DatasetSharing",
    "DatasetTools",
    "DatasetTransfers",
    "Datastore",
    "DownloadPlan",
    "Groups",
    "IOSubModule",
    "InteractiveDataset",
    "Inventory",
    "Jobs",
    "MetadataEdit",
    "ModelRun",
    "OpenFile",
    "Organisations",
    "People",
    "Registry",
    "Results",
    "ReviewSubModule",
    "Reviews",
    "Roles",
    "Search",
    "Transport",
    "UploadPlan",
)
AWAITED = re.compile(
    r"self\.(?:_transport|_looking)\.run\(|self\._jobs\.\w+\(|self\.register\(|run_sync\(|run_transfer\(|resources\.transfers\.open_\w+\(|self\.io\.\w+\(|self\.for_all\w*\("
)
RENAMED = {
    "run_sync": "on_io_thread",
    "run_transfer": "run_transfer_async",
    "open_file": "open_file_async",
    "open_inventory": "open_inventory_async",
    "open_s3fs": "open_s3fs_async",
    "__enter__": "__aenter__",
    "__exit__": "__aexit__",
}
"""Functions whose async version has another name."""

NOT_AWAITED = {
    "edit",
    "for_all",
    "for_all_datasets",
    "interactive_dataset",
    "inventory",
    "iter_files",
    "save",
}


def main() -> int:
    """Write or check all async modules."""
    check = "--check" in sys.argv[1:]
    stale = []
    for name in MODULES:
        path = RESOURCES / "_async" / f"{name}.py"
        text = formatted(twin((RESOURCES / f"{name}.py").read_text("utf-8")))
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT).as_posix())
        if not check:
            path.write_text(text, "utf-8")
    for path_name in stale:
        print(f"{'differs' if check else 'wrote'}: {path_name}")
    return 1 if check and stale else 0


def twin(source: str) -> str:
    """Return the async version of a module."""
    lines = source.splitlines(keepends=True)
    for function in functions(source):
        end = function.end_lineno or function.lineno
        body = "".join(lines[function.lineno - 1 : end])
        if not AWAITED.search(body) or function.name in NOT_AWAITED:
            continue
        start = function.lineno - 1
        lines[start] = lines[start].replace("def ", "async def ", 1)
        awaited = awaiting("".join(lines[start:end]))
        lines[start:end] = [
            awaited,
            *[""] * (end - start - 1),
        ]  # keeps numbering
    text = "".join(lines)
    text = re.sub(
        r"^( +(?:>>>|\.\.\.) )(.*)$", lambda found: found[1] + example(found[2]), text, flags=re.MULTILINE
    )
    for name in CLASSES:
        text = re.sub(rf"(?<![\w.\"]){name}(?=[^\w]|$)", f"Async{name}", text)
    for name, renamed in RENAMED.items():
        text = re.sub(rf"\b{name}\b", renamed, text)
    names = "|".join(MODULES).replace("/", r"\.")
    text = re.sub(rf"resources\.({names}) import", r"resources._async.\1 import", text)
    return "# Written by scripts/twins.py; change the module in resources/ instead.\n" + text


def functions(source: str) -> list[ast.FunctionDef]:
    """Return all functions, last first, so that edits do not move the others."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return sorted(found, key=lambda node: -node.lineno)


def awaiting(code: str) -> str:
    """Add ``await`` to each call of a coroutine, outside of docstrings."""
    out, position = "", 0
    for found in AWAITED.finditer(code):
        out += code[position : found.start()] + "await "
        position = found.start()
    return out + code[position:]


def example(line: str) -> str:
    """Add ``await`` to a line of an example."""
    line = re.sub(
        r"\bfor (\w+) in (?=(provena\.\w+\.(?:for_all|inventory)|names\b|reef\.iter_files))",
        r"async for \1 in ",
        line,
    )
    line = re.sub(r"\bwith (?=\w+\.open\()", "async with await ", line)
    line = re.sub(r"\bwith (?=\w+\.edit\()", "async with ", line)
    line = re.sub(r"\bfile\.readline\(\)", "await file.readline()", line)
    start = 0
    while found := re.compile(r"(?<![\w.])(?:provena|reef|plan)\.[\w.]+\(").search(line, start):
        name = found[0].rstrip("(").rpartition(".")[2]
        end = closing(line, found.end() - 1)
        start = found.end()
        if name in NOT_AWAITED or line[: found.start()].endswith("await "):
            continue
        whole = line[found.start() : end]
        follows = line[end : end + 1]
        before = line[: found.start()]
        replaced = f"(await {whole})" if follows in (".", "[") else f"await {whole}"
        line = before + replaced + line[end:]
        start = len(before) + len(replaced)
    return line


def closing(line: str, opening: int) -> int:
    """Return the index after the bracket that closes the one at ``opening``."""
    depth = 0
    for index in range(opening, len(line)):
        depth += (line[index] == "(") - (line[index] == ")")
        if depth == 0:
            return index + 1
    raise SystemExit(f"unbalanced example: {line}")


def formatted(text: str) -> str:
    """Return the text, formatted and with sorted imports."""
    ruff = [sys.executable, "-m", "ruff"]
    name = "provena_sdk/resources/_async/twin.py"
    for arguments in (["check", "--select", "I", "--fix", "-q"], ["format", "-q"]):
        done = subprocess.run(
            [*ruff, *arguments, "--stdin-filename", name, "-"],
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            check=True,
        )
        text = done.stdout
    return text


if __name__ == "__main__":
    raise SystemExit(main())
