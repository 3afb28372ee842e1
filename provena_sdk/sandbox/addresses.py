"""The addresses of a sandbox's services."""

from __future__ import annotations

from provena_sdk.sandbox.http.server import Server


class Addresses:
    """Base URLs of the running services; without a running sandbox they raise a RuntimeError."""

    def __init__(self) -> None:
        self._servers: dict[str, Server] = {}

    def _server(self, name: str) -> Server:
        try:
            return self._servers[name]
        except KeyError:
            raise RuntimeError(
                "The sandbox is not running; use it in a 'with' block, or call start()."
            ) from None

    @property
    def datastore_url(self) -> str:
        """Base URL of the datastore."""
        return self._server("datastore").url

    @property
    def search_url(self) -> str:
        """Base URL of the search service."""
        return self._server("search").url

    @property
    def registry_url(self) -> str:
        """Base URL of the registry."""
        return self._server("registry").url

    @property
    def auth_url(self) -> str:
        """Base URL of the auth service."""
        return self._server("auth").url

    @property
    def job_url(self) -> str:
        """Base URL of the job service."""
        return self._server("job").url

    @property
    def prov_url(self) -> str:
        """Base URL of the prov service."""
        return self._server("prov").url
