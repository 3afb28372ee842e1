"""What a diagnosis checks, what it found, and the cure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from provena_sdk.auth.account import Account
from provena_sdk.config import Deployment, Explanation
from provena_sdk.config.variables import PREFIX, unknown
from provena_sdk.display.notebook import pretty
from provena_sdk.display.text import printable
from provena_sdk.display.times import shown_time
from provena_sdk.errors import (
    ConfigurationError,
    ConnectionFailed,
    ProvenaError,
    ServiceError,
    SignInRequired,
)
from provena_sdk.net.proxies import proxy_for
from provena_sdk.operations.catalogue import roles

if TYPE_CHECKING:
    from provena_sdk.net.probe import Probe

SIGN_IN: Final = "sign-in"
OBJECT_STORE: Final = "object store"

_TOLERANCE_SECONDS: Final = 5.0
_MARKS: Final = {True: "✓", False: "✗", None: "–"}
_GREEN: Final = 32
_RED: Final = 31
_NAME_WIDTH: Final = 14
_CURES: Final = {
    "DNS": "Check the domain, and whether this machine has a network, or needs a VPN or a proxy.",
    "TLS": "If your organisation has its own certificate authority, name its file in PROVENA_CA_FILE.",
    "connection": "A firewall may be in between: ask your network's operator, or set HTTPS_PROXY.",
    "answer": "Try again in a few minutes; if it goes on, ask the deployment's operator.",
}
_SETTINGS: Final = {SIGN_IN: "issuer_url", OBJECT_STORE: "s3_endpoint"}


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a diagnosis.

    Attributes:
        name: What was checked.
        passed: Whether it is as it must be; None if that is not known, or does not matter.
        found: What was found, in words.
        cure: What to do about it; empty if nothing is to be done.
    """

    name: str
    passed: bool | None
    found: str
    cure: str = ""

    def text(self, *, colour: bool = False) -> str:
        """Return the check as a line, with its cure on a second one.

        Args:
            colour: Whether to mark it in green or red.
        """
        mark = _MARKS[self.passed]
        if colour and self.passed is not None:
            mark = f"\x1b[{_GREEN if self.passed else _RED}m{mark}\x1b[0m"
        line = f"{mark} {self.name:<{_NAME_WIDTH}}{self.found}"
        return f"{line}\n{'':{_NAME_WIDTH + 2}}{self.cure}" if self.cure else line

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Check {_MARKS[self.passed]} {printable(f'{self.name}: {self.found}', 150)}>"


class Checks(tuple[Check, ...]):
    """The checks of a diagnosis, in the order in which causes come before their effects. They print a line each."""

    __slots__ = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return all(check.passed is not False for check in self)

    def text(self, *, colour: bool = False) -> str:
        """Return the checks as lines; a cure that several in a row share is below the last of them.

        Args:
            colour: Whether to mark them in green and red.
        """
        lines = []
        for check, following in zip_longest(self, self[1:]):
            shared = following is not None and (check.name, check.cure) == (following.name, following.cure)
            lines.append((replace(check, cure="") if shared else check).text(colour=colour))
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        failed = sum(check.passed is False for check in self)
        return f"<Checks: {failed} of {len(self)} failed>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)


