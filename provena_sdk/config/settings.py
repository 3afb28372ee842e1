"""Combine arguments, environment and profile into the settings in use, and record the origin of each.

Nothing here reads a file or contacts a server.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from provena_sdk.config.deployment import OPTIONAL_URLS, Deployment, url_or_none, usual_addresses
from provena_sdk.config.keys import KEYS, PATH_KEYS, REALM_KEYS, STORE_COMMAND
from provena_sdk.config.profiles import CONFIG_FILE, Config, no_such_profile
from provena_sdk.errors import ConfigurationError, InvalidArgument
from provena_sdk.secret import Secret, hidden

TIMEOUT_SECONDS: Final = 60.0
MAX_RETRIES: Final = 3
PROFILE: Final = "PROVENA_PROFILE"
NON_INTERACTIVE: Final = "PROVENA_NON_INTERACTIVE"

_ARGUMENT: Final = "argument"
_ENVIRONMENT: Final = "environment"
_DEFAULT: Final = "default"
_REALM: Final = "provena"
_SESSION: Final = "default"
_NO: Final = ("", "0", "false", "no")

SecretKind: TypeAlias = Literal[
    "access_token", "offline_token", "offline_token_file", "offline_token_command", "client_secret"
]
_SECRET_KINDS: Final[tuple[SecretKind, ...]] = (
    "access_token",
    "offline_token",
    "offline_token_file",
    "offline_token_command",
    "client_secret",
)
VARIABLES: Final[Mapping[str, str]] = {
    **{name: key.variable for name, key in KEYS.items() if key.variable},
    "access_token": "PROVENA_ACCESS_TOKEN",
    "offline_token": "PROVENA_OFFLINE_TOKEN",
    "client_secret": "PROVENA_CLIENT_SECRET",
}
_ADDRESSES: Final = {
    "domain": "domain",
    "realm": "realm",
    "datastore": "datastore_url",
    "search": "search_url",
    "issuer": "issuer_url",
    **{name: name for name in OPTIONAL_URLS},
    "s3_endpoint": "s3_endpoint",
    "s3_region": "s3_region",
}
_SENT_TO: Final = {
    "issuer_url": "sign-in",
    "datastore_url": "datastore",
    "search_url": "search",
    "registry_url": "registry",
    "auth_url": "auth service",
    "job_url": "job service",
    "prov_url": "provenance service",
}
"""The services that receive secrets, in words, by the key of their URL."""


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments from a caller; None means not given.

    Args:
        deployment: A domain, or all the URLs.
        realm: The sign-in realm.
        profile: The name of a profile.
        access_token: An access token.
        offline_token: An offline token.
        client_id: The client that signs in.
        client_secret: That client's secret.
        ca_file: File of the certificate authorities to trust.
        interactive: Whether a person may be asked.
        timeout: Seconds for a service's whole answer.
        max_retries: How often a request is retried.
        limit_rate: The most bytes per second of a transfer.
        max_connections: The most requests of a transfer to the object store at once.
    """

    deployment: str | Deployment | None = None
    realm: str | None = None
    profile: str | None = None
    access_token: str | Secret | None = field(default=None, repr=False)
    offline_token: str | Secret | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | Secret | None = field(default=None, repr=False)
    ca_file: str | os.PathLike[str] | None = None
    interactive: bool | None = None
    timeout: float | None = None
    max_retries: int | None = None
    limit_rate: str | float | None = None
    max_connections: int | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential that signs in without a person.

    Args:
        kind: The kind of credential.
        value: The secret, or the file or command that supplies it; empty if the secret is kept elsewhere.
        origin: Where it came from, in words.
        variable: The environment variable that it came from, if any.
        config: The configuration file that it came from, if any.
        store_command: The command that stores an offline token's replacement, if there is one.
    """

    kind: SecretKind
    value: Secret | str | tuple[str, ...] = field(repr=False)
    origin: str
    variable: str | None = None
    config: Path | None = None
    store_command: tuple[str, ...] | None = field(default=None, repr=False)

    def without_secret(self) -> Credential:
        """Return the credential without its secret, which is safe to keep and to send to other processes."""
        return self if self.kind in KEYS else replace(self, value="")

    def __reduce__(self) -> tuple[object, ...]:
        if self.kind not in KEYS and self.value:
            raise TypeError(f"{self.kind} is not pickled; set it in the environment where the work runs.")
        return Credential, (
            self.kind,
            self.value,
            self.origin,
            self.variable,
            self.config,
            self.store_command,
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in use.

    Args:
        deployment: The URLs, and the certificate authorities to trust.
        profile: The profile name under which sessions are stored.
        client_id: The client that signs in; None means the default for the way of signing in.
        credential: The credential that signs in without a person, if there is one.
        storage: The store for sessions.
        interactive: Whether a person may be asked; None checks each time.
        timeout: Seconds for a service's whole answer.
        max_retries: How often a request is retried.
        limit_rate: The most bytes per second of a transfer; None sets no limit.
        max_connections: The most requests of a transfer to the object store at once; None sets no limit.
        origins: The origin of each setting, in words, by its key in ``config.toml``.
        left_out: The values that were set but are not used, each with the reason.
        config: The configuration file that was read, if any.
    """

    deployment: Deployment
    profile: str = _SESSION
    client_id: str | None = None
    credential: Credential | None = None
    storage: str = "file"
    interactive: bool | None = None
    timeout: float = TIMEOUT_SECONDS
    max_retries: int = MAX_RETRIES
    limit_rate: float | None = None
    max_connections: int | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    config: Config | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Variables:
    """The PROVENA_ variables of an environment that the SDK reads, with secret ones kept apart.

    Args:
        plain: The text of each variable that is set and not secret, by name.
        secrets: The secret ones, by kind.
        names: The names of all variables of the environment.
    """

    plain: Mapping[str, str]
    secrets: Mapping[SecretKind, Secret]
    names: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str] | Variables) -> Variables:
        """Return those variables of an environment."""
        if isinstance(environment, Variables):
            return environment
        secret: dict[str, SecretKind] = {VARIABLES[kind]: kind for kind in _SECRET_KINDS if kind not in KEYS}
        known = {*VARIABLES.values(), PROFILE, NON_INTERACTIVE, CONFIG_FILE}
        texts = {name: environment[name].strip() for name in known & environment.keys()}
        return cls(
            plain={name: text for name, text in texts.items() if text and name not in secret},
            secrets={kind: Secret(texts[name], kind) for name, kind in secret.items() if texts.get(name)},
            names=tuple(environment),
        )


