"""List and fetch datasets, and give access to their files."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from provena_sdk.sandbox.data.items import Item
from provena_sdk.sandbox.data.listing import SORT_KEYS, ForeignKey, Index, cut_page
from provena_sdk.sandbox.data.storage import credentials_body
from provena_sdk.sandbox.data.users import READ, WRITE
from provena_sdk.sandbox.http.server import Response, encode_json, json_response
from provena_sdk.sandbox.http.validation import text_parameter
from provena_sdk.sandbox.services.lookup import fetch, roles_on, unreachable
from provena_sdk.sandbox.services.registry.permissions import sees
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service

_LISTED = b'{"status":{"success":true,"details":"Successfully listed items."},"items":['
_LIST_FAILED = "Unexpected non 200 status code in dataset list process. Status code: "
_PRESIGN_FAILED = "Failed to generate presigned url. Error: "
_ISSUED = {"success": True, "details": "STS credentials generated successfully for specified path."}
# Roles on a dataset, any of which suffices: whoever may write may also read.
_DATA_WRITERS = frozenset({"dataset-data-write", "admin"})
_DATA_READERS = _DATA_WRITERS | {"dataset-data-read"}
_NO_HANDLE = "Empty string received for query handle_id"


class Catalogue:
    """The routes below ``/registry``."""

    def __init__(self, service: Service) -> None:
        self._deployment: Deployment = service.deployment
        service.route("POST", "/registry/items/list", self._list, [READ], body="NoFilterSubtypeListRequest")
        handle = {"handle_id": (text_parameter, True)}
        service.route("GET", "/registry/items/fetch-dataset", self._fetch, [READ], query=handle)
        service.route(
            "POST",
            "/registry/items/generate-presigned-url",
            self._presign,
            [READ],
            body="PresignedURLRequest",
        )
        credentials = "/registry/credentials/generate-{}-access-credentials"
        service.route(
            "POST", credentials.format("read"), self._read_credentials, [READ], body="CredentialsRequest"
        )
        service.route(
            "POST",
            credentials.format("write"),
            self._write_credentials,
            [READ, WRITE],
            body="CredentialsRequest",
        )

    def _fetch(self, call: Call) -> Response:
        handle = call.query["handle_id"]
        if not handle:
            raise Refused(400, _NO_HANDLE)
        item, roles = fetch(self._deployment, handle, call.identity)
        status = {"success": True, "details": f"Successfully fetched data for handle '{handle}'"}
        tail = encode_json({"roles": roles, "locked": item.locked})
        return Response(body=b'{"status":%b,"item":%b,%b' % (encode_json(status), item.encoded(), tail[1:]))

    def _list(self, call: Call) -> Response:
        if "registry" in self._deployment.faults.outages:
            raise Refused(
                500, f"Listing datasets failed, request error: {unreachable('/registry/entity/dataset/list')}"
            )
        page, key = self._page(call.body)
        shown: list[bytes] = []
        hidden = 0
        for item in page:
            if item.kind == "unparsable":
                raise Refused(
                    400,
                    "The registry API responded with status success False during dataset listing. Details:  WARNING "
                    "at least one unparsable entity exists in the registry..",
                )
            if item.kind == "seed":
                continue
            if sees(roles_on(self._deployment, item, call.identity, "dataset list")):
                shown.append(item.encoded())
            else:
                hidden += 1
        rest = {
            "seed_items": [],
            "unparsable_items": [],
            "total_item_count": len(shown),
            "complete_item_count": len(shown),
            "seed_item_count": 0,
            "unparsable_item_count": 0,
            "not_authorised_count": hidden,
            "pagination_key": key,
        }
        return Response(body=b"%b%b],%b" % (_LISTED, b",".join(shown), encode_json(rest)[1:]))

    def _page(self, asked: dict[str, Any]) -> tuple[Iterable[Item], dict[str, Any] | None]:
        """Return the rows of a page, before permissions are checked, and the key of the next page."""
        state = self._deployment.state
        sort = asked["sort_by"] or {"sort_type": None, "ascending": False, "begins_with": None}
        sort_type = sort["sort_type"] or "UPDATED_TIME"
        if sort_type == "RELEASE_TIMESTAMP":
            raise Refused(
                500,
                f"{_LIST_FAILED}400. Details: Failed to generate query parameters. Error: "
                f"Could not derive an index from the sort type SortType.{sort_type}.",
            )
        size = asked["page_size"]
        if size < 1:
            raise Refused(
                500,
                f"{_LIST_FAILED}500. Details: Failed to query the database. Error: Parameter validation failed:\n"
                f"Invalid value for parameter Limit, value: {size}, valid min value: 1",
            )
        index = Index("item_subtype", "DATASET", SORT_KEYS[sort_type])
        try:
            handles, following = cut_page(
                state.rows(index),
                index,
                size=size,
                ascending=sort["ascending"],
                begins_with=sort["begins_with"],
                key=asked["pagination_key"],
            )
        except ForeignKey:
            raise Refused(
                500,
                f"{_LIST_FAILED}500. Details: Failed to query the database. Error: An error occurred (500) when "
                "calling the Query operation: The provided starting key is invalid",
            ) from None
        return [state.items[handle] for handle in handles], following

    def _presign(self, call: Call) -> Response:
        handle, path = call.body["dataset_id"], call.body["file_path"]
        if not handle:
            raise Refused(400, _PRESIGN_FAILED + _NO_HANDLE)
        try:
            _, roles = fetch(self._deployment, handle, call.identity)
        except Refused as refused:
            raise Refused(refused.status, f"{_PRESIGN_FAILED}{refused.detail}") from None
        if "dataset-data-read" not in roles:
            raise Refused(
                401,
                f"{_PRESIGN_FAILED}User {call.identity.username} does not have expected dataset data privileges for "
                f"dataset with id '{handle}'.Expected role: dataset-data-read.",
            )
        for forbidden in ("..", "//", "\\"):
            if forbidden in path:
                raise Refused(400, f"File path '{path}' contains '{forbidden}' which is not allowed.")
        storage = self._deployment.storage
        if not storage.exists(handle, path):
            raise Refused(400, f"File path '{path}' does not exist in dataset with id {handle}")
        url = storage.presigned(handle, path, call.body["expires_in"])
        return json_response({"dataset_id": handle, "file_path": path, "presigned_url": url})

    def _read_credentials(self, call: Call) -> Response:
        item, roles = fetch(self._deployment, call.body["dataset_id"], call.identity)
        if _DATA_READERS.isdisjoint(roles):
            raise Refused(401, "You do not have sufficient permissions to read from this dataset!")
        return self._credentials(item, call, write=False)

    def _write_credentials(self, call: Call) -> Response:
        item, roles = fetch(self._deployment, call.body["dataset_id"], call.identity)
        if _DATA_WRITERS.isdisjoint(roles):
            raise Refused(401, "You do not have sufficient permissions to write to this dataset!")
        if item.locked:
            raise Refused(
                401,
                "This dataset is locked - you cannot modify the files of a locked dataset. Unlock the dataset first.",
            )
        if item.release_status != "NOT_RELEASED":
            raise Refused(
                403,
                f"Dataset {item.id} is pending review or is released. "
                "Cannot modify dataset files while a review is ongoing.",
            )
        return self._credentials(item, call, write=True)

    def _credentials(self, item: Item, call: Call, *, write: bool) -> Response:
        storage = self._deployment.storage
        console = f"{storage.url}/?signin_token={secrets.token_urlsafe(24)}"
        issued = storage.credentials_for(item.id, write=write, token=call.identity.token)
        body = {
            "status": _ISSUED,
            "credentials": credentials_body(issued),
            "console_session_url": console if call.body["console_session_required"] else None,
        }
        return json_response(body)
