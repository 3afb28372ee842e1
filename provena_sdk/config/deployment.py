"""The URLs of a Provena deployment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from provena_sdk.config.addresses import ALLOW_PLAIN_HTTP, require_safe
from provena_sdk.display.text import printable
from provena_sdk.errors import ConfigurationError

DEVICE_CLIENT_ID = "client-tools"
OFFLINE_CLIENT_ID = "automated-access"

NO_SERVICE = "none"
"""In settings and environment variables, what stands for the URL of a service that a deployment does not have."""

OPTIONAL_URLS = ("registry_url", "auth_url", "job_url", "prov_url")
"""The URLs that may be None: deployments work without these services."""

_WORDS = {"prov": "provenance"}
"""What messages call a service, where it is not called by its name."""

_YES = ("1", "true", "yes", "on")
_NO = ("", "0", "false", "no", "off")

_DOMAIN = re.compile(r"[^\s/?#@:\\\[\]]+(?::\d{1,5})?")
_REALM = re.compile(r"[^\s/?#\\]+")


@dataclass(frozen=True, slots=True)
class Deployment:
    """The URLs of one deployment. Those not given are derived from ``domain`` and ``realm``.

    Args:
        domain: The deployment's domain, such as ``example.org``.
        realm: The sign-in realm.
        datastore: Base URL of the datastore service; default ``https://data-api.<domain>``.
        search: Base URL of the search service; default ``https://search.<domain>``.
        issuer: Base URL of the sign-in realm; default ``https://auth.<domain>/auth/realms/<realm>``.
        registry_url: Base URL of the registry; default ``https://registry-api.<domain>``. None means that the
            deployment has no such service; the same holds for the next three.
        auth_url: Base URL of the auth service; default ``https://auth-api.<domain>``.
        job_url: Base URL of the job service; default ``https://job-api.<domain>``.
        prov_url: Base URL of the provenance service; default ``https://prov-api.<domain>``.
        s3_endpoint: Base URL of the object store; None means Amazon S3.
        s3_region: Region of the object store; None lets the store report it.
        ca_file: File of the certificate authorities to trust for all of these, instead of the usual ones.
        allow_plain_http: Whether services and object store may have ``http://`` URLs on other machines.
            Tokens, credentials and data then cross the network unencrypted. Sign-in never uses such a URL.

    Raises:
        ConfigurationError: A URL is not http(s), contains a user or is not encrypted, or the domain or the realm is
            malformed.

    Example:
        >>> Deployment("example.org", realm="provena").datastore
        'https://data-api.example.org'
    """

    domain: str
    realm: str = "provena"
    datastore: str = field(default="", kw_only=True)
    search: str = field(default="", kw_only=True)
    issuer: str = field(default="", kw_only=True)
    registry_url: str | None = field(default="", kw_only=True)
    auth_url: str | None = field(default="", kw_only=True)
    job_url: str | None = field(default="", kw_only=True)
    prov_url: str | None = field(default="", kw_only=True)
    s3_endpoint: str | None = field(default=None, kw_only=True)
    s3_region: str | None = field(default=None, kw_only=True)
    ca_file: str | None = field(default=None, kw_only=True)
    allow_plain_http: bool = field(default=False, kw_only=True)

    def __repr__(self) -> str:
        return f"<Deployment {printable(self.domain, 80)}, realm {printable(self.realm, 60)}>"

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Deployment:
        """Return the deployment that environment variables describe.

        ``PROVENA_DOMAIN`` is required. ``PROVENA_REALM``, ``PROVENA_DATASTORE_URL``, ``PROVENA_SEARCH_URL``,
        ``PROVENA_ISSUER_URL``, ``PROVENA_REGISTRY_URL``, ``PROVENA_AUTH_URL``, ``PROVENA_JOB_URL``,
        ``PROVENA_PROV_URL``, ``PROVENA_S3_ENDPOINT``, ``PROVENA_S3_REGION``, ``PROVENA_CA_FILE`` and
        ``PROVENA_ALLOW_PLAIN_HTTP`` are optional. ``none`` as the URL of registry, auth, job or provenance service
        means that the deployment has no such service.

        Args:
            environment: The variables; ``os.environ`` when None.

        Returns:
            The deployment.

        Raises:
            ConfigurationError: The domain is missing, or a URL is malformed.

        Example:
            >>> Deployment.from_env({"PROVENA_DOMAIN": "example.org"}).search
            'https://search.example.org'
        """
        variables = os.environ if environment is None else environment
        domain = variables.get("PROVENA_DOMAIN", "")
        if not domain:
            raise ConfigurationError(
                "No deployment is named.",
                hint="Give a domain, as in Provena('example.org'), or set PROVENA_DOMAIN.",
            )
        return cls(
            domain,
            variables.get("PROVENA_REALM") or "provena",
            datastore=variables.get("PROVENA_DATASTORE_URL", ""),
            search=variables.get("PROVENA_SEARCH_URL", ""),
            issuer=variables.get("PROVENA_ISSUER_URL", ""),
            registry_url=url_or_none(variables.get("PROVENA_REGISTRY_URL", "")),
            auth_url=url_or_none(variables.get("PROVENA_AUTH_URL", "")),
            job_url=url_or_none(variables.get("PROVENA_JOB_URL", "")),
            prov_url=url_or_none(variables.get("PROVENA_PROV_URL", "")),
            s3_endpoint=variables.get("PROVENA_S3_ENDPOINT") or None,
            s3_region=variables.get("PROVENA_S3_REGION") or None,
            ca_file=variables.get("PROVENA_CA_FILE") or None,
            allow_plain_http=yes_or_no(
                "PROVENA_ALLOW_PLAIN_HTTP", variables.get("PROVENA_ALLOW_PLAIN_HTTP", "")
            ),
        )

    def __post_init__(self) -> None:
        domain_name("domain", self.domain)
        realm_name("realm", self.realm)
        if not isinstance(self.allow_plain_http, bool):
            raise ConfigurationError(f"{ALLOW_PLAIN_HTTP} must be True or False.")
        for name, default in usual_addresses(self.domain, self.realm).items():
            given = getattr(self, name)
            if given is not None or name not in OPTIONAL_URLS:
                self._set_address(name, default if given in ("", None) else given)
        if self.s3_endpoint is not None:
            self._set_address("s3_endpoint", self.s3_endpoint)

    def url_of(self, service: str) -> str:
        """Return the base URL of a service.

        Args:
            service: ``datastore``, ``search``, ``registry``, ``auth``, ``job`` or ``prov``.

        Raises:
            ConfigurationError: The deployment has no such service.

        Example:
            >>> Deployment("example.org").url_of("job")
            'https://job-api.example.org'
        """
        setting = f"{service}_url"
        url: str | None = getattr(self, setting if setting in OPTIONAL_URLS else service)
        if url is None:
            raise ConfigurationError(
                f"The deployment {self.domain} has no {_WORDS.get(service, service)} service.",
                hint=f"If it has one, set {setting} to its URL, or leave {setting} out if the URL is "
                f"{usual_addresses(self.domain, self.realm)[setting]}.",
            )
        return url

    def item_page(self, handle: str) -> str:
        """Return the URL of an item's page in the registry, where people sign in.

        Args:
            handle: The item's handle.

        Example:
            >>> Deployment("example.org").item_page("10378.1/1451860")
            'https://registry.example.org/item/10378.1/1451860'
        """
        return f"https://registry.{self.domain}/item/{quote(handle)}"

    def _set_address(self, name: str, given: str) -> None:
        url = base_url(name, given)
        require_safe(name, url, allow_plain_http=None if name == "issuer" else self.allow_plain_http)
        object.__setattr__(self, name, url)


def yes_or_no(name: str, text: str) -> bool:
    """Parse a setting that is on or off; an error names its origin, ``name``.

    Raises:
        ConfigurationError: The text means neither.

    Example:
        >>> yes_or_no("PROVENA_ALLOW_PLAIN_HTTP", "yes"), yes_or_no("PROVENA_ALLOW_PLAIN_HTTP", "")
        (True, False)
    """
    word = text.strip().lower()
    if word not in (*_YES, *_NO):
        raise ConfigurationError(f"{name} must be true or false.")
    return word in _YES


def usual_addresses(domain: str, realm: str) -> dict[str, str]:
    """Return the base URLs of a deployment that uses the usual names."""
    return {
        "datastore": f"https://data-api.{domain}",
        "search": f"https://search.{domain}",
        "issuer": f"https://auth.{domain}/auth/realms/{realm}",
        "registry_url": f"https://registry-api.{domain}",
        "auth_url": f"https://auth-api.{domain}",
        "job_url": f"https://job-api.{domain}",
        "prov_url": f"https://prov-api.{domain}",
    }


def url_or_none(text: str) -> str | None:
    """Return None for ``none``, which means that a deployment has no such service, and any other text as it is."""
    return None if text.strip().lower() == NO_SERVICE else text


def domain_name(name: str, value: str) -> str:
    """Check and return a domain; an error names its origin, ``name``.

    Raises:
        ConfigurationError: The value is not a domain name.
    """
    if not (_DOMAIN.fullmatch(value) and value.isprintable()):
        # Do not quote the value: it may be a whole URL with a password.
        raise ConfigurationError(
            f"{name} is not a domain name.", hint="Give it without scheme, as in 'example.org'."
        )
    return value


def realm_name(name: str, value: str) -> str:
    """Check and return a realm; an error names its origin, ``name``.

    Raises:
        ConfigurationError: The value is not the name of a realm.
    """
    if not (_REALM.fullmatch(value) and value.isprintable()):
        raise ConfigurationError(
            f"{name} must be the name of a realm, not {printable(value)!r}.", hint="It is often 'provena'."
        )
    return value


def base_url(name: str, url: str) -> str:
    """Check a base URL; an error names its origin, ``name``.

    Returns:
        The URL without a trailing slash.

    Raises:
        ConfigurationError: The URL is not http(s), or contains a user, query or fragment.
    """
    hint = "Write it as 'https://host/path'."
    if name in OPTIONAL_URLS:
        hint = f"{hint[:-1]}, or give None if the deployment has no such service."
    try:
        if not isinstance(url, str):
            raise ValueError
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError(f"{name} is not an http(s) URL.", hint=hint) from None
    printable = url.isprintable() and " " not in url
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not printable:
        raise ConfigurationError(f"{name} is not an http(s) URL.", hint=hint)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(f"{name} must not hold a user, query or fragment.")
    return url.rstrip("/")