@dataclass(slots=True)
class _Place:
    """A source of values: the arguments, the environment or a profile."""

    origin: str
    values: dict[str, Any]
    secrets: dict[SecretKind, Secret | str | tuple[str, ...]] = field(default_factory=dict)
    config: Path | None = None

    def origin_of(self, key: str) -> str:
        return f"environment variable {VARIABLES[key]}" if self.origin == _ENVIRONMENT else self.origin

    def leave_out(self, domain: str, realm: str | None = None) -> Iterator[str]:
        """Drop what belongs to another deployment or another realm of this one; yield a note on what was dropped."""
        own_domain, own_realm = self.values.get("domain"), self.values.get("realm")
        if own_domain is not None and own_domain.lower() != domain.lower():
            keys = {key for key in self.values if KEYS[key].local}
            owner = own_domain
        elif realm is not None and own_realm is not None and own_realm != realm:
            keys = {key for key in self.values if key in REALM_KEYS}
            owner = f"realm {own_realm}"
        else:
            return
        yield from self._drop(keys, owner, set(self.secrets))

    def leave_out_elsewhere(self, in_force: Mapping[str, str], usual: Mapping[str, str]) -> Iterator[str]:
        """Drop what belongs to another deployment with the same domain; yield a note on what was dropped.

        Args:
            in_force: The URLs in use that this place cannot change.
            usual: The URLs that this place implies where it does not set them.
        """
        own = {key: self.values.get(key, usual.get(key)) for key in _SENT_TO}
        other = [
            key for key, url in in_force.items() if own[key] is not None and not _is_same(str(own[key]), url)
        ]
        if "issuer_url" in other:
            named = "domain" in self.values
            keys = {key for key in self.values if (KEYS[key].local if named else key in REALM_KEYS)}
            yield from self._drop(keys, f"the sign-in at {own['issuer_url']}", set(self.secrets))
        elif other and "access_token" in self.secrets:
            # The other secrets are sent only to the sign-in server.
            yield from self._drop(set(), f"the {_SENT_TO[other[0]]} at {own[other[0]]}", {"access_token"})

    def _drop(self, keys: set[str], owner: str, secrets: set[SecretKind]) -> Iterator[str]:
        for key in keys:
            del self.values[key]
        for kind in secrets:
            del self.secrets[kind]
        names = sorted({*keys, *secrets})
        if not names:
            return
        if self.origin == _ENVIRONMENT:
            yield f"{', '.join(VARIABLES[name] for name in names)}: for {owner}."
        else:
            yield f"{', '.join(names)} of {self.origin}: for {owner}."

    def credential(self) -> Credential | None:
        """Return the credential of this place, or None."""
        for kind in _SECRET_KINDS:
            if kind in self.secrets:
                variable = VARIABLES.get(kind) if self.origin == _ENVIRONMENT else None
                store_command = self.values.get(STORE_COMMAND) if kind == "offline_token_command" else None
                origin = self.origin_of(kind)
                return Credential(kind, self.secrets[kind], origin, variable, self.config, store_command)
        return None


