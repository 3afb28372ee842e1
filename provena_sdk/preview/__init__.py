"""What is in a file: the columns and first rows of a table, the variables of netCDF and Zarr, the lines of a text."""

from __future__ import annotations

from provena_sdk.preview.kinds import ArrayPreview as ArrayPreview
from provena_sdk.preview.kinds import Preview as Preview
from provena_sdk.preview.kinds import PreviewColumn as PreviewColumn
from provena_sdk.preview.kinds import PreviewVariable as PreviewVariable
from provena_sdk.preview.kinds import TablePreview as TablePreview
from provena_sdk.preview.kinds import TextPreview as TextPreview
from provena_sdk.preview.reading import MOST_ROWS as MOST_ROWS
from provena_sdk.preview.reading import check_rows as check_rows
from provena_sdk.preview.reading import read_preview as read_preview
