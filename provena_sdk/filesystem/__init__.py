"""``provena://``: datasets as an fsspec file system.

No import is needed: with this package installed, ``pandas.read_csv("provena://10378.1/1451860/obs.csv")`` finds
:class:`ProvenaFileSystem`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provena_sdk.filesystem.file_system import ProvenaFileSystem

__all__ = ["ProvenaFileSystem"]


def __getattr__(name: str) -> Any:
    # Imported on first use, because it loads fsspec.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.file_system"), name)
