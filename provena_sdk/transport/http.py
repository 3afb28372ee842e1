"""Transports, which run workflows: one sync, one async."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import aclosing, closing
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

import httpx

from provena_sdk.concurrency.background import on_thread
from provena_sdk.concurrency.gather import for_each
from provena_sdk.config import TIMEOUT_SECONDS, Deployment
from provena_sdk.errors import (
    ProvenaError,
    SignInError,
)
from provena_sdk.net.bodies import Body, DamagedBody
from provena_sdk.operations import arguments
from provena_sdk.operations.operation import Call
from provena_sdk.operations.workflow import ENDS_ALL, AskDomain, Effect, Gather, Pause, Workflow
from provena_sdk.secret import Secret, without_frames
from provena_sdk.telemetry import Span
from provena_sdk.transport import access_changes
from provena_sdk.transport.deadlines import within
from provena_sdk.transport.failures import no_answer, unusable_url
from provena_sdk.transport.policy import RetryPolicy
from provena_sdk.transport.pools import HEADERS, AsyncPool, Pool
from provena_sdk.transport.record import CallRecord
from provena_sdk.transport.retry import Answer, GetToken, NoAnswer, Send, attempts

T = TypeVar("T")

MOST_BYTES = 64 * 1024 * 1024
"""The most decoded bytes of a successful answer; the largest page of a listing takes a few megabytes."""

MOST_ERROR_BYTES = 1024 * 1024
"""The most decoded bytes to keep of any other answer; error descriptions are far shorter."""

CONNECT_SECONDS = 10.0
LONGEST_SECONDS = 365 * 86_400.0
"""The longest timeout in seconds: longer than any answer takes, and short enough for the system's clocks."""


