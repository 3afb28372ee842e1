"""Lineage: what a dataset was made from, what was made of it, and by whom; no I/O."""

from provena_sdk.lineage.graph import Lineage
from provena_sdk.lineage.nodes import Edge, Node

__all__ = ["Edge", "Lineage", "Node"]
