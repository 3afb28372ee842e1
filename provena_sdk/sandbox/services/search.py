"""The search service."""

from __future__ import annotations

from typing import Final

from provena_sdk.sandbox.data.users import READ, SYS_ADMIN, SYS_READ, SYS_WRITE
from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.http.validation import text_parameter, whole_parameter
from provena_sdk.sandbox.services.datastore import add_admin_routes
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service

DEFAULT_LIMIT: Final = 10
MOST: Final = 50

_LEVELS = {
    "general": (),
    "read": (SYS_READ,),
    "write": (SYS_READ, SYS_WRITE),
    "admin": (SYS_READ, SYS_WRITE, SYS_ADMIN),
}


def search(deployment: Deployment) -> Service:
    """Return the search service of a deployment. It ignores permissions."""
    service = Service("search", deployment, _LEVELS)

    def find(call: Call) -> Response:
        if "search" in deployment.faults.outages:
            raise Refused(
                500, "Failed to search, error: TransportError(503, 'search_phase_execution_exception')"
            )
        limit = call.query["record_limit"] or DEFAULT_LIMIT
        if limit < 0:
            error = f"'illegal_argument_exception', '[size] parameter cannot be negative, found [{limit}]'"
            raise Refused(500, f"Failed to search, error: RequestError(400, {error})")
        found = deployment.state.index.find(
            call.query["query"], min(limit, MOST), call.query["subtype_filter"]
        )
        details = f"Returned {len(found)} results with no issues."
        return json_response(
            {
                "status": {"success": True, "details": details},
                "results": [{"id": handle, "score": score} for handle, score in found],
                "warnings": None,
            }
        )

    query = {
        "query": (text_parameter, True),
        "subtype_filter": (service.checker.named("ItemSubType"), False),
        "record_limit": (whole_parameter, False),
    }
    service.route("GET", "/search/entity-registry", find, [READ], query=query)
    add_admin_routes(service, (SYS_READ, SYS_WRITE, SYS_ADMIN))
    return service
