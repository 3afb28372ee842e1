"""The links that activities bring into the provenance graph."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from provena_sdk.sandbox.work.lineage import Link, Node

_NAMESPACE = "http://hdl.handle.net/"
# For each relation, the names of its two ends in PROV-JSON.
_ENDS = {
    "wasGeneratedBy": ("prov:entity", "prov:activity"),
    "wasAttributedTo": ("prov:entity", "prov:agent"),
    "wasAssociatedWith": ("prov:activity", "prov:agent"),
    "used": ("prov:activity", "prov:entity"),
    "wasInformedBy": ("prov:informed", "prov:informant"),
    "wasInfluencedBy": ("prov:influencee", "prov:influencer"),
    "hadMember": ("prov:collection", "prov:entity"),
}


def creation_links(payload: Mapping[str, Any]) -> list[Link]:
    """Return the links of a Create activity, by the payload of the job that lodges it."""
    created = Node(payload["created_item_id"], payload["created_item_subtype"])
    return _made(created, Node(payload["creation_activity_id"], "CREATE"), payload["linked_person_id"])


def version_links(payload: Mapping[str, Any]) -> list[Link]:
    """Return the links of a Version activity, by the payload of the job that lodges it."""
    old, new = (Node(payload[f"{end}_version_id"], payload["item_subtype"]) for end in ("from", "to"))
    activity = Node(payload["version_activity_id"], "VERSION")
    return [*_made(new, activity, payload["linked_person_id"]), Link(activity, "used", old)]


def run_links(handle: str, record: Mapping[str, Any], model: str) -> list[Link]:
    """Return the links of a model run.

    Args:
        handle: Id of the run.
        record: The record that was registered.
        model: Id of the model, which the workflow template names.
    """
    run, software = Node(handle, "MODEL_RUN"), Node(model, "MODEL")
    workflow = Node(record["workflow_template_id"], "MODEL_RUN_WORKFLOW_TEMPLATE")
    modeller = Node(record["associations"]["modeller_id"], "PERSON")
    organisation = record["associations"]["requesting_organisation_id"]
    inputs, outputs = _datasets(record["inputs"]), _datasets(record["outputs"])
    links = [Link(run, "used", dataset) for dataset, _ in inputs]
    links += [Link(dataset, "wasGeneratedBy", run) for dataset, _ in outputs]
    links += [
        Link(run, "used", software),
        Link(run, "used", workflow),
        Link(run, "wasAssociatedWith", modeller),
    ]
    if organisation is not None:
        links.append(Link(run, "wasAssociatedWith", Node(organisation, "ORGANISATION")))
    if record["study_id"] is not None:
        links.append(Link(run, "wasInformedBy", Node(record["study_id"], "STUDY")))
    links += [Link(dataset, "wasAttributedTo", modeller) for dataset, _ in outputs]
    for dataset, template in (*inputs, *outputs):
        links += [Link(workflow, "hadMember", template), Link(dataset, "wasInfluencedBy", template)]
    links.append(Link(workflow, "hadMember", software))
    return list(dict.fromkeys(links))


def prov_json(links: Iterable[Link]) -> str:
    """Return links as PROV-JSON."""
    document: dict[str, Any] = {"prefix": {"default": _NAMESPACE}}
    for number, link in enumerate(links, 1):
        for node in (link.source, link.target):
            described = {"id": node.id, "item_category": node.category, "item_subtype": node.subtype}
            document.setdefault(node.category.lower(), {})[node.id] = described
        source, target = _ENDS[link.relation]
        relation = document.setdefault(link.relation, {})
        relation[f"_:id{number}"] = {source: link.source.id, target: link.target.id}
    return json.dumps(document)


def _made(created: Node, activity: Node, person: str) -> list[Link]:
    agent = Node(person, "PERSON")
    return [
        Link(created, "wasGeneratedBy", activity),
        Link(created, "wasAttributedTo", agent),
        Link(activity, "wasAssociatedWith", agent),
    ]


def _datasets(entries: Iterable[Mapping[str, Any]]) -> list[tuple[Node, Node]]:
    return [
        (Node(entry["dataset_id"], "DATASET"), Node(entry["dataset_template_id"], "DATASET_TEMPLATE"))
        for entry in entries
    ]
