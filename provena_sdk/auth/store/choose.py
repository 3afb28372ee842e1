"""Choose the token store that a profile names."""

from __future__ import annotations

from provena_sdk.auth.store.keyring import KeyringStore
from provena_sdk.auth.store.token_store import FileStore, MemoryStore, TokenStore
from provena_sdk.errors import ConfigurationError


def store_named(name: str) -> TokenStore:
    """Return the store that a profile names.

    Args:
        name: ``file``, ``memory`` or ``keyring``.

    Raises:
        ConfigurationError: No store has this name, or the keyring cannot be used here.

    Example:
        >>> store_named("memory")
        MemoryStore(0 sessions)
    """
    if name == "file":
        return FileStore()
    if name == "memory":
        return MemoryStore()
    if name == "keyring":
        return KeyringStore()
    raise ConfigurationError(f"storage must be 'file', 'memory' or 'keyring', not {name!r}.")
