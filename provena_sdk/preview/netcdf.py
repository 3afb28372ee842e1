"""The variables of netCDF-4 and of other HDF5 files."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from provena_sdk.preview.failures import missing, read_as
from provena_sdk.preview.kinds import ArrayPreview, PreviewVariable
from provena_sdk.preview.opened import Opened

_MOST_VARIABLES: Final = 2_000
_HIDDEN: Final = ("_NCProperties", "_Netcdf4Coordinates", "_Netcdf4Dimid", "_nc3_strict")
_UNNAMED: Final = "phony_dim"


def read_netcdf(file: Opened) -> ArrayPreview:
    """Read the variables and attributes of netCDF-4; no values are read.

    Args:
        file: The file.

    Raises:
        InvalidArgument: h5netcdf is not installed.
        UnreadableFile: The file is not HDF5.
    """
    try:
        h5netcdf = import_module("h5netcdf")
    except ImportError as error:
        raise missing("h5netcdf", "netCDF-4", file.path, "'provena-sdk[netcdf]'") from error
    with (
        read_as("netCDF", file.path),
        h5netcdf.File(file.stream, "r", phony_dims="access", decode_vlen_strings=True) as opened,
    ):
        variables = tuple(one for _, one in zip(range(_MOST_VARIABLES), _variables(opened, ""), strict=False))
        named = any(one.dimensions for one in variables) or not variables
        return ArrayPreview(
            file.path, "netCDF" if named else "HDF5", file.size, variables, _attributes(opened.attrs)
        )


def _variables(group: Any, above: str) -> Iterator[PreviewVariable]:
    for name, variable in group.variables.items():
        dimensions = tuple(str(one) for one in variable.dimensions)
        if any(one.startswith(_UNNAMED) for one in dimensions):
            dimensions = ()
        shape = tuple(int(length) for length in variable.shape)
        kind = "text" if variable.dtype in (str, object) else str(variable.dtype)
        yield PreviewVariable(above + name, kind, dimensions, shape, _attributes(variable.attrs))
    for name, below in group.groups.items():
        yield from _variables(below, f"{above}{name}/")


def _attributes(found: Any) -> dict[str, object]:
    return {str(name): value for name, value in found.items() if name not in _HIDDEN}
