"""Workflows for the user's own roles in a deployment, and for requests for more."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import ClassVar, Final

from attrs import evolve
from provena_api import models

from provena_sdk.display.text import alternatives, printable, quoted
from provena_sdk.display.times import moment
from provena_sdk.errors import InvalidArgument, OperationRejected, OutcomeUnknown, ProvenaError
from provena_sdk.operations import arguments, catalogue
from provena_sdk.operations.workflow import Workflow, call
from provena_sdk.views.tabular import Tabular, TabularList

_LEVELS: Final = ("READ", "WRITE", "ADMIN")

_LONGEST: Final = 100_000
"""Most characters of a stored request to read."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role of a deployment.

    Attributes:
        name: Its name, as operations and errors name it, such as ``entity-registry-write``.
        service: The part of Provena that it is for, such as ``entity-registry``.
        level: ``READ``, ``WRITE`` or ``ADMIN``. A higher level does not include the lower ones.
        granted: Whether the user has it, according to the access token.
        description: What it permits, in the deployment's words.
    """

    name: str
    service: str
    level: str
    granted: bool
    description: str

    def __repr__(self) -> str:
        return f"<Role {printable(self.name, 60)}: {'granted' if self.granted else 'not granted'}>"


class RoleReport(TabularList[Role]):
    """All roles of a deployment, as a list that prints as a table."""

    __slots__ = ()
    noun: ClassVar = ("role", "roles")
    _columns: ClassVar = ("role", "granted", "permits")
    _index: ClassVar = "role"

    @property
    def granted(self) -> tuple[str, ...]:
        """The names of the roles that the user has."""
        return tuple(role.name for role in self if role.granted)

    def _rows(self) -> list[tuple[object, ...]]:
        return [(role.name, role.granted, role.description) for role in self]


@dataclass(frozen=True, slots=True, repr=False)
class RoleRequest(Tabular):
    """A request for roles, on which the deployment's administrators decide.

    Attributes:
        id: Its number.
        roles: The names of the roles.
        status: Its status, in the service's words.
        created: When it was made; None when the service's time cannot be shown.
        expires: When it lapses.
        notes: Remarks of the administrators.
    """

    id: int
    roles: tuple[str, ...]
    status: str
    created: datetime | None
    expires: datetime | None
    notes: str

    _columns: ClassVar = ("requested", "roles", "status", "lapses", "notes")
    _types: ClassVar = {"requested": "time", "lapses": "time"}

    def _rows(self) -> list[tuple[object, ...]]:
        roles = ", ".join(self.roles) or "not readable"
        return [(self.created, roles, self.status, self.expires, self.notes)]

    def __repr__(self) -> str:
        return f"<RoleRequest {printable(', '.join(self.roles), 100)}: {printable(self.status, 60)}>"


class RoleRequestList(TabularList[RoleRequest]):
    """Requests for roles, as a list that prints as a table."""

    __slots__ = ()
    noun: ClassVar = ("request", "requests")
    _columns: ClassVar = RoleRequest._columns
    _types: ClassVar = RoleRequest._types

    def _rows(self) -> list[tuple[object, ...]]:
        return [row for request in self for row in request._rows()]


def report() -> Workflow[RoleReport]:
    """Fetch all roles of the deployment, and which of them the user has."""
    answer = yield from call(catalogue.auth.ACCESS_REPORT())
    return _roles(answer.report)


def pending() -> Workflow[RoleRequestList]:
    """Fetch the user's requests that are not decided yet, newest first."""
    answer = yield from call(catalogue.auth.LIST_PENDING_REQUESTS())
    requests = sorted(answer.items, key=lambda request: -request.created_timestamp)
    return RoleRequestList(map(_request, requests))


def request(names: tuple[str, ...], *, send_email: bool) -> Workflow[RoleRequest | None]:
    """Request roles, together with the roles of lower levels that they are useless without."""
    if not names:
        raise InvalidArgument("names", "must have at least one role.")
    for name in names:
        arguments.text("names", name)
    arguments.flag("send_email", send_email)
    answer = yield from call(catalogue.auth.ACCESS_REPORT())
    lacking = _lacking(names, _roles(answer.report))
    body = _switched(answer.report, lacking)
    try:
        yield from call(catalogue.auth.REQUEST_ACCESS_CHANGE(body=body, send_email=send_email))
    except OutcomeUnknown as error:
        error.hint = "provena.roles.pending() shows whether it did."
        raise
    except OperationRejected as error:
        error.hint = (
            "provena.roles.pending() lists your requests. The next one is possible once the last is decided, or after "
            "five days."
        )
        raise
    try:
        made = yield from pending()
    except ProvenaError:
        # The request was made; an error would suggest that it was not.
        return None
    return next((request for request in made if set(request.roles) == lacking), None)


def _lacking(names: Iterable[str], roles: RoleReport) -> set[str]:
    """Return the roles to request.

    Raises:
        InvalidArgument: There is no such role, or the user has all of them.
    """
    known = {role.name: role for role in roles}
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=3)
            raise InvalidArgument(
                "names",
                f"there is no role {quoted(name, 60)}.",
                hint=f"Did you mean {alternatives(close)}?"
                if close
                else "provena.roles.report() lists all roles.",
            )
    needed = {
        role.name
        for wanted in map(known.__getitem__, names)
        for role in roles
        if role.service == wanted.service and 0 <= _level(role) <= _level(wanted)
    }
    lacking = {name for name in needed | set(names) if not known[name].granted}
    if not lacking:
        raise InvalidArgument(
            "names",
            f"you have {', '.join(names)} already.",
            hint="If an operation still reports it missing, ask the deployment's operator.",
        )
    return lacking


def _level(role: Role) -> int:
    # A level that is not known here includes no other.
    return _LEVELS.index(role.level) if role.level in _LEVELS else -1


def _roles(report: models.AccessReport) -> RoleReport:
    return RoleReport(
        Role(
            role.role_name,
            component.component_name.value,
            role.role_level.value,
            role.access_granted,
            role.description,
        )
        for component in report.components
        for role in component.component_roles
    )


def _switched(report: models.AccessReport, names: Container[str]) -> models.AccessReport:
    """Return the report with roles granted: the service takes all of it, and compares."""
    return evolve(
        report,
        components=[
            evolve(
                component,
                component_roles=[
                    evolve(role, access_granted=True) if role.role_name in names else role
                    for role in component.component_roles
                ],
            )
            for component in report.components
        ],
    )


def _request(row: models.RequestAccessTableItem) -> RoleRequest:
    return RoleRequest(
        row.request_id,
        _requested(row.request_diff_contents),
        row.ui_friendly_status or row.status.value,
        moment(row.created_timestamp),
        moment(row.expiry),
        row.notes,
    )


def _requested(contents: str) -> tuple[str, ...]:
    """Read the roles of a request, which the service keeps as JSON in a string; none if it cannot be read."""
    try:
        report = models.AccessReport.from_dict(json.loads(contents[:_LONGEST]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()
    return tuple(role.name for role in _roles(report) if role.granted)