class Tokens(Protocol):
    """A thread-safe source of access tokens."""

    def current(self) -> Secret | None:
        """Return a token that is still valid, or None; do no I/O."""
        ...

    def token(self) -> Secret:
        """Return a valid token, after signing in or renewing it if necessary."""
        ...

    def renew(self, rejected: Secret) -> Secret:
        """Return another token than ``rejected``, which a service refused."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """The options in which views of a client may differ.

    Args:
        timeout: Seconds for a service's whole answer, from connecting, which may take at most 10 seconds, to the last
            byte. Each retry has the same time.
        retry: When requests are retried.

    Raises:
        InvalidArgument: The timeout is not a positive number.
    """

    timeout: float = TIMEOUT_SECONDS
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    def __post_init__(self) -> None:
        arguments.seconds("timeout", self.timeout)

    def changed(self, timeout: float | None, max_retries: int | None) -> Options:
        """Return these options with the given values replaced; None keeps a value."""
        retry = self.retry if max_retries is None else replace(self.retry, max_retries=max_retries)
        return Options(self.timeout if timeout is None else timeout, retry)

    def as_httpx(self) -> dict[str, float]:
        """Return the timeout for each step, as the HTTP client takes it with a request."""
        longest = min(self.timeout, LONGEST_SECONDS)
        return {
            "connect": min(longest, CONNECT_SECONDS),
            "read": longest,
            "write": longest,
            "pool": longest,
        }


class Transport:
    """The transport of the sync client, which runs workflows. Thread-safe.

    Args:
        deployment: The URLs of the services.
        tokens: The source of access tokens.
        options: Timeout and retries.
        sleep: Waits for a number of seconds; replaced in tests. None ends a wait early when the client is closed.
    """

    def __init__(
        self,
        deployment: Deployment,
        tokens: Tokens,
        options: Options = Options(),
        *,
        sleep: Callable[[float], None] | None = None,
        _pool: Pool | None = None,
    ) -> None:
        self.deployment = deployment
        self.tokens = tokens
        self.options = options
        self._sleep = sleep
        self._pool = Pool(deployment.ca_file) if _pool is None else _pool

    def with_options(self, options: Options) -> Transport:
        """Return a view with other options that shares the connections."""
        return Transport(self.deployment, self.tokens, options, sleep=self._sleep, _pool=self._pool)

    def close(self) -> None:
        """Close the connections of every view. Closing twice is allowed."""
        self._pool.close()

    def submit(self, function: Callable[[], T]) -> Future[T]:
        """Run a function on one of the client's threads."""
        threads = self._pool.threads()
        try:
            # The thread continues the caller's OpenTelemetry span.
            return threads.submit(copy_context().run, function)
        except RuntimeError:
            # Another thread has just closed the client.
            self._pool.refuse_closed()
            raise

    def run(self, workflow: Workflow[T]) -> T:
        """Run a workflow.

        Args:
            workflow: The workflow.

        Returns:
            Its result.

        Raises:
            ProvenaError: An error that the workflow does not handle.
        """
        try:
            effect = next(workflow)
            while True:
                try:
                    result = self._perform(effect)
                except ProvenaError as error:
                    effect = workflow.throw(error)
                else:
                    effect = workflow.send(result)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # what a generator returns is typed T

    def _perform(self, effect: Effect) -> Any:
        if isinstance(effect, Gather):
            return self._gather(effect)
        if isinstance(effect, AskDomain):
            return self.deployment.domain
        if isinstance(effect, Pause):
            return (self._sleep or self._pool.sleep)(effect.seconds)
        record = CallRecord(effect, _base(self.deployment, effect))
        with record.span() as span:
            return self._call(effect, record, span)

    def _call(self, call: Call[Any], record: CallRecord, span: Span) -> Any:
        steps = attempts(call, self.options.retry)
        try:
            step = next(steps)
            while True:
                if isinstance(step, Send):
                    record.begin()
                    outcome: Any = self._send(call, step.token)
                    record.end(outcome, span)
                elif isinstance(step, GetToken):
                    outcome = self._token(step)
                else:
                    record.retry(step)
                    (self._sleep or self._pool.sleep)(step.seconds)
                    outcome = None
                step = steps.send(outcome)
        except StopIteration as stop:
            return stop.value
        except ProvenaError as error:
            record.describe(error)
            raise
        finally:
            access_changes.announce(call)

    def _token(self, step: GetToken) -> Secret:
        if step.rejected is not None:
            return self.tokens.renew(step.rejected)
        return self.tokens.current() or self.tokens.token()

    def _send(self, call: Call[Any], token: Secret | None) -> Answer | NoAnswer:
        client = self._pool.client()
        _refuse_unsendable(token)
        outcome = self._exchange(client, call, token)
        if isinstance(outcome, BaseException):
            if isinstance(outcome, RuntimeError):
                # The HTTP client raises this if another thread has just closed it.
                self._pool.refuse_closed()
            raise outcome
        return outcome

    def _exchange(
        self, client: httpx.Client, call: Call[Any], token: Secret | None
    ) -> Answer | NoAnswer | BaseException:
        """Send a request; return errors instead of raising them, since the frames here hold the token."""
        try:
            request = _request(self.deployment, call, token, self.options)
            with within(self.options.timeout), closing(client.send(request, stream=True)) as response:
                body = _body_of(response)
                if body.whole:
                    for chunk in response.iter_raw():
                        if not body.add(chunk):
                            break
                return Answer(response.status_code, response.headers, body.content(), body.whole)
        except httpx.InvalidURL:
            return unusable_url(call)
        except (httpx.RequestError, DamagedBody, ValueError) as error:  # the last for numbers of 5,000 digits
            return no_answer(call, error, _base(self.deployment, call))
        except BaseException as error:
            return without_frames(error)

    def _gather(self, gather: Gather) -> list[Any]:
        outcomes: list[Any] = [None] * len(gather.workflows)
        waiting = deque(enumerate(gather.workflows))

        def work() -> None:
            while True:
                try:
                    index, workflow = waiting.popleft()
                except IndexError:
                    return
                try:
                    outcomes[index] = self.run(workflow)
                except ENDS_ALL:
                    waiting.clear()
                    raise
                except ProvenaError as error:
                    outcomes[index] = error

        workers = [self.submit(work) for _ in range(min(gather.limit, len(outcomes)))]
        try:
            for worker in workers:
                worker.result()
        except CancelledError:
            # Closing the client cancels the calls that wait for a thread.
            self._pool.refuse_closed()
            raise
        finally:
            # After Ctrl-C, threads finish only what they have begun.
            waiting.clear()
        return outcomes


