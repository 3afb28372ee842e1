"""Calls that may change who has access to a dataset's files, and the holders of credentials granted before.

S3 credentials outlive the datastore's change of mind by hours. So what this process holds of a dataset is dropped as
soon as one of its clients has changed who may read or write it. What others change shows when it is asked for anew.
"""

from __future__ import annotations

import weakref
from typing import Any, Final, Protocol

from provena_sdk.operations.operation import Call


class Holder(Protocol):
    """Holds what the datastore granted."""

    def forget(self, dataset_id: str) -> None:
        """Drop the credentials of a dataset; called from any thread.

        Args:
            dataset_id: The dataset's handle.
        """
        ...


# All of this process: a file system of provena:// has a client of its own, and shares the session with others.
_holders: Final[weakref.WeakValueDictionary[int, Holder]] = weakref.WeakValueDictionary()


def register(holder: Holder) -> None:
    """Have a holder drop a dataset whenever its access may have changed, for as long as the holder lives.

    Args:
        holder: What holds grants.
    """
    _holders[id(holder)] = holder


def announce(call: Call[Any]) -> None:
    """Have every holder of this process drop the dataset that a call is about, if the call may change its access.

    Args:
        call: The call, which has ended in whatever way.
    """
    if call.dataset_id is None or not call.operation.changes_access:
        return
    for reference in _holders.valuerefs():
        holder = reference()
        if holder is not None:
            holder.forget(call.dataset_id)
