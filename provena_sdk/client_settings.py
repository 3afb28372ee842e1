"""What both clients have: settings, tokens and options."""

from __future__ import annotations

import copy
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Self

from provena_sdk.auth.choose import source_for
from provena_sdk.auth.source import TokenSource
from provena_sdk.config import Deployment, Explanation, Given, Settings, Variables, explain
from provena_sdk.connection import find_settings, find_settings_in, request_options
from provena_sdk.diagnosis.report import Diagnosis
from provena_sdk.secret import Secret
from provena_sdk.tracebacks import OneFrame, short_tracebacks
from provena_sdk.transfer.spec.options import Rate, TransferOptions
from provena_sdk.transport.http import Options


def _explained(settings: Settings, options: Options, own_tokens: bool) -> Explanation:
    in_force = {"timeout": options.timeout, "max_retries": options.retry.max_retries}
    changed = {name: value for name, value in in_force.items() if value != getattr(settings, name)}
    origins = {**settings.origins, **dict.fromkeys(changed, "with_options")}
    return explain(
        replace(
            settings,
            timeout=options.timeout,
            max_retries=options.retry.max_retries,
            origins=origins,
        ),
        own_tokens=own_tokens,
    )


@short_tracebacks
class Client(ABC):
    """The settings, tokens and options that both clients have.

    A pickle holds no secret and no connection. The process that unpickles it signs in with the stored session or its
    environment, without asking a person.
    """

    deployment: Deployment
    tokens: TokenSource
    _options: Options
    _settings: Settings
    _own_tokens: bool
    _names: dict[str, str]

    def __init__(
        self,
        deployment: str | Deployment | None = None,
        realm: str | None = None,
        *,
        profile: str | None = None,
        access_token: str | Secret | None = None,
        offline_token: str | Secret | None = None,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        interactive: bool | None = None,
        tokens: TokenSource | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        limit_rate: Rate | None = None,
        max_connections: int | None = None,
    ) -> None:
        with OneFrame():
            limits = TransferOptions(limit_rate=limit_rate, max_connections=max_connections)
            given = Given(
                deployment,
                realm,
                profile=profile,
                access_token=access_token,
                offline_token=offline_token,
                client_id=client_id,
                client_secret=client_secret,
                ca_file=ca_file,
                interactive=interactive,
                timeout=timeout,
                max_retries=max_retries,
                limit_rate=limits.limit_rate,
                max_connections=limits.max_connections,
            )
            # Tracebacks of errors raised below must not show them.
            del access_token, offline_token, client_secret
            self._begin(find_settings(given, stacklevel=2), tokens)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Create a client from environment variables alone, for pipelines.

        From ``config.toml``, only the profile that PROVENA_PROFILE names is used.

        Args:
            environment: The variables; ``os.environ`` when None.

        Returns:
            The client.

        Raises:
            ConfigurationError: No deployment is named, or a variable is invalid.

        Example:
            >>> Provena.from_env({"PROVENA_DOMAIN": "example.org"})
            <Provena example.org realm=provena>
        """
        with OneFrame():
            variables = Variables.of(os.environ if environment is None else environment)
            elsewhere = environment is not None
            # Tracebacks of errors raised below must not show its secrets.
            del environment
            client = object.__new__(cls)
            client._begin(find_settings_in(variables, elsewhere=elsewhere, stacklevel=2), None)
        return client

    def _begin(self, settings: Settings, tokens: TokenSource | None) -> None:
        self.deployment = settings.deployment
        self.tokens = source_for(settings) if tokens is None else tokens
        # Only the source of tokens holds the secret.
        credential = None if settings.credential is None else settings.credential.without_secret()
        self._settings = replace(settings, credential=credential)
        self._own_tokens = tokens is not None
        self._options = request_options(settings)
        self._names = {}
        self._connect()

    @abstractmethod
    def _connect(self) -> None:
        """Create the transport, the datasets and the resources."""

    @abstractmethod
    def _apply_options(self) -> None:
        """Apply this view's options to the transport and the resources."""

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        """Return a view of this client with other options. Both share connections; closing either closes them.

        Requests that file transfers send to the datastore keep the options of the first client.

        Args:
            timeout: Seconds for a service's whole answer.
            max_retries: How often a request is retried, if that is safe.

        Returns:
            The view.

        Raises:
            InvalidArgument: A value is out of range.

        Example:
            >>> provena.with_options(timeout=5, max_retries=0).datastore.get_health_check().message
            'Health check successful.'
        """
        view = copy.copy(self)
        view._options = self._options.changed(timeout, max_retries)
        view._apply_options()
        return view

    def explain(self) -> Explanation:
        """Return the settings in use and their origins, without sending anything.

        Returns:
            The settings, which print as a table. It shows of a secret only that it is set.

        Example:
            >>> provena.explain()["timeout"].value
            '60 s'
        """
        return _explained(self._settings, self._options, self._own_tokens)

    def _diagnosis(self, timeout: float) -> Diagnosis:
        from provena_sdk.diagnosis.collect import diagnose  # noqa: PLC0415  # keeps importlib.metadata away

        return diagnose(self.deployment, self.explain(), self.tokens, timeout)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.deployment.domain} realm={self.deployment.realm}>"
