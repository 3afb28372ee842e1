"""What a case is: an attack, what the user does meanwhile, and what may come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from provena_sdk.errors import (
    ConfigurationError,
    ConnectionFailed,
    FileError,
    OutcomeUnknown,
    ProvenaError,
    ServiceError,
    SignInError,
)
from scripts.stress.attacks.actions import Action
from scripts.stress.attacks.peer import Rule, Seen
from scripts.stress.attacks.scene import PATIENCE, Scene
from scripts.stress.attacks.wire import Answer

Kinds: TypeAlias = tuple[type[ProvenaError], ...]
Ports: TypeAlias = Mapping[str, int]
Right: TypeAlias = Callable[[Any, Scene], bool]

SIGN_IN_KINDS: Final[Kinds] = (SignInError, ServiceError, ConnectionFailed, ConfigurationError)
SERVICE_KINDS: Final[Kinds] = (ServiceError, ConnectionFailed, OutcomeUnknown)
STORE_KINDS: Final[Kinds] = (FileError, ConnectionFailed)

_OF_SIGN_IN: Final = frozenset({"discovery", "token", "device", "userinfo", "revoke"})


@dataclass(frozen=True)
class Case:
    """One attack.

    Attributes:
        area: What is attacked.
        name: How, in words.
        act: What the user does.
        rules: What the servers answer otherwise than honest ones.
        refused: The kinds of error that are a sensible outcome; none means that only right data are.
        right: Whether what the user gets is right; None means that nothing is, so that it has to be refused.
        seen: Says what is wrong with what the servers were asked; empty when nothing is.
        options: Fields of the deployment that differ.
        retries: How often the services are asked again.
        patience: Seconds that a service or the sign-in server may take for an answer.
    """

    area: str
    name: str
    act: Action
    rules: tuple[Rule, ...]
    refused: Kinds = ()
    right: Right | None = None
    seen: Callable[[Seen], str] = lambda seen: ""
    options: Mapping[str, Any] = field(default_factory=dict)
    retries: int = 0
    patience: float = PATIENCE

    @property
    def title(self) -> str:
        """What it is found and listed by."""
        return f"{self.area}: {self.name} ({self.act.name})"


def case(
    area: str,
    name: str,
    act: Action,
    operations: str | tuple[str, ...],
    answer: Answer,
    *,
    refused: Kinds | None = None,
    harmless: bool = False,
    right: Right | None = None,
    since: int = 0,
    times: int | None = None,
    role: str | None = None,
    seen: Callable[[Seen], str] = lambda seen: "",
    retries: int = 0,
    patience: float = PATIENCE,
    **options: Any,
) -> Case:
    """Make a case of one rule.

    Args:
        area: See :class:`Case`.
        name: See :class:`Case`.
        act: See :class:`Case`.
        operations: What is answered otherwise.
        answer: How.
        refused: See :class:`Case`; None means those that are sensible for what is answered.
        harmless: Whether the right data are a sensible outcome.
        right: Says that, where the right data are other than usual.
        since: See :class:`scripts.stress.attacks.peer.Rule`.
        times: See there.
        role: See there.
        seen: See :class:`Case`.
        retries: See :class:`Case`.
        patience: See :class:`Case`.
        options: See :class:`Case`.
    """
    named = (operations,) if isinstance(operations, str) else operations
    rule = Rule(named, answer, since, times, role)
    expected = right if right is not None else act.right if harmless else None
    kinds = _kinds(named[0]) if refused is None else refused
    return Case(area, name, act, (rule,), kinds, expected, seen, options, retries, patience)


def _kinds(operation: str) -> Kinds:
    """The errors that are sensible when the answer to an operation is odd; the store's have S3's own names."""
    if operation in _OF_SIGN_IN:
        return SIGN_IN_KINDS
    return STORE_KINDS if operation[:1].isupper() else SERVICE_KINDS
