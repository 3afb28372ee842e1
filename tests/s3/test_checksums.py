"""Checksums: combined ones, and those that another package computes."""

import hashlib
import sys
import types
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.s3.checksums import crc32_combine, new_hasher


@given(st.binary(max_size=2_000), st.binary(max_size=2_000))
def test_combining_equals_computing_over_both(first: bytes, second: bytes) -> None:
    combined = crc32_combine(zlib.crc32(first), zlib.crc32(second), len(second))
    assert combined == zlib.crc32(first + second)


@given(
    st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3), st.integers(0, 2**43), st.integers(0, 2**43)
)
def test_combining_is_associative_up_to_the_largest_files(crcs: list[int], middle: int, last: int) -> None:
    one, two, three = crcs
    from_left = crc32_combine(crc32_combine(one, two, middle), three, last)
    assert from_left == crc32_combine(one, crc32_combine(two, three, last), middle + last)


def test_combining_over_more_than_four_gigabytes() -> None:
    # CRC32 of zeros: appending them a megabyte at a time must equal one step.
    zeros = zlib.crc32(bytes(1 << 20))
    stepwise, block, length = zlib.crc32(b"x"), zeros, 1 << 20
    for _ in range(13):
        block, length = crc32_combine(block, block, length), 2 * length
    assert length == 1 << 33
    for _ in range(1 << 13):
        stepwise = crc32_combine(stepwise, zeros, 1 << 20)
    assert crc32_combine(zlib.crc32(b"x"), block, length) == stepwise


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_hashers_of_the_standard_library(algorithm: str) -> None:
    hasher = new_hasher(algorithm)
    assert hasher is not None
    hasher.update(b"coral ")
    hasher.update(memoryview(b"reef"))
    assert hasher.digest() == hashlib.new(algorithm, b"coral reef").digest()


def test_hashers_of_amazons_runtime_are_used_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def crc64nvme(data: bytes, previous: int = 0) -> int:
        return previous + len(data)

    runtime = types.ModuleType("awscrt.checksums")
    runtime.crc64nvme = crc64nvme  # type: ignore[attr-defined]  # a module made up for this test
    monkeypatch.setitem(sys.modules, "awscrt", types.ModuleType("awscrt"))
    monkeypatch.setitem(sys.modules, "awscrt.checksums", runtime)
    hasher = new_hasher("crc64nvme")
    assert hasher is not None
    hasher.update(b"abc")
    hasher.update(b"de")
    assert hasher.digest() == bytes([0, 0, 0, 0, 0, 0, 0, 5])
    assert new_hasher("crc32c") is None
    monkeypatch.setitem(sys.modules, "awscrt", None)
    monkeypatch.setitem(sys.modules, "awscrt.checksums", None)
    assert new_hasher("crc64nvme") is None


def test_unknown_algorithms_have_no_hasher() -> None:
    assert new_hasher("xxhash64") is None
