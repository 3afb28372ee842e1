"""``provena://``: datasets as files for everything that opens files through fsspec.

Nothing needs to be imported: with this package installed, ``pandas.read_csv("provena://10378.1/1451860/obs.csv")``
finds :class:`ProvenaFileSystem` by itself.
"""

from provena_sdk.filesystem.router import ProvenaFileSystem

__all__ = ["ProvenaFileSystem"]
