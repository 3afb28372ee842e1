"""The options of a transfer: the files to transfer, and how to transfer and report them."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias, get_args

from provena_sdk.display.text import alternatives
from provena_sdk.errors import InvalidArgument
from provena_sdk.net.rates import LEAST_RATE
from provena_sdk.operations.arguments import count, flag, rate
from provena_sdk.transfer.progress.choose import progress_for
from provena_sdk.transfer.progress.meter import Meter, ProgressLike
from provena_sdk.transfer.spec.patterns import Selection

Verify = Literal["checksum", "size"]
"""How to verify each file: against the store's checksum if there is one, or by size alone, which is faster."""

Compare = Literal["checksum", "time"]
"""How to compare two files of the same size: by checksum, or by modification time."""

Rate: TypeAlias = str | float
"""A rate: bytes per second, or text such as ``"5MB/s"``."""

CONCURRENCY: Final = 160
"""The default limit on concurrent requests."""


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """Options for the transfer of each file. They can be pickled, and contain no secrets.

    Args:
        verify: How to verify each file.
        fsync: Whether to flush each downloaded file to disk before it is reported. This is slow, and needed only if a
            power cut must not lose a reported file.
        map_names: Whether to map names that are invalid on Windows, and to reverse the mapping on upload.
        keep_times: Whether to give each downloaded file the store's modification time.
        concurrency: The limit on concurrent requests for small files, and for the ranges and parts of large files.
        limit_rate: The most bytes per second, both ways together; None sets no limit.
        max_connections: The most requests to the object store at once; None sets no limit.

    Raises:
        InvalidArgument: An option has an invalid value.

    Example:
        >>> TransferOptions(verify="size").verify
        'size'
    """

    verify: Verify = "checksum"
    fsync: bool = False
    map_names: bool = False
    keep_times: bool = False
    concurrency: int = CONCURRENCY
    limit_rate: Rate | None = None
    max_connections: int | None = None

    def __post_init__(self) -> None:
        one_of("verify", self.verify, get_args(Verify))
        for name in ("fsync", "map_names", "keep_times"):
            flag(name, getattr(self, name))
        if self.concurrency < 1:
            raise InvalidArgument("concurrency", "must be at least 1.")
        if self.limit_rate is not None:
            object.__setattr__(self, "limit_rate", rate("limit_rate", self.limit_rate))
        if self.max_connections is not None:
            count("max_connections", self.max_connections)

    @property
    def bytes_per_second(self) -> float | None:
        """The limit on the rate as a number; None when there is none."""
        return None if self.limit_rate is None else float(self.limit_rate)

    @property
    def is_limited(self) -> bool:
        """Whether the rate or the number of connections is limited."""
        return self.limit_rate is not None or self.max_connections is not None

    def limited_as(self, other: TransferOptions) -> TransferOptions:
        """Return these options with the limits of others where these set none.

        Args:
            other: The other options.
        """
        return replace(
            self,
            limit_rate=other.limit_rate if self.limit_rate is None else self.limit_rate,
            max_connections=other.max_connections if self.max_connections is None else self.max_connections,
        )

    def share(self, workers: int) -> TransferOptions:
        """Return the options for one of several workers: an equal share of the rate and of the connections.

        Args:
            workers: The number of workers.
        """
        limit, connections = self.bytes_per_second, self.max_connections
        return replace(
            self,
            limit_rate=None if limit is None else max(limit / workers, LEAST_RATE),
            max_connections=None if connections is None else max(connections // workers, 1),
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """Options for the choice of files.

    Args:
        selection: The selection of files by path.
        compare: How to compare files that exist on both sides.
        delete: Whether to delete files that exist only on the other side.

    Raises:
        InvalidArgument: An option has an invalid value.
    """

    selection: Selection = field(default_factory=Selection)
    compare: Compare = "checksum"
    delete: bool = False

    def __post_init__(self) -> None:
        one_of("compare", self.compare, get_args(Compare))
        flag("delete", self.delete)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options for one run of a plan.

    Args:
        progress: Progress reporting; see :data:`~provena_sdk.transfer.progress.meter.ProgressLike`.
        executor: Workers that share the transfer; None transfers in this process.
        raise_for_failures: Whether to raise an error at the end if any file failed.

    Attributes:
        meter: Receives the progress, from planning to the report.

    Raises:
        InvalidArgument: An option has an invalid value.
    """

    progress: ProgressLike = None
    executor: Executor | None = None
    raise_for_failures: bool = True
    meter: Meter = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        flag("raise_for_failures", self.raise_for_failures)
        object.__setattr__(self, "meter", Meter(progress_for(self.progress)))
        if self.executor is not None and not isinstance(self.executor, Executor):
            raise InvalidArgument(
                "executor",
                f"must be an executor of concurrent.futures, not {type(self.executor).__name__}.",
                hint="With Dask, use client.get_executor().",
            )


def one_of(argument: str, given: object, known: tuple[str, ...]) -> None:
    """Check that an option has a valid value.

    Args:
        argument: The name of the option.
        given: The value to check.
        known: The valid values.

    Raises:
        InvalidArgument: The value is not valid.
    """
    if given not in known:
        raise InvalidArgument(argument, f"must be {alternatives(known)}, not {given!r}.")
