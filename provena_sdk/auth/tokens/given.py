"""A token or client secret from the caller."""

from __future__ import annotations

import os

from provena_sdk.config.deployment import Deployment
from provena_sdk.config.settings import is_secret_for
from provena_sdk.errors import ConfigurationError, SignInRequired
from provena_sdk.secret import Secret, hidden


class GivenSecret(Secret):
    """A token or client secret from the caller.

    A pickle of one from an environment variable holds the variable's name, and the process that unpickles it reads the
    variable; any other cannot be pickled.

    Args:
        value: The secret; surrounding white space is dropped. None reads the variable when first needed.
        name: The name for messages, such as ``offline_token``.
        variable: The environment variable that it came from, if any.
        deployment: The deployment that it is for. Unpickling it in the environment of another deployment is refused.

    Raises:
        ConfigurationError: The value is empty or cannot be a token.

    Example:
        >>> GivenSecret("s3cret", name="offline_token")
        Secret(offline_token)
    """

    __slots__ = ("_deployment", "_given", "kind", "variable")

    def __init__(
        self,
        value: str | Secret | None,
        *,
        name: str,
        variable: str | None = None,
        deployment: Deployment | None = None,
    ) -> None:
        super().__init__("", variable or name)
        self._given = None if value is None else stripped(value, self.name)
        # Tracebacks of errors raised below must not show it.
        del value
        if self._given is not None:
            refuse_unsendable(self._given)
        self.kind = name
        self.variable = variable
        self._deployment = deployment

    def reveal(self) -> str:
        """Return the secret.

        Raises:
            SignInRequired: The environment variable that it came from is not set in this process, or other variables
                here name another deployment.
            ConfigurationError: The variable's value cannot be a token.
        """
        if self._given is None:
            self._given = self._from_environment(self.variable or "")
        return self._given.reveal()

    def _from_environment(self, variable: str) -> Secret:
        found = stripped(os.environ.get(variable, ""), variable)
        if not found.reveal():
            raise SignInRequired(
                f"{variable} is not set in this process.", hint="Set it where the work runs, too."
            )
        there = self._deployment
        if there is not None and not is_secret_for(there, variable, os.environ):
            raise SignInRequired(
                f"{variable} of this process is for another deployment than {there.domain}.",
                hint="Where the work runs, set it with the same PROVENA_ variables beside it as here.",
            )
        refuse_unsendable(found)
        return found

    def __reduce__(self) -> tuple[object, ...]:
        if self.variable is None:
            raise ConfigurationError(
                f"{self.kind} was given as an argument and is not pickled.",
                hint="Give it in the environment, here and where the work runs.",
            )
        return _secret_from, (self.kind, self.variable, self._deployment)


def _secret_from(name: str, variable: str, deployment: Deployment | None) -> GivenSecret:
    return GivenSecret(None, name=name, variable=variable, deployment=deployment)


def stripped(value: str | Secret, name: str) -> Secret:
    """Return a secret without surrounding white space, with ``name`` for messages."""
    return Secret(hidden(value, name).reveal().strip(), name)


def refuse_unsendable(secret: Secret) -> None:
    """Refuse a secret that cannot be a token.

    Raises:
        ConfigurationError: The secret is empty, or not one line of plain characters.
    """
    if not secret.is_sendable:
        raise ConfigurationError(f"{secret.name} is empty, or not one line of plain characters.")