def resolve(
    given: Given, environment: Mapping[str, str] | Variables, config: Config | None = None
) -> Settings:
    """Return the settings in use.

    Arguments take precedence over the environment, and that over the profile; a profile named as an argument takes
    precedence over the environment. URLs and secrets of one deployment are never used for another: from a place that
    names another domain or sign-in server than the one in use, only values that do not depend on a deployment are
    taken. An access token is also ignored if its place names another URL of a service. Whatever a profile sets,
    nobody is asked if PROVENA_NON_INTERACTIVE is set.

    Args:
        given: The arguments.
        environment: The environment variables.
        config: The configuration file; None uses no profile.

    Returns:
        The settings.

    Raises:
        ConfigurationError: A value is invalid, the profile does not exist, or no deployment is named.
        InvalidArgument: An argument has the wrong type.

    Example:
        >>> resolve(Given("example.org"), {"PROVENA_REALM": "reef"}).deployment.issuer
        'https://auth.example.org/auth/realms/reef'
    """
    # Tracebacks of errors raised below must not show its secrets.
    environment = Variables.of(environment)
    variables = environment.plain
    arguments, outside = _arguments(given), _environment(environment)
    profile, session, session_origin = _profile(given, variables, config)
    named = given.profile is not None
    if named and "domain" in arguments.values:
        _refuse_contradiction(arguments, profile)
    places = [arguments, profile, outside] if named else [arguments, outside, profile]

    domain = _first(places, "domain")
    if domain is None:
        raise _no_deployment(profile, config)
    left_out = [text for place in places for text in place.leave_out(domain)]
    realm = _first(places, "realm") or _REALM
    left_out += [text for place in places for text in place.leave_out(domain, realm)]
    left_out += _left_out_elsewhere(places, realm, whole=isinstance(given.deployment, Deployment))

    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for place in reversed(places):
        values.update(place.values)
        origins.update((key, place.origin_of(key)) for key in place.values)
    if given.interactive is None and variables.get(NON_INTERACTIVE, "").lower() not in _NO:
        values["interactive"] = False
        origins["interactive"] = f"environment variable {NON_INTERACTIVE}"
    if CONFIG_FILE in variables:
        origins["config_file"] = f"environment variable {CONFIG_FILE}"
    if not named and PROFILE not in variables and "domain" not in profile.values:
        # The profile's session is used only with the profile's deployment.
        session, session_origin = _SESSION, _DEFAULT
    return Settings(
        deployment=_deployment(given.deployment, domain, realm, values),
        profile=session,
        client_id=values.get("client_id"),
        credential=next((found for place in places if (found := place.credential())), None),
        storage=values.get("storage", "file"),
        interactive=values.get("interactive"),
        timeout=values.get("timeout", TIMEOUT_SECONDS),
        max_retries=values.get("max_retries", MAX_RETRIES),
        limit_rate=values.get("limit_rate"),
        max_connections=values.get("max_connections"),
        origins={**origins, "profile": session_origin},
        left_out=tuple(left_out),
        config=config,
    )


