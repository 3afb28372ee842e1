"""The names of the settings, and the checks of their values."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from provena_sdk.config.deployment import base_url, domain_name, realm_name, url_or_none, yes_or_no
from provena_sdk.display.text import alternatives, printable
from provena_sdk.errors import ConfigurationError
from provena_sdk.net.rates import bytes_per_second

Value: TypeAlias = str | float | bool | tuple[str, ...] | None

_PLAIN_HTTP: Final = "PROVENA_ALLOW_PLAIN_HTTP"
_SHOWN: Final = 60
_LONGEST: Final = sys.float_info.max

STORE_COMMAND: Final = "offline_token_store_command"

STORAGES: Final = ("file", "memory", "keyring")
"""The names of the stores for sessions."""


@dataclass(frozen=True, slots=True)
class Key:
    """A setting.

    Args:
        name: The name in ``config.toml`` and in explanations.
        check: Takes a label for messages and a value from TOML; returns the value to use.
        variable: The environment variable that also sets it, if any.
        parse: Converts an environment variable's text to a value for ``check``; None keeps the text.
        local: Whether it belongs to one deployment, so that it is not used for another.
    """

    name: str
    check: Callable[[str, object], Value]
    variable: str | None = None
    parse: Callable[[str], object] | None = None
    local: bool = True

    def from_variable(self, text: str) -> Value:
        """Return the value for an environment variable's text.

        Raises:
            ConfigurationError: The text is not valid for this key; the message names the variable.
        """
        label = self.variable or self.name
        if self.parse is not None:
            # If it cannot be parsed, the check below refuses it with the text as written.
            with suppress(ValueError):
                return self.check(label, self.parse(text))
        return self.check(label, text)


def _text(label: str, value: object) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{label} must be text, not {_kind(value)}.")
    if not value.strip() or not value.isprintable():
        raise ConfigurationError(f"{label} must be one line of text.")
    return value.strip()


def _domain(label: str, value: object) -> str:
    return domain_name(label, _text(label, value))


def _realm(label: str, value: object) -> str:
    return realm_name(label, _text(label, value))


def _url(label: str, value: object) -> str:
    return base_url(label, _text(label, value))


def _url_or_none(label: str, value: object) -> str | None:
    url = url_or_none(_text(label, value))
    return None if url is None else base_url(label, url)


def _flag(label: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{label} must be true or false, not {_shown(value)}.")
    return value


def _seconds(label: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= _LONGEST:
        raise ConfigurationError(f"{label} must be a number of seconds above 0, not {_shown(value)}.")
    return float(value)


def _count(label: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigurationError(f"{label} must be a whole number, 0 or above, not {_shown(value)}.")
    return value


def _connections(label: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{label} must be a whole number, 1 or above, not {_shown(value)}.")
    return value


def _rate(label: str, value: object) -> float:
    try:
        return bytes_per_second(value)
    except ValueError as error:
        reason = str(error)
    raise ConfigurationError(f"{label} must be {reason}, not {_shown(value)}.")


def _command(label: str, value: object) -> tuple[str, ...]:
    words = tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else ()
    if not isinstance(value, list) or len(words) != len(value) or not words or not words[0].strip():
        raise ConfigurationError(
            f"{label} must be a list of texts: the program and its arguments.",
            hint='Write it as ["pass", "show", "provena"].',
        )
    return words


def _storage(label: str, value: object) -> str:
    if value not in STORAGES:
        raise ConfigurationError(f"{label} must be {alternatives(STORAGES)}, not {_shown(value)}.")
    return str(value)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(printable(value, _SHOWN))
    return str(value).lower() if isinstance(value, bool | int | float) else _kind(value)


def _kind(value: object) -> str:
    names = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return "a table" if isinstance(value, dict) else names.get(type(value), "a date or time")


KEYS: Final = {
    key.name: key
    for key in (
        Key("domain", _domain, "PROVENA_DOMAIN"),
        Key("realm", _realm, "PROVENA_REALM"),
        Key("datastore_url", _url, "PROVENA_DATASTORE_URL"),
        Key("search_url", _url, "PROVENA_SEARCH_URL"),
        Key("issuer_url", _url, "PROVENA_ISSUER_URL"),
        Key("registry_url", _url_or_none, "PROVENA_REGISTRY_URL"),
        Key("auth_url", _url_or_none, "PROVENA_AUTH_URL"),
        Key("job_url", _url_or_none, "PROVENA_JOB_URL"),
        Key("prov_url", _url_or_none, "PROVENA_PROV_URL"),
        Key("s3_endpoint", _url, "PROVENA_S3_ENDPOINT"),
        Key("s3_region", _text, "PROVENA_S3_REGION"),
        # The authorities to trust depend more on the user's network than on the deployment.
        Key("ca_file", _text, "PROVENA_CA_FILE", local=False),
        Key("allow_plain_http", _flag, _PLAIN_HTTP, partial(yes_or_no, _PLAIN_HTTP)),
        Key("client_id", _text, "PROVENA_CLIENT_ID"),
        Key("offline_token_file", _text, "PROVENA_OFFLINE_TOKEN_FILE"),
        Key("offline_token_command", _command),
        Key(STORE_COMMAND, _command),
        Key("storage", _storage, local=False),
        Key("interactive", _flag, local=False),
        Key("timeout", _seconds, "PROVENA_TIMEOUT", float, local=False),
        Key("max_retries", _count, "PROVENA_MAX_RETRIES", int, local=False),
        Key("limit_rate", _rate, "PROVENA_LIMIT_RATE", float, local=False),
        Key("max_connections", _connections, "PROVENA_MAX_CONNECTIONS", int, local=False),
    )
}
"""Every key of a profile."""

REALM_KEYS: Final = frozenset({"issuer_url", "client_id", STORE_COMMAND})
"""The keys that belong to one realm of a deployment, besides the secrets."""

PATH_KEYS: Final = frozenset({"ca_file", "offline_token_file"})
"""The keys whose value is the path of a file."""
