"""Handles, files of datasets and local paths, as people write them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.cli.parameters import FILE, HANDLE, LOCAL, Target, target
from provena_sdk.errors import InvalidArgument

H = "10378.1/1451860"


@pytest.mark.parametrize(
    "text", [H, f"hdl:{H}", f"provena://{H}", f"provena://{H}/", f"https://hdl.handle.net/{H}"]
)
def test_every_form_of_a_handle(text: str) -> None:
    assert HANDLE.convert(text, None, None) == H
    assert FILE.convert(text, None, None) == Target(H)


def test_a_web_page_of_the_deployment() -> None:
    from provena_sdk.cli.options import Options

    context = click.Context(click.Command("ls"))
    Options.of(context).deployment = "example.org"
    page = f"https://data.example.org/dataset/{H}?view=files"
    assert HANDLE.convert(page, None, context) == H
    assert FILE.convert(page, None, context) == Target(H)
    with pytest.raises(click.BadParameter, match="is not a handle"):
        HANDLE.convert(page.replace("example.org", "example.com"), None, context)


@pytest.mark.parametrize(
    ("text", "path", "is_folder"),
    [
        (f"{H}/obs/2024.csv", "obs/2024.csv", False),
        (f"hdl:{H}/obs/", "obs", True),
        (f"provena://{H}/a b/ü.csv", "a b/ü.csv", False),
        (f"https://hdl.handle.net/{H}/obs/a%20b.csv", "obs/a b.csv", False),
    ],
)
def test_a_file_of_a_dataset(text: str, path: str, is_folder: bool) -> None:
    assert FILE.convert(text, None, None) == Target(H, path, is_folder)
    assert str(Target(H, path)) == f"{H}/{path}"


@pytest.mark.parametrize(
    "text",
    ["", "reef", "10378.1", f"{H}/../x", f"{H}//x", f"{H}/./x", "s3://bucket/key", "10378.1/", "\x00/\x00"],
)
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        FILE.convert(text, None, None)


def test_swapped_arguments_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "out").mkdir(parents=True)
    with pytest.raises(click.BadParameter, match="is a local path, not a handle; were the arguments swapped"):
        HANDLE.convert("data/out", None, None)
    with pytest.raises(click.BadParameter, match="is a handle, not a local path; were the arguments swapped"):
        LOCAL.convert(H, None, None)
    assert LOCAL.convert("data/out", None, None) == "data/out"


@given(st.text())
def test_any_text_is_a_target_or_refused(text: str) -> None:
    try:
        found = target(text)
    except InvalidArgument:
        return
    assert found.handle.count("/") == 1
    assert not {"", ".", ".."} & set(found.path.split("/")) or not found.path
