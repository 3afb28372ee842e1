"""Workflows for lineage: exploring the provenance graph, with the names of what is in it."""

from __future__ import annotations

from typing import Final, Protocol

from provena_api.models import GenerateReportRequest, ItemSubType, LineageResponse

from provena_sdk.display.text import printable
from provena_sdk.errors import DatasetAccessDenied, ProvenaError, UnreadableAnswer
from provena_sdk.lineage import Edge, Lineage, Node
from provena_sdk.operations import arguments, catalogue
from provena_sdk.operations.handles import is_handle
from provena_sdk.operations.operation import Call
from provena_sdk.operations.workflow import Workflow, call
from provena_sdk.workflows.registry.names import look_up

DEEPEST: Final = 10
"""The most steps that the service follows; it answers 400 above."""

DEEPEST_REPORT: Final = 3
"""The most steps that a report follows; the service answers 422 above."""

Names = dict[str, str]
"""Names of items by their handles, kept from one call to the next."""


class Exploring(Protocol):
    """An operation that explores the graph from one item."""

    def about(self, dataset_id: str, /, *, starting_id: str, depth: int) -> Call[LineageResponse]:
        """Build the call."""
        ...


def upstream(handle: str, depth: object, names: Names) -> Workflow[Lineage]:
    """Return what an item was made from, and by whom."""
    return (yield from _explored(catalogue.prov.GET_UPSTREAM, "Upstream of", handle, depth, names))


def downstream(handle: str, depth: object, names: Names) -> Workflow[Lineage]:
    """Return what was made from an item."""
    return (yield from _explored(catalogue.prov.GET_DOWNSTREAM, "Downstream of", handle, depth, names))


def contributing_datasets(handle: str, depth: object, names: Names) -> Workflow[Lineage]:
    """Return the datasets that contributed to an item."""
    operation = catalogue.prov.GET_CONTRIBUTING_DATASETS
    return (yield from _explored(operation, "Datasets that contributed to", handle, depth, names))


def affected_datasets(handle: str, depth: object, names: Names) -> Workflow[Lineage]:
    """Return the datasets that an item affects."""
    operation = catalogue.prov.GET_AFFECTED_DATASETS
    return (yield from _explored(operation, "Datasets affected by", handle, depth, names))


def contributing_agents(handle: str, depth: object, names: Names) -> Workflow[Lineage]:
    """Return the agents who contributed to an item."""
    operation = catalogue.prov.GET_CONTRIBUTING_AGENTS
    return (yield from _explored(operation, "Agents who contributed to", handle, depth, names))


def affected_agents(handle: str, depth: object, names: Names) -> Workflow[Lineage]:
    """Return the agents whom an item affects."""
    operation = catalogue.prov.GET_AFFECTED_AGENTS
    return (yield from _explored(operation, "Agents affected by", handle, depth, names))


def request_report(handle: str, depth: object) -> Workflow[str]:
    """Request a report on the model run that made a dataset, and return the session id of the job."""
    steps = arguments.count("depth", depth, most=DEEPEST_REPORT)
    found = yield from _graph(catalogue.prov.GET_UPSTREAM, handle, 1)
    runs = [node.id for node in found.graph.nodes if node.item_subtype == ItemSubType.MODEL_RUN]
    if not runs:
        raise ProvenaError(
            f"No model run made dataset {handle}, and the service reports on model runs only.",
            hint="provena.model_run(...) registers one.",
        )
    body = GenerateReportRequest(id=runs[0], item_subtype=ItemSubType.MODEL_RUN, depth=steps)
    answer = yield from call(catalogue.prov.GENERATE_REPORT.about(handle, body=body))
    return answer.session_id


def report_url(result: dict[str, object] | None, handle: str) -> str:
    """Return the URL of a report from the result of its job."""
    url = (result or {}).get("report_url")
    if not isinstance(url, str):
        raise UnreadableAnswer(
            f"The job for the report on dataset {handle} names no URL.",
            operation=catalogue.prov.GENERATE_REPORT.name,
            status=200,
            dataset_id=handle,
        )
    return url


def _explored(
    operation: Exploring, words: str, handle: str, depth: object, names: Names
) -> Workflow[Lineage]:
    steps = arguments.count("depth", depth, most=DEEPEST)
    answer = yield from _graph(operation, handle, steps)
    graph = answer.graph
    yield from look_up(filter(is_handle, [handle, *(node.id for node in graph.nodes)]), names)
    nodes = [
        Node(node.id, node.item_category.value, node.item_subtype.value, names.get(node.id))
        for node in graph.nodes
    ]
    edges = [Edge(link.source, link.type, link.target) for link in graph.links]
    start = f"{printable(names[handle], 60)!r} ({handle})" if handle in names else handle
    title = f"{words} {start}, depth {steps}"
    return Lineage(title, handle, nodes, edges)


def _graph(operation: Exploring, handle: str, depth: int) -> Workflow[LineageResponse]:
    try:
        return (yield from call(operation.about(handle, starting_id=handle, depth=depth)))
    except DatasetAccessDenied as error:
        error.hint = (
            "The provenance service starts only from items that everybody may read, even if they are yours."
        )
        raise