class AsyncTransport:
    """The transport of the async client, which runs workflows on the event loop that first uses it.

    Args:
        deployment: The URLs of the services.
        tokens: The source of access tokens; called on a thread when it may block.
        options: Timeout and retries.
        sleep: Waits for a number of seconds; replaced in tests.
    """

    def __init__(
        self,
        deployment: Deployment,
        tokens: Tokens,
        options: Options = Options(),
        *,
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
        _pool: AsyncPool | None = None,
    ) -> None:
        self.deployment = deployment
        self.tokens = tokens
        self.options = options
        self._sleep = sleep
        self._pool = AsyncPool(deployment.ca_file) if _pool is None else _pool

    def with_options(self, options: Options) -> AsyncTransport:
        """Return a view with other options that shares the connections."""
        return AsyncTransport(self.deployment, self.tokens, options, sleep=self._sleep, _pool=self._pool)

    async def close(self) -> None:
        """Close the connections of every view. Closing twice is allowed."""
        await self._pool.close()

    def submit(self, function: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """Run the coroutine that the function returns as a task of the caller's loop."""
        return asyncio.get_running_loop().create_task(function())

    async def run(self, workflow: Workflow[T]) -> T:
        """Run a workflow.

        Args:
            workflow: The workflow.

        Returns:
            Its result.

        Raises:
            ProvenaError: An error that the workflow does not handle.
        """
        try:
            effect = next(workflow)
            while True:
                try:
                    result = await self._perform(effect)
                except ProvenaError as error:
                    effect = workflow.throw(error)
                else:
                    effect = workflow.send(result)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # what a generator returns is typed T

    async def _perform(self, effect: Effect) -> Any:
        if isinstance(effect, Gather):
            return await self._gather(effect)
        if isinstance(effect, AskDomain):
            return self.deployment.domain
        if isinstance(effect, Pause):
            return await self._sleep(effect.seconds)
        record = CallRecord(effect, _base(self.deployment, effect))
        with record.span() as span:
            return await self._call(effect, record, span)

    async def _call(self, call: Call[Any], record: CallRecord, span: Span) -> Any:
        steps = attempts(call, self.options.retry)
        try:
            step = next(steps)
            while True:
                if isinstance(step, Send):
                    record.begin()
                    outcome: Any = await self._send(call, step.token)
                    record.end(outcome, span)
                elif isinstance(step, GetToken):
                    outcome = await self._token(step)
                else:
                    record.retry(step)
                    await self._sleep(step.seconds)
                    outcome = None
                step = steps.send(outcome)
        except StopIteration as stop:
            return stop.value
        except ProvenaError as error:
            record.describe(error)
            raise
        finally:
            access_changes.announce(call)

    async def _token(self, step: GetToken) -> Secret:
        if step.rejected is not None:
            return await on_thread(self.tokens.renew, step.rejected)
        current = self.tokens.current()
        return await on_thread(self.tokens.token) if current is None else current

    async def _send(self, call: Call[Any], token: Secret | None) -> Answer | NoAnswer:
        with self._pool.client() as client:
            _refuse_unsendable(token)
            outcome = await self._exchange(client, call, token)
        if isinstance(outcome, BaseException):
            if isinstance(outcome, RuntimeError):
                # The HTTP client raises this if another task has just closed it.
                self._pool.refuse_closed()
            raise outcome
        return outcome

    async def _exchange(
        self, client: httpx.AsyncClient, call: Call[Any], token: Secret | None
    ) -> Answer | NoAnswer | BaseException:
        """Send a request; return errors instead of raising them, since the frames here hold the token."""
        try:
            request = _request(self.deployment, call, token, self.options)
            with within(self.options.timeout):
                async with aclosing(await client.send(request, stream=True)) as response:
                    body = _body_of(response)
                    if body.whole:
                        async for chunk in response.aiter_raw():
                            if not body.add(chunk):
                                break
                    return Answer(response.status_code, response.headers, body.content(), body.whole)
        except httpx.InvalidURL:
            return unusable_url(call)
        except (httpx.RequestError, DamagedBody, ValueError) as error:  # the last for numbers of 5,000 digits
            return no_answer(call, error, _base(self.deployment, call))
        except BaseException as error:
            return without_frames(error)

    async def _gather(self, gather: Gather) -> list[Any]:
        outcomes: list[Any] = [None] * len(gather.workflows)

        async def run(numbered: tuple[int, Workflow[Any]]) -> None:
            index, workflow = numbered
            try:
                outcomes[index] = await self.run(workflow)
            except ENDS_ALL:
                raise
            except ProvenaError as error:
                outcomes[index] = error

        await for_each(enumerate(gather.workflows), run, gather.limit)
        return outcomes


def _body_of(response: httpx.Response) -> Body:
    if response.status_code == 200:
        return Body(response.headers, MOST_BYTES)
    return Body(response.headers, MOST_ERROR_BYTES, keeps_part=True)


def _url(address: str, query: dict[str, str | int] | None) -> httpx.URL | str:
    """Return a URL, parsed unless it has a query. Parsing is the HTTP client's slowest step, so results are cached."""
    return f"{address}?{urlencode(query, quote_via=quote)}" if query else _parsed(address)


@lru_cache(maxsize=128)
def _parsed(address: str) -> httpx.URL:
    return httpx.URL(address)


def _base(deployment: Deployment, call: Call[Any]) -> str:
    return deployment.url_of(call.operation.service.value)


def _refuse_unsendable(token: Secret | None) -> None:
    if token is not None and not token.is_sendable:
        # The HTTP client would also refuse it, but with an error that shows it.
        raise SignInError(
            "The access token contains characters that cannot be sent.",
            hint="Get a new one, and copy it whole.",
        )


def _request(
    deployment: Deployment, call: Call[Any], token: Secret | None, options: Options
) -> httpx.Request:
    parts = dict(call.request)
    url = _url(_base(deployment, call) + parts.pop("url"), parts.pop("params", None))
    headers = {**HEADERS, **parts.pop("headers", {})}
    if token is not None:
        headers["Authorization"] = f"Bearer {token.reveal()}"
    # The HTTP client would merge its own settings into the request, which takes longer than making it.
    return httpx.Request(
        parts.pop("method"), url, headers=headers, extensions={"timeout": options.as_httpx()}, **parts
    )
