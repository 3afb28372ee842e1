"""Which way to sign in: what is given, else what the environment holds, else a person."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping

from provena_sdk.auth.flows import ClientCredentials, DeviceFlow, Flow, OfflineToken, StaticToken
from provena_sdk.auth.present import Presenter
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.source import TokenSource
from provena_sdk.auth.store import FileStore, TokenStore
from provena_sdk.auth.tokens import Secret, SessionKey
from provena_sdk.config import DEVICE_CLIENT_ID, OFFLINE_CLIENT_ID, Deployment
from provena_sdk.errors import ConfigurationError

ACCESS_TOKEN = "PROVENA_ACCESS_TOKEN"  # noqa: S105  # the variable's name
OFFLINE_TOKEN = "PROVENA_OFFLINE_TOKEN"  # noqa: S105
CLIENT_ID = "PROVENA_CLIENT_ID"
CLIENT_SECRET = "PROVENA_CLIENT_SECRET"  # noqa: S105


def token_source(
    deployment: Deployment,
    *,
    access_token: str | None = None,
    offline_token: str | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
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
    """Choose how to sign in. Nothing is sent until a token is asked for.

    The first of these that applies:

    1. the argument ``access_token``, ``offline_token`` or ``client_secret`` (only one of them may be given);
    2. the environment: PROVENA_ACCESS_TOKEN, PROVENA_OFFLINE_TOKEN, PROVENA_CLIENT_SECRET, in this order;
    3. the session in the store;
    4. a person, with the device flow, where somebody watches.

    Args:
        deployment: Where to sign in.
        access_token: An access token made elsewhere; used until it ends.
        offline_token: A refresh token that does not end with the session.
        client_id: The client that signs in; default PROVENA_CLIENT_ID, then ``client-tools`` for a person and
            ``automated-access`` for an offline token.
        client_secret: The client's secret, to sign in as a service.
        profile: Keeps several sessions on one deployment apart.
        store: Where tokens are kept; None means a file only the user can read.
        interactive: Whether a person may be asked. None asks in a terminal or notebook that somebody
            watches, unless PROVENA_NON_INTERACTIVE is set.
        present: Shows the page and the code to the person; None chooses what fits where this runs.
        endpoints: Addresses of the sign-in server to use instead of the published ones, by name: ``token``,
            ``device_authorization``, ``revocation``, ``userinfo``.
        discovery: Whether to ask the realm for its addresses; otherwise they follow from the issuer.
        ca_file: File of the certificate authorities to trust; None leaves it to REQUESTS_CA_BUNDLE.
        clock: Returns Unix seconds.
        sleep: Waits for a number of seconds.

    Returns:
        The source; it keeps its own clock and store.

    Raises:
        ConfigurationError: More than one secret is given, a secret without its client, a value that cannot be a
            token, or an address that is not safe for secrets.

    Example:
        >>> token_source(Deployment("example.org"), access_token="abc").token()
        'abc'
    """
    server = SignInServer(
        deployment.issuer,
        endpoints=endpoints,
        discovery=discovery,
        ca_file=ca_file,
        clock=clock,
        sleep=sleep,
    )
    secret = _given(access_token=access_token, offline_token=offline_token, client_secret=client_secret)
    if secret is None:
        secret = _from_environment()
    client = client_id or os.environ.get(CLIENT_ID, "").strip() or None
    flow: Flow
    if secret is None:
        flow = DeviceFlow(
            server,
            SessionKey.of(deployment, client or DEVICE_CLIENT_ID, profile),
            deployment=deployment.domain,
            interactive=interactive,
            present=present,
        )
    elif secret.name == "access_token":
        flow = StaticToken(SessionKey.of(deployment, client or DEVICE_CLIENT_ID, profile), secret, server)
    elif secret.name == "offline_token":
        # Each offline token has a session of its own, so that a new one is never shadowed by its predecessor's.
        mark = hashlib.sha256(secret.reveal().encode()).hexdigest()[:16]
        flow = OfflineToken(
            server,
            SessionKey.of(deployment, client or OFFLINE_CLIENT_ID, f"{profile}:offline:{mark}"),
            secret,
        )
    elif client is None:
        raise ConfigurationError(
            "client_secret: given without its client.", hint=f"Give client_id too, or set {CLIENT_ID}."
        )
    else:
        flow = ClientCredentials(server, SessionKey.of(deployment, client, profile), secret)
    if store is None and flow.stores:
        store = FileStore()
    return TokenSource(flow, store=store, clock=clock, sleep=sleep)


def _given(**secrets: str | None) -> Secret | None:
    given = {name: value for name, value in secrets.items() if value is not None}
    if len(given) > 1:
        raise ConfigurationError(f"Only one of {', '.join(given)} can be used.")
    return next((Secret(value, name=name) for name, value in given.items()), None)


def _from_environment() -> Secret | None:
    names = {ACCESS_TOKEN: "access_token", OFFLINE_TOKEN: "offline_token", CLIENT_SECRET: "client_secret"}
    for variable, name in names.items():
        value = os.environ.get(variable, "").strip()
        if value:
            return Secret(value, name=name, variable=variable)
    return None
