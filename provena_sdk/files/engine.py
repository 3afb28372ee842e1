"""The machinery of a transfer: what may run at once, in which threads, and when it is worth going on.

Everything runs on fsspec's event loop; what blocks runs in a few threads. Memory is bounded by a byte budget over
the whole transfer, and the number of requests by one limit, whatever the number and size of the files.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar

from provena_sdk.errors import ConnectionFailed, FileError, ProvenaError
from provena_sdk.files.admission import ByteBudget
from provena_sdk.files.failures import translate
from provena_sdk.files.filesystem import DatasetStore
from provena_sdk.files.report import FileOutcome

P = ParamSpec("P")
T = TypeVar("T")

PART_BYTES: Final = 8 * 1024 * 1024
# What is in flight is held about three times over on its way through botocore and aiohttp.
MEMORY_BYTES: Final = 64 * 1024 * 1024
CONCURRENCY: Final = 32

_LARGE_PARTS: Final = 16
_THREADS: Final = 4
_CHUNK_BYTES: Final = 1024 * 1024
_BODY_ATTEMPTS: Final = 4
_LONGEST_WAIT: Final = 8.0


class Engine:
    """What the files of one transfer share. Use it as an async context manager.

    Args:
        store: The dataset's store.
        concurrency: The most requests at once.
        memory: The most bytes of files held in memory at once.
    """

    def __init__(
        self, store: DatasetStore, *, concurrency: int = CONCURRENCY, memory: int = MEMORY_BYTES
    ) -> None:
        self.store = store
        self.budget = ByteBudget(memory)
        self._concurrency = concurrency
        self._requests = asyncio.Semaphore(concurrency)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="provena-files")

    async def __aenter__(self) -> Self:
        # Older releases of s3fs make one client for each of the requests that come first together.
        await self.store.set_session()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False)

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that blocks."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(*args, **kwargs))

    async def request(self, operation: str, path: str, **arguments: Any) -> Any:
        """Make one request about a file, when there is room for it.

        Args:
            operation: The method of botocore's client.
            path: The file's path within the dataset.
            arguments: Its other arguments.
        """
        async with self._requests:
            return await self.store.request(operation, Key=self.store.location.key(path), **arguments)

    async def fetch(self, path: str, **arguments: Any) -> tuple[bytearray, dict[str, Any]]:
        """Get an object, or a range of it, and its headers; an answer that breaks off is asked for again.

        Args:
            path: The file's path within the dataset.
            arguments: Further arguments of ``get_object``.
        """
        failure: Exception | None = None
        for attempt in range(_BODY_ATTEMPTS):
            if failure is not None:
                await pause(attempt)
            async with self._requests:
                answer = await self.store.request(
                    "get_object", Key=self.store.location.key(path), **arguments
                )
                body = answer["Body"]
                # Filled in place: joining the pieces at the end would hold each part twice.
                data = bytearray(answer["ContentLength"])
                filled = 0
                try:
                    async for chunk in body.iter_chunks(_CHUNK_BYTES):
                        data[filled : filled + len(chunk)] = chunk
                        filled += len(chunk)
                    del data[filled:]
                    return data, answer
                except Exception as error:
                    failure = translate(error, path=path, dataset_id=self.store.location.dataset_id)
                finally:
                    body.close()
            if not isinstance(failure, ConnectionFailed):
                break
        raise failure if failure is not None else AssertionError("at least one attempt is made")

    async def parts(self, parts: Iterable[T], work: Callable[[T], Awaitable[None]]) -> None:
        """Do something for every part of one large file, a few at a time; the first error ends it."""
        await _together(parts, work, _LARGE_PARTS)

    async def files(
        self,
        items: Sequence[T],
        work: Callable[[T], Awaitable[FileOutcome]],
        failed: Callable[[T, Exception, float], FileOutcome],
    ) -> list[FileOutcome]:
        """Do something for every file. A failure is that file's outcome, and the others go on.

        Only when nothing can succeed any more, because credentials are refused or the store is out of reach, the
        remaining files fail without being tried.

        Args:
            items: The files.
            work: What to do for each.
            failed: Makes the outcome of a file that failed, from its error and the seconds it took.
        """
        outcomes: list[FileOutcome] = []
        hopeless: Exception | None = None
        out_of_reach = 0

        async def one(item: T) -> None:
            nonlocal hopeless, out_of_reach
            if hopeless is not None:
                outcomes.append(failed(item, hopeless, 0.0))
                return
            started = time.monotonic()
            try:
                outcomes.append(await work(item))
                out_of_reach = 0
            except Exception as error:
                outcomes.append(failed(item, error, time.monotonic() - started))
                out_of_reach = out_of_reach + 1 if isinstance(error, ConnectionFailed) else 0
                if _concerns_all(error) or out_of_reach >= 2 * self._concurrency:
                    hopeless = error

        await _together(items, one, self._concurrency)
        return outcomes


async def pause(attempt: int) -> None:
    """Wait a random time before trying again, longer with every attempt."""
    await asyncio.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.2 * 2**attempt)))  # noqa: S311  # no secret depends on it


def _concerns_all(error: Exception) -> bool:
    return isinstance(error, ProvenaError) and not isinstance(error, FileError | ConnectionFailed)


async def _together(jobs: Iterable[T], work: Callable[[T], Awaitable[None]], limit: int) -> None:
    queue = iter(jobs)

    async def worker() -> None:
        for job in queue:
            await work(job)

    tasks = [asyncio.create_task(worker()) for _ in range(limit)]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
