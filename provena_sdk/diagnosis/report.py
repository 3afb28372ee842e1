"""The result of a diagnosis, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

from provena_sdk.config import Explanation
from provena_sdk.diagnosis.checks import Checks, clock, clock_ahead
from provena_sdk.display.notebook import pretty
from provena_sdk.display.tables import table
from provena_sdk.logs import RecentRequest

if TYPE_CHECKING:
    from provena_sdk.net.probe import Probe

TIMEOUT_SECONDS: Final = 10.0
"""Most seconds that a diagnosis takes by default."""


@dataclass(frozen=True, slots=True, repr=False)
class Diagnosis:
    """Versions, settings, clock, connections, account and the last requests, without secrets. It prints as text.

    Attributes:
        time: When it was made.
        versions: Name and version of Python, the platform, the SDK and what it uses.
        settings: The settings in use and their origins.
        services: By service, what happened when it was asked.
        account: The user and the roles, or why they are not known.
        requests: The last requests of this process, oldest first.
        checks: What was checked, and what to do about it: ``check.passed`` is False where something is wrong.
    """

    time: datetime
    versions: tuple[tuple[str, str], ...]
    settings: Explanation
    services: tuple[tuple[str, Probe], ...]
    account: str
    requests: tuple[RecentRequest, ...]
    checks: Checks = field(default_factory=Checks)

    @property
    def clock_ahead(self) -> float | None:
        """Seconds by which the services' clocks are ahead of this machine's (their median); None if unknown."""
        return clock_ahead(probe for _, probe in self.services)

    def __repr__(self) -> str:
        answered = sum(probe.status is not None for _, probe in self.services)
        return f"<Diagnosis: {answered} of {len(self.services)} services answered, {len(self.requests)} requests>"

    def __str__(self) -> str:
        parts = [
            f"Diagnosis of {self.time:%Y-%m-%d %H:%M:%S} UTC",
            _section("Checks", str(self.checks)),
            _section("Versions", table(("name", "version"), self.versions)),
            _section("Settings", str(self.settings)),
            _section("Clock", clock(self.clock_ahead).found),
            _section("Services", *(_shown(name, probe) for name, probe in self.services)),
            _section("Account", self.account),
            _section("Last requests", _requests(self.requests)),
        ]
        return "\n\n".join(parts)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def _section(title: str, *lines: str) -> str:
    return "\n".join([title, "-" * len(title), *lines])


def _shown(name: str, probe: Probe) -> str:
    steps = (("DNS", probe.dns), ("TLS", probe.tls), ("answer", probe.answer), ("interface", probe.interface))
    return "\n".join([f"{name}: {probe.url}", *(f"  {step:<10}{words}" for step, words in steps if words)])


def _requests(requests: Sequence[RecentRequest]) -> str:
    if not requests:
        return "none yet"
    rows = [
        (
            f"{datetime.fromtimestamp(request.time, UTC):%H:%M:%S}",
            request.part,
            request.method,
            request.path,
            request.status if request.status is not None else request.failure or "no answer",
            f"{request.seconds * 1000:.0f}",
            request.request_id,
        )
        for request in requests
    ]
    return table(("UTC", "part", "method", "path", "status", "ms", "request id"), rows)
