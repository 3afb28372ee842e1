"""The routes for items of any kind, which show them as they are stored."""

from __future__ import annotations

from provena_sdk.sandbox.data.items import Item
from provena_sdk.sandbox.data.listing import EVERYTHING
from provena_sdk.sandbox.data.users import ADMIN, READ, WRITE
from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.http.validation import text_parameter
from provena_sdk.sandbox.services.registry.answers import failed, not_found, succeeded
from provena_sdk.sandbox.services.registry.listing import read_page
from provena_sdk.sandbox.services.registry.permissions import may_read
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service

_VERSION = {
    "commit_id": "a4142d4",
    "commit_url": None,
    "tag_name": None,
    "release_title": None,
    "release_url": None,
}


class General:
    """The routes below ``/registry/general``."""

    def __init__(self, service: Service) -> None:
        self._deployment: Deployment = service.deployment
        handle = {"id": (text_parameter, True)}
        service.route("GET", "/registry/general/fetch", self._fetch, [READ], query=handle)
        service.route("POST", "/registry/general/list", self._list, [READ], body="GeneralListRequest")
        service.route("DELETE", "/registry/general/delete", self._delete, [READ, WRITE, ADMIN], query=handle)
        version = "/registry/general/about/version"
        service.route("GET", version, lambda _: json_response(_VERSION), [READ])

    def _fetch(self, call: Call) -> Response:
        handle = call.query["id"]
        if not handle:
            raise Refused(500, None)
        item = self._deployment.state.items.get(handle)
        if item is None:
            why = f"The id you specified was not available in the registry, error: {not_found(handle)}."
            return failed(why, "item")
        if not may_read(self._deployment, item, call.identity):
            raise Refused(401, "You are not authorised to fetch this item.")
        row = {**item.row(), EVERYTHING[0]: EVERYTHING[1]}
        return succeeded("Successfully retrieved item from the registry.", item=row)

    def _list(self, call: Call) -> Response:
        filter_by = call.body["filter_by"] or {}
        items, _, key = read_page(self._deployment, call.body, filter_by, call.identity)
        rows = [Item.row(item) for item in items]
        found = {"items": rows, "total_item_count": len(rows), "pagination_key": key}
        return succeeded("Searched database and returned items matching query.", **found)

    def _delete(self, call: Call) -> Response:
        item = self._deployment.state.items.get(call.query["id"])
        if item is not None and item.locked:
            raise Refused(401, "Cannot perform this action as the resource is locked.")
        self._deployment.state.remove(call.query["id"])
        return succeeded("Item deleted.")
