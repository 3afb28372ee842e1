"""Checksums: combined ones, and those that another package computes."""

import hashlib
import sys
import types
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.s3.checksums import CRCS, combine, new_hasher
from provena_sdk.sandbox.object_store.http.checksums import new_checksum

VECTORS = {"crc32": "cbf43926", "crc32c": "e3069283", "crc64nvme": "ae8b14860a799888"}
"""The CRCs of ``123456789``."""


def slowly(algorithm: str, data: bytes) -> bytes:
    """Compute a CRC with the sandbox's tables, which share no code with the SDK."""
    crc = new_checksum(algorithm)
    crc.update(data)
    return crc.digest()


@pytest.mark.parametrize("algorithm", VECTORS)
def test_combining_gives_the_published_values(algorithm: str) -> None:
    for cut in range(10):
        left, right = (slowly(algorithm, part) for part in (b"123456789"[:cut], b"123456789"[cut:]))
        assert combine(algorithm, left, right, 9 - cut).hex() == VECTORS[algorithm]


@pytest.mark.parametrize("algorithm", CRCS)
@given(st.lists(st.binary(max_size=500), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_combining_neighbours_in_any_order_equals_computing_over_all(
    algorithm: str, blocks: list[bytes], random: Random
) -> None:
    crcs = [(slowly(algorithm, block), len(block)) for block in blocks]
    while len(crcs) > 1:
        index = random.randrange(len(crcs) - 1)
        (first, before), (second, length) = crcs[index : index + 2]
        crcs[index : index + 2] = [(combine(algorithm, first, second, length), before + length)]
    assert crcs[0][0] == slowly(algorithm, b"".join(blocks))


@pytest.mark.parametrize("algorithm", CRCS)
@given(st.data(), st.integers(0, 2**43), st.integers(0, 2**43))
def test_combining_is_associative_up_to_the_largest_files(
    algorithm: str, data: st.DataObject, middle: int, last: int
) -> None:
    width = CRCS[algorithm]
    one, two, three = (data.draw(st.binary(min_size=width, max_size=width)) for _ in range(3))
    from_left = combine(algorithm, combine(algorithm, one, two, middle), three, last)
    assert from_left == combine(algorithm, one, combine(algorithm, two, three, last), middle + last)


def test_combining_over_more_than_four_gigabytes() -> None:
    # CRC32 of zeros: appending them a megabyte at a time must equal one step.
    zeros = slowly("crc32", bytes(1 << 20))
    stepwise, block, length = slowly("crc32", b"x"), zeros, 1 << 20
    for _ in range(13):
        block, length = combine("crc32", block, block, length), 2 * length
    assert length == 1 << 33
    for _ in range(1 << 13):
        stepwise = combine("crc32", stepwise, zeros, 1 << 20)
    assert combine("crc32", slowly("crc32", b"x"), block, length) == stepwise


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
