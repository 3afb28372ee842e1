"""Telling a file that is closed because of an exception from one that is closed while one is handled."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType

import pytest

from provena_sdk.filesystem.open_file.with_block import exception_at_hand, is_left_by_exception


class File:
    """Notes what it finds when it is closed."""

    def __init__(self) -> None:
        self._before = exception_at_hand()
        self.left: bool | None = None

    def close(self) -> None:
        self.left = is_left_by_exception(self._before)


class Handles:
    """Closes a file as pandas does, through a method of its own."""

    def __init__(self, file: File) -> None:
        self._file = file

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class OpenFile(Handles):
    """Closes a file as fsspec.open does."""

    def __exit__(self, *told: object) -> None:
        self.close()


@contextlib.contextmanager
def by_generator(file: File) -> Iterator[None]:
    try:
        yield
    finally:
        file.close()


WAYS = [Handles, OpenFile, contextlib.closing, by_generator]


@pytest.mark.parametrize("way", WAYS)
def test_a_block_left_by_an_exception(way: type[Handles]) -> None:
    file = File()
    with pytest.raises(ValueError), way(file):
        raise ValueError
    assert file.left is True


@pytest.mark.parametrize("way", WAYS)
def test_a_block_that_ends(way: type[Handles]) -> None:
    file = File()
    with way(file):
        pass
    assert file.left is False


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_tells_of_an_exception(way: type[Handles]) -> None:
    @contextlib.contextmanager
    def telling(files: list[File]) -> Iterator[None]:
        try:
            yield
        except ValueError:
            files.append(File())
            with way(files[0]):
                pass

    files: list[File] = []
    with telling(files):
        raise ValueError
    assert files[0].left is False


def test_a_file_closed_when_the_exception_is_dealt_with() -> None:
    file = File()
    try:
        raise ValueError
    except ValueError:
        file.close()
    assert file.left is False


def test_a_file_closed_by_a_stack() -> None:
    file = File()
    stack = contextlib.ExitStack()
    stack.callback(file.close)
    with pytest.raises(ValueError), stack:
        raise ValueError
    assert file.left is True
