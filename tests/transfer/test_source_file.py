"""Reading files that are being uploaded."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.errors import IntegrityError
from provena_sdk.transfer.local.source_file import SourceFile


@given(data=st.binary(max_size=200), spans=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200))))
def test_any_span_within_the_file_is_read_exactly(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, spans: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "spans"
    path.write_bytes(data)
    source = SourceFile(path)
    try:
        for offset, size in spans:
            if offset + size <= len(data):
                assert source.read(offset, size) == data[offset : offset + size]
            elif size:
                with pytest.raises(IntegrityError, match="changed while it was read"):
                    source.read(offset, size)
    finally:
        source.close()


def test_reads_that_give_less_than_was_asked_for_are_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(200)))
    source = SourceFile(path)
    whole = SourceFile._some
    monkeypatch.setattr(SourceFile, "_some", lambda self, offset, size: whole(self, offset, min(size, 7)))
    assert source.read(3, 150) == bytes(range(3, 153))
    source.close()


@pytest.mark.parametrize("change", ["grown", "shrunk", "touched"])
def test_a_file_that_changes_while_it_is_read(tmp_path: Path, change: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    source = SourceFile(path)
    assert source.read(0, 2) == b"12"
    source.check()
    if change == "touched":
        os.utime(path, ns=(0, 0))
    else:
        path.write_bytes(b"1234567" if change == "grown" else b"123")
    with pytest.raises(IntegrityError, match="changed while it was read"):
        source.read(0, 2)
    with pytest.raises(IntegrityError, match="changed while it was read"):
        source.check()
    source.close()


def test_a_file_that_another_took_the_place_of_is_read_as_it_was(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_bytes(b"old")
    other.write_bytes(b"newer")
    source = SourceFile(path)
    other.replace(path)
    assert source.read(0, 3) == b"old"
    source.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no longer a regular file"):
        SourceFile(tmp_path / "pipe")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        SourceFile(tmp_path)
