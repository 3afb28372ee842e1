"""Route requests to the functions that answer them, as the real services do."""

from __future__ import annotations

from collections.abc import Callable

from provena_sdk.sandbox.http.loopback import wrong_host
from provena_sdk.sandbox.http.server import Request, Response, json_response, text_response

Endpoint = Callable[[Request], Response]

_PREFLIGHT_METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


def here_only(endpoint: Endpoint) -> Endpoint:
    """Wrap ``endpoint`` to answer only requests for a loopback name or address."""

    def answer(request: Request) -> Response:
        reason = wrong_host(request.headers)
        return endpoint(request) if reason is None else json_response({"detail": reason}, 403)

    return answer


class Router:
    """Answers by path and method; otherwise 404, 405 with ``allow``, or 307 for a trailing slash.

    No route implements HEAD, as on the real services.
    """

    def __init__(self) -> None:
        self._routes: dict[str, dict[str, Endpoint]] = {}

    def add(self, method: str, path: str, endpoint: Endpoint) -> None:
        """Register ``endpoint`` for ``method`` at ``path``."""
        self._routes.setdefault(path, {})[method] = endpoint

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        origin = request.headers.get("origin")
        if origin is None:
            return self._dispatch(request)
        asked = request.headers.get("access-control-request-method")
        if request.method == "OPTIONS" and asked is not None:
            response = text_response("OK")
            allowed = request.headers.get("access-control-request-headers", "")
            extra = {
                "access-control-allow-methods": _PREFLIGHT_METHODS,
                "access-control-max-age": "600",
                "access-control-allow-headers": allowed,
            }
        else:
            response, extra = self._dispatch(request), {}
        response.headers = {
            **response.headers,
            **extra,
            "access-control-allow-origin": origin,
            "access-control-allow-credentials": "true",
            "vary": "Origin",
        }
        return response

    def _dispatch(self, request: Request) -> Response:
        methods = self._routes.get(request.path)
        if methods is not None:
            endpoint = methods.get(request.method)
            if endpoint is not None:
                return endpoint(request)
            return json_response({"detail": "Method Not Allowed"}, 405, {"allow": ", ".join(sorted(methods))})
        moved = self._other_slash(request)
        return moved or json_response({"detail": "Not Found"}, 404)

    def _other_slash(self, request: Request) -> Response | None:
        path, mark, query = request.target.partition("?")
        other = request.path[:-1] if request.path.endswith("/") else request.path + "/"
        if other not in self._routes:
            return None
        target = path[:-1] if path.endswith("/") else path + "/"
        location = f"http://{request.headers.get('host', 'localhost')}{target}{mark}{query}"
        return Response(307, b"", None, {"location": location})
