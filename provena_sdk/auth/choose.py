"""Choose how to sign in: by an argument, else by the environment, else by a person."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from provena_sdk.auth.flows import ClientCredentials, DeviceFlow, Flow, OfflineToken, StaticToken
from provena_sdk.auth.prompts.prompt import Presenter
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.source import TokenSource
from provena_sdk.auth.store.choose import store_named
from provena_sdk.auth.store.token_store import TokenStore
from provena_sdk.auth.stored_offline_token import HeldOfflineToken, HeldSecret, offline_key
from provena_sdk.auth.tokens import GivenSecret, SessionKey
from provena_sdk.config.deployment import DEVICE_CLIENT_ID, OFFLINE_CLIENT_ID, Deployment
from provena_sdk.config.settings import Credential, Given, Settings, resolve
from provena_sdk.errors import ConfigurationError
from provena_sdk.secret import Secret


def token_source(
    deployment: Deployment,
    *,
    access_token: str | Secret | None = None,
    offline_token: str | Secret | None = None,
    client_id: str | None = None,
    client_secret: str | Secret | None = None,
    profile: str = "default",
    store: TokenStore | None = None,
    interactive: bool | None = None,
    present: Presenter | None = None,
    endpoints: Mapping[str, str] | None = None,
    discovery: bool = True,
    ca_file: str | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> TokenSource:
    """Choose how to sign in. Nothing is sent until a token is requested.

    The first of these that applies is used:

    1. the argument ``access_token``, ``offline_token`` or ``client_secret`` (only one of them may be given);
    2. the environment, unless its PROVENA_DOMAIN or PROVENA_ISSUER_URL names another deployment:
       PROVENA_ACCESS_TOKEN, PROVENA_OFFLINE_TOKEN, PROVENA_OFFLINE_TOKEN_FILE, PROVENA_CLIENT_SECRET, in this order;
    3. the session in the store;
    4. a person, with the device flow, if one can be asked.

    Args:
        deployment: Where to sign in.
        access_token: An existing access token; used until it expires.
        offline_token: A refresh token that outlives the session.
        client_id: The client that signs in; default PROVENA_CLIENT_ID, then ``client-tools`` for a person and
            ``automated-access`` for an offline token.
        client_secret: The client's secret, to sign in as a service.
        profile: Keeps several sessions on one deployment apart.
        store: Where tokens are stored; None means a file that only the user can read.
        interactive: Whether a person may be asked. None asks in an interactive terminal or notebook, unless
            PROVENA_NON_INTERACTIVE is set.
        present: Shows the page and the code to the person; None chooses a presenter for the terminal or notebook.
        endpoints: URLs of the sign-in server to use instead of the published ones, by name: ``token``,
            ``device_authorization``, ``revocation``, ``userinfo``.
        discovery: Whether to request the realm's published URLs; otherwise they are derived from the issuer.
        ca_file: File of the certificate authorities to trust; None means the deployment's, then the usual ones.
        clock: Returns Unix seconds.
        sleep: Waits for a number of seconds.

    Returns:
        The source, which keeps the clock and the store.

    Raises:
        ConfigurationError: More than one secret is given, a secret without its client, a value that cannot be a
            token, or a URL that is not safe for secrets.

    Example:
        >>> token_source(Deployment("example.org"), access_token="abc").token().reveal()
        'abc'
    """
    given = Given(
        deployment,
        profile=profile,
        access_token=access_token,
        offline_token=offline_token,
        client_id=client_id,
        client_secret=client_secret,
        ca_file=ca_file,
        interactive=interactive,
    )
    # Tracebacks of errors raised below must not show them.
    del access_token, offline_token, client_secret
    return source_for(
        resolve(given, os.environ),
        store=store,
        present=present,
        endpoints=endpoints,
        discovery=discovery,
        clock=clock,
        sleep=sleep,
    )


def source_for(
    settings: Settings,
    *,
    store: TokenStore | None = None,
    present: Presenter | None = None,
    endpoints: Mapping[str, str] | None = None,
    discovery: bool = True,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> TokenSource:
    """Return the source of tokens for the settings. See :func:`token_source` for other arguments and errors."""
    deployment, profile, client = settings.deployment, settings.profile, settings.client_id
    server = SignInServer(
        deployment.issuer,
        endpoints=endpoints,
        discovery=discovery,
        ca_file=deployment.ca_file,
        clock=clock,
        sleep=sleep,
    )
    kind = None if settings.credential is None else settings.credential.kind
    secret = None if settings.credential is None else _secret(settings.credential, deployment)
    flow: Flow
    if secret is None:
        flow = DeviceFlow(
            server,
            SessionKey.of(deployment, client or DEVICE_CLIENT_ID, profile),
            deployment=deployment.domain,
            interactive=settings.interactive,
            present=present,
        )
    elif kind == "access_token":
        flow = StaticToken(SessionKey.of(deployment, client or DEVICE_CLIENT_ID, profile), secret, server)
    elif isinstance(secret, HeldSecret):
        flow = HeldOfflineToken(server, deployment, client or OFFLINE_CLIENT_ID, profile, secret)
    elif kind == "offline_token":
        key = offline_key(deployment, client or OFFLINE_CLIENT_ID, profile, secret)
        flow = OfflineToken(server, key, secret)
    elif client is None:
        raise ConfigurationError(
            "client_secret was given without its client.",
            hint="Give client_id too, or set PROVENA_CLIENT_ID.",
        )
    else:
        flow = ClientCredentials(server, SessionKey.of(deployment, client, profile), secret)
    if store is None and flow.stores:
        store = store_named(settings.storage)
    return TokenSource(flow, store=store, clock=clock, sleep=sleep)


def _secret(credential: Credential, deployment: Deployment) -> Secret:
    if credential.kind in ("offline_token_file", "offline_token_command"):
        return HeldSecret(credential)
    value = credential.value if isinstance(credential.value, (str, Secret)) else None
    return GivenSecret(value, name=credential.kind, variable=credential.variable, deployment=deployment)
