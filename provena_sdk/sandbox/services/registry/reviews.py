"""The datasets that wait for a reviewer, or that a reviewer has decided on."""

from __future__ import annotations

from provena_sdk.sandbox.data.users import READ
from provena_sdk.sandbox.http.server import Response
from provena_sdk.sandbox.services.registry.answers import succeeded
from provena_sdk.sandbox.services.registry.kinds import DATASET
from provena_sdk.sandbox.services.registry.listing import read_page
from provena_sdk.sandbox.services.registry.permissions import linked_person
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service


class Reviews:
    """The route ``user/releases``."""

    def __init__(self, service: Service) -> None:
        self._deployment: Deployment = service.deployment
        path = f"{DATASET.path}/user/releases"
        service.route("POST", path, self._list, [READ], body="ListUserReviewingDatasetsRequest")

    def _list(self, call: Call) -> Response:
        filter_by, username = call.body["filter_by"], call.identity.username
        reviewer = filter_by["release_reviewer"]
        if reviewer is None:
            raise Refused(400, "release reviewer id must be specified inside of filter_by")
        person = linked_person(self._deployment, call.identity)
        if person != reviewer:
            raise Refused(
                403,
                "You can only search for your own dataset releases. User requesting is not the same as the release "
                f'reviewer id. requesting username and ID are "{username}"" and "{person}". '
                f"Reviewer ID filter is {reviewer}.",
            )
        items, _, key = read_page(self._deployment, call.body, filter_by, call.identity)
        found = [item.document() for item in items]
        return succeeded(
            "Searched database and returned dataset items matching query.",
            dataset_items=found,
            total_dataset_count=len(found),
            pagination_key=key,
        )
