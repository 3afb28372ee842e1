"""Forget credentials when a call may have changed the access to a dataset's files.

S3 credentials stay valid for hours after access is withdrawn. This process therefore forgets a dataset's credentials as
soon as one of its clients has changed who may read or write it. Changes by others take effect when credentials are
renewed.
"""

from __future__ import annotations

import weakref
from typing import Any, Final, Protocol

from provena_sdk.operations.operation import Call


class Holder(Protocol):
    """A holder of credentials that the datastore granted."""

    def forget(self, dataset_id: str) -> None:
        """Forget the credentials of a dataset; called from any thread.

        Args:
            dataset_id: The dataset's handle.
        """
        ...


# All holders of this process: each provena:// file system has a separate client, but shares the session with others.
_holders: Final[weakref.WeakValueDictionary[int, Holder]] = weakref.WeakValueDictionary()


def register(holder: Holder) -> None:
    """Register a holder to forget a dataset's credentials whenever access may have changed, as long as it lives.

    Args:
        holder: The holder of credentials.
    """
    _holders[id(holder)] = holder


def announce(call: Call[Any]) -> None:
    """Make every holder of this process forget a call's dataset, if the call may change access to it.

    Args:
        call: The call, which has succeeded or failed.
    """
    if call.dataset_id is None or not call.operation.changes_access:
        return
    for reference in _holders.valuerefs():
        holder = reference()
        if holder is not None:
            holder.forget(call.dataset_id)