def clock_ahead(probes: Iterable[Probe]) -> float | None:
    """Return the median of the seconds by which servers' clocks are ahead of this machine's; None if unknown."""
    known = sorted(probe.clock_ahead for probe in probes if probe.clock_ahead is not None)
    return known[len(known) // 2] if known else None


def of_unusable(error: ConfigurationError, variables: Iterable[str]) -> Checks:
    """Return the checks of settings with which no client can be made.

    Args:
        error: What is wrong with them.
        variables: The names of the environment variables.
    """
    return Checks([Check("settings", False, error.message, error.hint or ""), *_variables(variables)])


def checked(
    deployment: Deployment,
    settings: Explanation,
    variables: Iterable[str],
    services: Mapping[str, Probe],
    account: Account | Exception,
) -> Iterator[Check]:
    """Yield every check, in the order in which causes come before their effects.

    Args:
        deployment: The deployment.
        settings: The settings in use.
        variables: The names of the environment variables.
        services: What each server did when it was asked.
        account: Who is signed in, or why that is not known.
    """
    yield Check("settings", True, f"{printable(deployment.domain)}, realm {printable(deployment.realm)}")
    yield from (Check("settings", None, printable(f"not used: {note}", 300)) for note in settings.notes)
    yield from _variables(variables)
    yield _proxy(services.values())
    yield from _steps("DNS", services, f"the names of {len(services)} servers are known")
    yield from _certificates(services)
    yield clock(clock_ahead(services.values()))
    yield from (_service(name, probe, settings) for name, probe in services.items())
    yield from _account(account)


def _variables(names: Iterable[str]) -> Iterator[Check]:
    ours = sorted(name for name in names if name.startswith(PREFIX))
    found = unknown(ours)
    for name, suggestion in found:
        cure = suggestion or "Remove it, or correct its name."
        yield Check("variables", False, f"{printable(name)} has no effect: it is not known", cure)
    if not found:
        yield Check("variables", True, "all PROVENA_ variables are known")


def _proxy(probes: Iterable[Probe]) -> Check:
    through: dict[str, list[Probe]] = {}
    for probe in probes:
        parts = urlsplit(probe.url)
        proxy = proxy_for(parts.scheme, parts.hostname or "")
        if proxy is not None:
            through.setdefault(_without_password(proxy), []).append(probe)
    if not through:
        return Check("proxy", True, "none")
    for proxy, asked in through.items():
        if all(probe.status is None and probe.failed in ("DNS", "connection") for probe in asked):
            reason = asked[0].answer or asked[0].tls
            cure = "Check HTTPS_PROXY and HTTP_PROXY, or name the hosts that need none in NO_PROXY."
            return Check("proxy", False, f"{proxy}: {reason}", cure)
    return Check(
        "proxy", True, ", ".join(f"{proxy} for {len(asked)} servers" for proxy, asked in through.items())
    )


def _without_password(proxy: str) -> str:
    parts = urlsplit(proxy)
    return printable(f"{parts.hostname or 'a proxy without a name'}{f':{parts.port}' if parts.port else ''}")


def _steps(step: str, services: Mapping[str, Probe], fine: str) -> Iterator[Check]:
    failed = {name: probe for name, probe in services.items() if probe.failed == step}
    for name, probe in failed.items():
        host = printable(urlsplit(probe.url).hostname or probe.url)
        reason = probe.dns if step == "DNS" else probe.tls
        yield Check(step, False, f"{host} ({name}): {reason}", probe.hint or _CURES[step])
    if not failed:
        yield Check(step, True, fine)


def _certificates(services: Mapping[str, Probe]) -> Iterator[Check]:
    stopped = {probe.failed for probe in services.values()}
    if stopped and stopped <= {"DNS", "connection"}:
        why = "see DNS" if stopped == {"DNS"} else "no server was reached"
        yield Check("TLS", None, f"not asked: {why}")
    else:
        yield from _steps("TLS", services, _security(services.values()))


def _security(probes: Iterable[Probe]) -> str:
    plain = sum(urlsplit(probe.url).scheme == "http" for probe in probes)
    return f"plain HTTP to {plain} servers" if plain else "every certificate is valid"


def clock(ahead: float | None) -> Check:
    """Return the check of this machine's clock.

    Args:
        ahead: Seconds by which the services' clocks are ahead; None if unknown.
    """
    if ahead is None:
        return Check("clock", None, "unknown: no service said its time")
    if abs(ahead) <= _TOLERANCE_SECONDS:
        return Check("clock", True, "agrees with the services")
    side = "behind" if ahead > 0 else "ahead of"
    return Check("clock", False, f"{abs(ahead):,.0f} s {side} the services", "Set this machine's clock.")


def _service(name: str, probe: Probe, settings: Explanation) -> Check:
    if probe.failed in ("DNS", "TLS"):
        return Check(name, None, f"not asked: see {probe.failed}")
    if probe.status is None:
        reason = probe.answer or probe.tls
        return Check(name, False, reason, _CURES[probe.failed or "answer"])
    words = f"answered {probe.answer}"
    if probe.status < 400 or (name == OBJECT_STORE and probe.status < 500):
        return Check(name, True, f"answered in {probe.answer.partition(' in ')[2]}")
    if probe.status >= 500:
        return Check(name, False, words, _CURES["answer"])
    setting = _SETTINGS.get(name, f"{name}_url")
    origin = settings[setting].origin
    return Check(name, False, words, f"Another server may be there: check {setting} ({origin}), {probe.url}.")


def _account(account: Account | Exception) -> Iterator[Check]:
    if not isinstance(account, Account):
        yield _nobody(account)
        return
    until = shown_time(account.session_ends)
    user = printable(account.username or "a user without a name")
    yield Check("account", True, f"{user}, {account.way}" + (f", until {until}" if until else ""))
    lacking = [role for role in (roles.READ, roles.WRITE) if role not in account.roles]
    if not lacking:
        yield Check("roles", True, "you may read and register datasets")
        return
    ask = f"Ask for it: provena.roles.request({', '.join(map(repr, lacking))}) in Python."
    if roles.READ in lacking:
        yield Check("roles", False, f"you lack {' and '.join(lacking)}", ask)
    else:
        yield Check("roles", True, f"you may read datasets; to register them, you lack {roles.WRITE}", ask)


def _nobody(error: Exception) -> Check:
    if isinstance(error, SignInRequired):
        return Check(
            "account", False, "nobody is signed in", "Sign in: provena login, or provena.sign_in() in Python."
        )
    if isinstance(error, (ConnectionFailed, ServiceError)):
        return Check("account", None, "not known: the sign-in server does not answer")
    if isinstance(error, ProvenaError):
        return Check("account", False, error.message, error.hint or "")
    return Check("account", None, f"not known: {printable(error, 300)}")
