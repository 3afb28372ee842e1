"""What tests do with a sandbox that has real parts."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import httpx

from provena_sdk import Deployment, Provena
from provena_sdk.sandbox import ExternalStore, Sandbox
from provena_sdk.sandbox.data.users import SERVICE_CLIENT, SERVICE_SECRET
from provena_sdk.sandbox.seed import metadata
from scripts.live.stores import Store, VersityGateway


def external(store: Store, *, url: str | None = None, **more: Any) -> ExternalStore:
    """Return how a sandbox uses a store, at its own URL or through a relay."""
    keys: dict[str, Any] = {
        "access_key_id": store.access_key_id,
        "secret_access_key": store.secret_access_key,
    }
    if isinstance(store, VersityGateway):
        more = {"issuing": "accounts", "accounts_url": store.admin_url} | more
    return ExternalStore(url=url or store.url, **keys, **more)


def signed_in(sandbox: Sandbox) -> Provena:
    """Return a client with the sandbox's service account."""
    deployment = Deployment.from_env(sandbox.environment())
    return Provena(deployment, client_id=SERVICE_CLIENT, client_secret=SERVICE_SECRET)


def carry(provena: Provena, folder: Path, ca_file: Path | None = None) -> str:
    """Register a dataset, put files into it and get them back; the dataset's handle is returned."""
    for name in ("a.csv", "sub/b c.csv", "ümlaut.txt"):
        path = folder / "there" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name * 1000, "utf-8")
    handle = provena.datastore.mint_dataset(metadata("Reef")).handle
    assert handle is not None
    reef = provena.datastore.interactive_dataset(handle)
    reef.upload_all_files(folder / "there")
    reef.download_all_files(folder / "back")
    for path in (folder / "there").rglob("*.*"):
        assert (folder / "back" / path.relative_to(folder / "there")).read_bytes() == path.read_bytes()
    trusted = ssl.create_default_context(cafile=ca_file)
    assert httpx.get(reef.presigned_url("a.csv"), verify=trusted, trust_env=False).text == "a.csv" * 1000
    return handle
