"""Lineage of an item, upstream and downstream."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from provena_sdk.sandbox.data.items import READERS
from provena_sdk.sandbox.data.users import READ
from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.http.validation import text_parameter, whole_parameter
from provena_sdk.sandbox.serving.service import Call, Deployment, Operation, Refused, Service
from provena_sdk.sandbox.work.lineage import Direction, Link, Wanted, is_agent, is_any, is_dataset

Explore = Callable[..., set[Link]]

MAX_DEPTH: Final = 10
_DEPTH, _SPECIAL_DEPTH = 2, 4
_CONTRIBUTION, _EFFECT = "upstream contribution query", "downstream effect query"
# Path, name in answers, default depth, and which links it returns.
_EXPLORATIONS: Final[tuple[tuple[str, str, int, Direction, Wanted], ...]] = (
    ("upstream", "lineage query", _DEPTH, "upstream", is_any),
    ("downstream", "downstream query", _DEPTH, "downstream", is_any),
    ("special/contributing_datasets", _CONTRIBUTION, _SPECIAL_DEPTH, "upstream", is_dataset),
    ("special/contributing_agents", _CONTRIBUTION, _SPECIAL_DEPTH, "upstream", is_agent),
    ("special/effected_datasets", _EFFECT, _SPECIAL_DEPTH, "downstream", is_dataset),
)
_FAILED: Final = "Neo4j lineage query experienced an exception: {}."
_UNREACHABLE: Final = (
    "Couldn't connect to host:7687 (resolved to ('host:7687',)):\nFailed to establish connection to "
    "ResolvedIPv4Address(('host', 7687)) (reason [Errno 111] Connection refused)"
)
_NEGATIVE: Final = (
    "{{neo4j_code: Neo.ClientError.Statement.SyntaxError}} {{message: Invalid input '-': expected a parameter, "
    "'WHERE', ']', '{{' or an integer value (line 2, column 30 (offset: 30))\n"
    "\"    MATCH r=((parent) <-[*1..{depth}]-(start{{`id`:'{handle}'}})) RETURN r\"\n"
    "                              ^}} {{gql_status: 50N42}} {{gql_status_description: error: general processing "
    "exception - unexpected error. Unexpected error has occurred. See debug log for details.}}"
)
_UNKNOWN: Final = (
    "The provided id {} was not a valid registry                item. Error from registry lookup: ."
)


class Exploring:
    """The routes below ``/explore``."""

    def __init__(self, service: Service) -> None:
        self._deployment: Deployment = service.deployment
        query = {"starting_id": (text_parameter, True), "depth": (whole_parameter, False)}

        def add(path: str, name: str, default: int, explore: Explore) -> None:
            answer = self._exploring(name, default, explore)
            service.route("GET", f"/explore/{path}", answer, [READ], query=query)

        graph = service.deployment.work.lineage
        for path, name, default, direction, wanted in _EXPLORATIONS:
            add(path, name, default, partial(graph.explore, direction=direction, wanted=wanted))
        add("special/effected_agents", _EFFECT, _SPECIAL_DEPTH, graph.affected_agents)
        report = "/explore/generate/report"
        service.route("POST", report, self._report, [READ], body="GenerateReportRequest")

    def _exploring(self, name: str, default: int, explore: Explore) -> Operation:
        def answer(call: Call) -> Response:
            handle, depth = call.query["starting_id"], call.query["depth"] or default
            if depth > MAX_DEPTH:
                raise Refused(400, f"Depth provided is in excess of depth maximum: {MAX_DEPTH}.")
            self._check_start(handle)
            if "graph" in self._deployment.faults.outages:
                raise Refused(500, _FAILED.format(_UNREACHABLE))
            if depth < 0:
                raise Refused(500, _FAILED.format(_NEGATIVE.format(depth=depth, handle=handle)))
            graph = self._deployment.work.lineage.graph(explore(handle, depth=depth))
            details = f"Made {name} (with depth {depth}) to neo4j backend."
            status = {"success": True, "details": details}
            return json_response({"status": status, "record_count": len(graph["nodes"]), "graph": graph})

        return answer

    def _check_start(self, handle: str) -> None:
        """Look for an item as the service does: with an account of its own, which no group or owner knows.

        Raises:
            Refused: There is no such item, or not everybody sees it.
        """
        if not handle:
            raise Refused(
                500, "Registry API responded with non 200 code: 500. Error: Unknown details - cannot parse."
            )
        item = self._deployment.state.items.get(handle)
        if item is None:
            raise Refused(500, _UNKNOWN.format(handle))
        if READERS.isdisjoint(item.general_roles):
            reason = "You are not authorised to fetch this item."
            raise Refused(401, f"Registry API denied access to resource: 401. Error: {reason}")

    def _report(self, call: Call) -> Response:
        session = self._deployment.work.submit(call.identity.username, "GENERATE_REPORT", **call.body)
        return json_response({"session_id": session})
