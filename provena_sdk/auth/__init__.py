"""Sign in: the flows, the source of access tokens, and the stores for sessions.

requests and oauthlib are not loaded until the sign-in server is contacted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from provena_sdk.auth.account import Account
    from provena_sdk.auth.choose import token_source
    from provena_sdk.auth.flows import ClientCredentials, DeviceFlow, Flow, OfflineToken, StaticToken
    from provena_sdk.auth.prompts.notebook import NotebookPresenter
    from provena_sdk.auth.prompts.prompt import Presenter, Prompt
    from provena_sdk.auth.prompts.terminal import TerminalPresenter
    from provena_sdk.auth.server import SignInServer
    from provena_sdk.auth.source import TokenSource
    from provena_sdk.auth.store.choose import store_named
    from provena_sdk.auth.store.keyring import KeyringStore
    from provena_sdk.auth.store.token_store import FileStore, MemoryStore, TokenStore
    from provena_sdk.auth.tokens import Claims, SessionKey, Tokens

__all__ = [
    "Account",
    "Claims",
    "ClientCredentials",
    "DeviceFlow",
    "FileStore",
    "Flow",
    "KeyringStore",
    "MemoryStore",
    "NotebookPresenter",
    "OfflineToken",
    "Presenter",
    "Prompt",
    "Secret",
    "SessionKey",
    "SignInServer",
    "StaticToken",
    "TerminalPresenter",
    "TokenSource",
    "TokenStore",
    "Tokens",
    "store_named",
    "token_source",
]

_HOMES = {
    "account": ("Account",),
    "choose": ("token_source",),
    "flows": ("ClientCredentials", "DeviceFlow", "Flow", "OfflineToken", "StaticToken"),
    "store.choose": ("store_named",),
    "store.keyring": ("KeyringStore",),
    "prompts.notebook": ("NotebookPresenter",),
    "prompts.prompt": ("Presenter", "Prompt"),
    "prompts.terminal": ("TerminalPresenter",),
    "server": ("SignInServer",),
    "source": ("TokenSource",),
    "store.token_store": ("FileStore", "MemoryStore", "TokenStore"),
    "tokens": ("Claims", "SessionKey", "Tokens"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
