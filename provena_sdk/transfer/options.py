"""How a transfer is carried out: what is verified, and how names are written."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from provena_sdk.errors import InvalidArgument
from provena_sdk.operations.arguments import flag
from provena_sdk.transfer.patterns import Selection
from provena_sdk.transfer.progress.meter import ProgressLike

Verify = Literal["checksum", "size"]
"""How far to prove each file right: by the store's checksum where it has one, or by size alone, which is faster."""

Compare = Literal["checksum", "time"]
"""What makes two files of one size the same: equal bytes, or their modification times."""

CONCURRENCY: Final = 160
"""The most requests at once, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """What a transfer's caller chose. It pickles, and holds no secret.

    Args:
        verify: How far each file is proven right.
        fsync: Whether each downloaded file is forced to the disk before it takes its name. It is slow, and needed
            only where a power cut must not lose a file that was reported.
        map_names: Whether names that Windows cannot hold are written as others, and back when uploaded.
        keep_times: Whether a downloaded file gets the modification time that the store has for it.
        concurrency: The most requests at once for small files, and for the pieces of large ones.

    Raises:
        InvalidArgument: An option is none of its values.

    Example:
        >>> TransferOptions(verify="size").verify
        'size'
    """

    verify: Verify = "checksum"
    fsync: bool = False
    map_names: bool = False
    keep_times: bool = False
    concurrency: int = CONCURRENCY

    def __post_init__(self) -> None:
        one_of("verify", self.verify, get_args(Verify))
        for name in ("fsync", "map_names", "keep_times"):
            flag(name, getattr(self, name))
        if self.concurrency < 1:
            raise InvalidArgument("concurrency", "at least one request is needed.")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which files a transfer is about.

    Args:
        selection: Which are meant, by their paths.
        compare: How files that are on both sides are compared.
        delete: Whether what is on the other side only is deleted.

    Raises:
        InvalidArgument: There is no such comparison, or ``delete`` is neither True nor False.
    """

    selection: Selection = field(default_factory=Selection)
    compare: Compare = "checksum"
    delete: bool = False

    def __post_init__(self) -> None:
        one_of("compare", self.compare, get_args(Compare))
        flag("delete", self.delete)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How one run of a plan is watched, spread and ended.

    Args:
        progress: Whom to tell how it goes on; True shows it where somebody watches.
        executor: Workers that share the work; None works here.
        raise_for_failures: Whether to raise at the end when any file failed.

    Raises:
        InvalidArgument: ``raise_for_failures`` is neither True nor False.
    """

    progress: ProgressLike = None
    executor: Executor | None = None
    raise_for_failures: bool = True

    def __post_init__(self) -> None:
        flag("raise_for_failures", self.raise_for_failures)


def one_of(argument: str, given: object, known: tuple[str, ...]) -> None:
    """Refuse what is none of the values an option may have.

    Args:
        argument: The option's name.
        given: What the caller gave.
        known: The values there are.

    Raises:
        InvalidArgument: It is none of them.
    """
    if given not in known:
        raise InvalidArgument(argument, f"{given!r} is none of {', '.join(map(repr, known))}.")
