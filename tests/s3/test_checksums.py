"""Checksums: combined ones, and those that other packages compute."""

import hashlib
import random
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.s3 import checksums
from provena_sdk.s3.checksums import CRCS, combine, computable, crc32, new_hasher
from provena_sdk.s3.models import ObjectState
from provena_sdk.sandbox.object_store.http.checksums import POLYNOMIALS, ReflectedCrc
from provena_sdk.transfer.verify.checksum import checksums_of, why_no_checksum

VECTORS = {"crc32": "cbf43926", "crc32c": "e3069283", "crc64nvme": "ae8b14860a799888"}
"""The CRCs of ``123456789``."""


def slowly(algorithm: str, data: bytes) -> bytes:
    """Compute a CRC with the sandbox's tables, which share no code with the SDK."""
    crc = ReflectedCrc(8 * CRCS[algorithm], POLYNOMIALS[algorithm])
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
    algorithm: str, blocks: list[bytes], shuffled: random.Random
) -> None:
    crcs = [(slowly(algorithm, block), len(block)) for block in blocks]
    while len(crcs) > 1:
        index = shuffled.randrange(len(crcs) - 1)
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


@pytest.mark.parametrize("algorithm", CRCS)
@pytest.mark.parametrize("size", [0, 1, 15, 4_097, 256 * 1024 + 3])
def test_the_fast_crcs_equal_the_slow_ones(algorithm: str, size: int) -> None:
    hasher = new_hasher(algorithm)
    assert hasher is not None
    data = random.Random(size).randbytes(size)
    for block in (data, bytearray(data[: size // 3]), memoryview(data)[1:]):
        hasher.update(block)
    assert hasher.digest() == slowly(algorithm, data + data[: size // 3] + data[1:])


def test_published_values_of_the_fast_crcs() -> None:
    for algorithm, value in VECTORS.items():
        hasher = new_hasher(algorithm)
        assert hasher is not None
        hasher.update(b"123456789")
        assert hasher.digest().hex() == value
    assert crc32(b"123456789").hex() == VECTORS["crc32"]


def test_the_cheapest_checksum_comes_first() -> None:
    assert computable() == ("crc32", "crc32c", "crc64nvme", "sha1", "sha256", "md5")


@pytest.fixture
def standard_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take the packages for fast CRCs away."""

    def forget() -> None:
        checksums.computable.cache_clear()
        checksums._computation.cache_clear()

    for module in ("isal", "isal.isal_zlib", "anycrc"):
        monkeypatch.setitem(sys.modules, module, None)
    forget()
    yield
    forget()


@pytest.mark.usefixtures("standard_library")
def test_without_the_packages_only_zlibs_crc_is_left() -> None:
    assert computable() == ("crc32", "sha1", "sha256", "md5")
    assert new_hasher("crc64nvme") is None
    assert new_hasher("crc32c") is None
    assert crc32(b"123456789").hex() == VECTORS["crc32"]


@pytest.mark.usefixtures("standard_library")
def test_a_checksum_that_nothing_computes_is_named_in_the_report() -> None:
    kept = {"crc64nvme": "rosUhgp5mIg="}
    managed = ObjectState(9, "opaque", None, kept, "FULL_OBJECT", None, True, None)
    assert list(checksums_of(managed)) == []
    assert why_no_checksum(managed) == "no installed package computes its CRC64NVME (pip install anycrc)"
    usual = ObjectState(9, "25f9e794323b453885f5181f1b624d0b", None, kept, "FULL_OBJECT", None, False, None)
    assert [checksum.label for checksum in checksums_of(usual)] == ["md5:25f9e794323b453885f5181f1b624d0b"]


def test_unknown_algorithms_have_no_hasher() -> None:
    assert new_hasher("xxhash64") is None