def is_secret_for(deployment: Deployment, variable: str, environment: Mapping[str, str] | Variables) -> bool:
    """Return whether a secret may be sent to a deployment, judging by the other variables of its environment.

    Args:
        deployment: The deployment.
        variable: The secret's environment variable.
        environment: The environment variables.

    Example:
        >>> is_secret_for(Deployment("a.org"), "PROVENA_OFFLINE_TOKEN", {"PROVENA_OFFLINE_TOKEN": "t"})
        True
        >>> other = {"PROVENA_OFFLINE_TOKEN": "t", "PROVENA_DOMAIN": "b.org"}
        >>> is_secret_for(Deployment("a.org"), "PROVENA_OFFLINE_TOKEN", other)
        False
    """
    # Tracebacks of errors raised below must not show its secrets.
    environment = Variables.of(environment)
    # A profile may give a domain other URLs than the usual ones. Most secrets are sent only to the sign-in server.
    sent_to = _SENT_TO if variable == VARIABLES["access_token"] else ("issuer_url",)
    for name, key in _ADDRESSES.items():
        stated = environment.plain.get(KEYS[key].variable or "", "")
        url = getattr(deployment, name)
        if key in sent_to and stated and url_or_none(stated) and url and not _is_same(stated, url):
            return False
    found = resolve(Given(deployment.domain, realm=deployment.realm), environment).credential
    return found is not None and found.variable == variable


def _first(places: list[_Place], key: str) -> str | None:
    return next((str(place.values[key]) for place in places if key in place.values), None)


def _left_out_elsewhere(places: list[_Place], realm: str, *, whole: bool) -> list[str]:
    """Drop what belongs to other deployments, so that each place agrees with the URLs of those before it.

    A URL that one place does not set may come from another, unless the caller gave a whole deployment: then a domain
    alone implies the usual URLs.
    """
    left_out: list[str] = []
    in_force: dict[str, str] = {}
    for place in places:
        usual: dict[str, str] = {}
        if whole and "domain" in place.values:
            named = usual_addresses(place.values["domain"], realm)
            usual = {key: named[name] for name, key in _ADDRESSES.items() if key in _SENT_TO}
        left_out += place.leave_out_elsewhere(in_force, usual)
        for key in _SENT_TO:
            if place.values.get(key) is not None:
                in_force.setdefault(key, place.values[key])
    return left_out


def _is_same(one: str, other: str) -> bool:
    """Return whether two base URLs are the same, ignoring case in scheme and host, and the default port."""
    first, second = (
        (parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), parts.path)
        for parts in (urlsplit(one), urlsplit(other))
    )
    return first == second


def _arguments(given: Given) -> _Place:
    values: dict[str, Any] = {}
    if isinstance(given.deployment, Deployment):
        if given.realm is not None and given.realm != given.deployment.realm:
            raise InvalidArgument("realm", "must be the realm of the deployment given.")
        values = {key: getattr(given.deployment, name) for name, key in _ADDRESSES.items()}
        values["allow_plain_http"] = given.deployment.allow_plain_http
        if given.deployment.ca_file is not None:
            values["ca_file"] = given.deployment.ca_file
    elif isinstance(given.deployment, str):
        values["domain"] = given.deployment
    elif given.deployment is not None:
        kind = type(given.deployment).__name__
        raise InvalidArgument("deployment", f"must be a domain or a Deployment, not {kind}.")
    for key in (
        "realm",
        "client_id",
        "interactive",
        "timeout",
        "max_retries",
        "limit_rate",
        "max_connections",
    ):
        if getattr(given, key) is not None:
            values[key] = getattr(given, key)
    if given.ca_file is not None:
        values["ca_file"] = os.path.abspath(os.path.expanduser(os.fspath(given.ca_file)))
    secrets: dict[SecretKind, Secret | str | tuple[str, ...]] = {}
    for kind in _SECRET_KINDS:
        if not isinstance(getattr(given, kind, None), str | Secret | None):
            raise InvalidArgument(kind, "must be text.")
        if getattr(given, kind, None) is not None:
            secrets[kind] = hidden(getattr(given, kind), kind)
    if len(secrets) > 1:
        raise ConfigurationError(f"Only one of {', '.join(secrets)} can be used.")
    return _Place(_ARGUMENT, values, secrets)


