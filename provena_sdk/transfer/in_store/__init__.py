"""Copy, move and delete files in the object store."""

from __future__ import annotations

from provena_sdk.transfer.in_store.copying import copy_files as copy_files
from provena_sdk.transfer.in_store.copying import move_files as move_files
from provena_sdk.transfer.in_store.deleting import check_paths as check_paths
from provena_sdk.transfer.in_store.deleting import delete_files as delete_files
