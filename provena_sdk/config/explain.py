"""Show the settings in use and their origins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from provena_sdk.config.deployment import (
    DEVICE_CLIENT_ID,
    NO_SERVICE,
    OFFLINE_CLIENT_ID,
    OPTIONAL_URLS,
    usual_addresses,
)
from provena_sdk.display.text import SERVER_LIMIT, printable
from provena_sdk.net.tls import authorities
from provena_sdk.views.tabular import Tabular

if TYPE_CHECKING:
    from provena_sdk.config.settings import Credential, Settings

_SECRETS: Final = {
    "access_token": "access token",
    "offline_token": "offline token",
    "client_secret": "client secret",
    "offline_token_file": "offline token in",
    "offline_token_command": "offline token printed by",
}


@dataclass(frozen=True, slots=True)
class ExplainedSetting:
    """A setting with its origin.

    Attributes:
        name: The name, as in ``config.toml``.
        value: The value in words; for a secret, only that it is set.
        origin: Where the value came from.
    """

    name: str
    value: str
    origin: str

    def __repr__(self) -> str:
        return f"<ExplainedSetting {printable(f'{self.name}: {self.value}, from {self.origin}', 170)}>"


@dataclass(frozen=True, slots=True, repr=False)
class Explanation(Tabular):
    """The settings in use and their origins. It is displayed as a table, in notebooks too.

    Attributes:
        settings: The settings, in the order of the table.
        notes: The values that were set but are not used, and why.
    """

    settings: tuple[ExplainedSetting, ...]
    notes: tuple[str, ...] = ()

    _columns: ClassVar = ("setting", "value", "from")
    _index: ClassVar = "setting"
    _cell_limit: ClassVar = SERVER_LIMIT

    def __getitem__(self, name: str) -> ExplainedSetting:
        """Return one setting.

        Raises:
            KeyError: There is no such setting.
        """
        for setting in self.settings:
            if setting.name == name:
                return setting
        raise KeyError(name)

    def __iter__(self) -> Iterator[ExplainedSetting]:
        return iter(self.settings)

    def __len__(self) -> int:
        return len(self.settings)

    def _rows(self) -> list[tuple[str, str, str]]:
        return [(row.name, row.value, row.origin) for row in self.settings]

    def _notes(self) -> list[str]:
        return [f"Not used: {printable(note, SERVER_LIMIT)}" for note in self.notes]

    def __repr__(self) -> str:
        domain = next((row.value for row in self.settings if row.name == "domain"), "no deployment")
        return f"<Explanation of {len(self)} settings for {printable(domain, 100)}; print() shows them>"


def explain(settings: Settings, *, own_tokens: bool = False) -> Explanation:
    """Return the settings in use and their origins.

    Args:
        settings: The settings.
        own_tokens: Whether the caller gave a source of tokens, so that no other way to sign in is used.

    Returns:
        The explanation.
    """
    place = settings.deployment
    usual = usual_addresses(place.domain, place.realm)

    def row(name: str, value: object, otherwise: str = "default") -> ExplainedSetting:
        return ExplainedSetting(name, str(value), settings.origins.get(name, otherwise))

    def address(name: str, value: str, usual_value: str) -> ExplainedSetting:
        if value == usual_value:
            return ExplainedSetting(name, value, "follows from domain and realm")
        return row(name, value)

    rows = [row("profile", settings.profile)]
    if settings.config is not None:
        state = "" if settings.config.exists else " (not there)"
        rows.append(row("config_file", f"{settings.config.path}{state}"))
    rows += [
        row("domain", place.domain),
        row("realm", place.realm),
        address("datastore_url", place.datastore, usual["datastore"]),
        address("search_url", place.search, usual["search"]),
        address("issuer_url", place.issuer, usual["issuer"]),
        *(address(name, getattr(place, name) or NO_SERVICE, usual[name]) for name in OPTIONAL_URLS),
        _or_default(row("s3_endpoint", place.s3_endpoint), "Amazon S3"),
        _or_default(row("s3_region", place.s3_region), "up to the object store"),
        _trust(row("ca_file", place.ca_file)),
        row("allow_plain_http", _yes_or_no(place.allow_plain_http)),
    ]
    if own_tokens:
        rows.append(ExplainedSetting("sign_in", "a source of tokens", "argument"))
    else:
        rows += [
            _sign_in(settings.credential),
            row("client_id", settings.client_id or _usual_client(settings.credential)),
            row("storage", settings.storage),
            row("interactive", _yes_or_no(settings.interactive)),
        ]
    rate = None if settings.limit_rate is None else f"{settings.limit_rate:,.0f} B/s"
    rows += [
        row("timeout", f"{settings.timeout:g} s"),
        row("max_retries", settings.max_retries),
        _or_default(row("limit_rate", rate), "none"),
        _or_default(row("max_connections", settings.max_connections), "as many as the line needs"),
    ]
    return Explanation(tuple(rows), settings.left_out)


def _or_default(row: ExplainedSetting, words: str) -> ExplainedSetting:
    return ExplainedSetting(row.name, words, "default") if row.value == "None" else row


def _trust(row: ExplainedSetting) -> ExplainedSetting:
    if row.value != "None":
        return row
    named = authorities(None)
    if named is None:
        return ExplainedSetting(row.name, "the system's store", "default")
    return ExplainedSetting(row.name, named[0], f"environment variable {named[1]}")


def _sign_in(credential: Credential | None) -> ExplainedSetting:
    if credential is None:
        return ExplainedSetting("sign_in", "a person, once, then the session kept", "default")
    words = _SECRETS[credential.kind]
    if credential.kind == "offline_token_file":
        words += f" {credential.value}"
    elif isinstance(credential.value, tuple):
        # Show only the command's program: its arguments might contain a secret.
        words += f" {credential.value[0]}"
        if credential.store_command is not None:
            words += f", its replacement kept by {credential.store_command[0]}"
    else:
        words += " (set)"
    return ExplainedSetting("sign_in", words, credential.origin)


def _usual_client(credential: Credential | None) -> str:
    if credential is None or credential.kind == "access_token":
        return DEVICE_CLIENT_ID
    return "not set" if credential.kind == "client_secret" else OFFLINE_CLIENT_ID


def _yes_or_no(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "where somebody watches"}[value]