def _environment(found: Variables) -> _Place:
    variables = found.plain
    values: dict[str, Any] = {}
    for name, key in KEYS.items():
        if key.variable is not None and key.variable in variables:
            values[name] = key.from_variable(variables[key.variable])
    for name in PATH_KEYS & values.keys():
        values[name] = os.path.abspath(os.path.expanduser(values[name]))
    return _Place(_ENVIRONMENT, values, {**_taken_out(values), **found.secrets})


def _profile(given: Given, variables: Mapping[str, str], config: Config | None) -> tuple[_Place, str, str]:
    """Choose the profile; return its place, the session's name, and the origin of that name."""
    if given.profile is not None and (not isinstance(given.profile, str) or not given.profile.strip()):
        raise InvalidArgument("profile", "must be the name of a profile.")
    name = given.profile if given.profile is not None else variables.get(PROFILE)
    origin = _ARGUMENT if given.profile is not None else f"environment variable {PROFILE}"
    profiles: Mapping[str, Mapping[str, Any]] = {} if config is None else config.profiles
    if name is None:
        name = None if config is None else config.default_profile
        origin = _DEFAULT if config is None else f"default_profile in {config.path}"
        if name is None or name not in profiles:
            return _Place(_DEFAULT, {}), _SESSION, _DEFAULT
    elif name not in profiles and config is not None and given.deployment is None:
        raise no_such_profile(name, config, "profile" if given.profile is not None else PROFILE)
    if config is None or name not in profiles:
        return _Place(_DEFAULT, {}), name, origin
    values = dict(profiles[name])
    return _Place(f"profile {name!r} in {config.path}", values, _taken_out(values), config.path), name, origin


def _taken_out(values: dict[str, Any]) -> dict[SecretKind, Secret | str | tuple[str, ...]]:
    return {kind: values.pop(kind) for kind in _SECRET_KINDS if kind in values}


def _deployment(
    given: str | Deployment | None, domain: str, realm: str, values: Mapping[str, Any]
) -> Deployment:
    if isinstance(given, Deployment):
        return replace(given, ca_file=values.get("ca_file"))
    return Deployment(
        domain,
        realm,
        datastore=values.get("datastore_url", ""),
        search=values.get("search_url", ""),
        issuer=values.get("issuer_url", ""),
        **{name: values.get(name, "") for name in OPTIONAL_URLS},
        s3_endpoint=values.get("s3_endpoint"),
        s3_region=values.get("s3_region"),
        ca_file=values.get("ca_file"),
        allow_plain_http=values.get("allow_plain_http", False),
    )


def _refuse_contradiction(arguments: _Place, profile: _Place) -> None:
    own, asked = profile.values.get("domain"), arguments.values["domain"]
    if own is not None and own.lower() != str(asked).lower():
        raise ConfigurationError(
            f"The {profile.origin} is for {own}, which is not the deployment that is given.",
            hint="Give only one of profile and deployment.",
        )


def _no_deployment(profile: _Place, config: Config | None) -> ConfigurationError:
    place = "" if config is None else f", or write a profile with a domain into {config.path}"
    what = (
        "No deployment is named." if profile.origin == _DEFAULT else f"The {profile.origin} names no domain."
    )
    return ConfigurationError(
        what, hint=f"Give a domain, as in Provena('example.org'), set PROVENA_DOMAIN{place}."
    )
