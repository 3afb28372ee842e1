# Written by scripts/twins.py; change the module in resources/ instead.
"""Citations of one dataset, and its description in the formats of other catalogues."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from provena_sdk import workflows
from provena_sdk.operations.arguments import flag
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import AsyncTransport

if TYPE_CHECKING:
    from provena_sdk.export.citation import Citation, CitationStyle
    from provena_sdk.export.document import ExportedDocument, ExportFormat
    from provena_sdk.s3.models import FileInfo


@short_tracebacks
class AsyncDatasetExport:
    """What an interactive dataset has for being cited and described elsewhere.

    Attributes:
        dataset_id: The dataset's handle.
        io: Its files.
    """

    dataset_id: str
    io: Any  # an AsyncIOSubModule, whose folder imports this one
    _transport: AsyncTransport

    async def cite(self, style: CitationStyle = "apa", *, authors: Iterable[str] | None = None) -> Citation:
        """Return a citation of it.

        Metadata name no authors. The person of the account that registered it counts as the author, as in its
        provenance, or else the organisation that records it. What its owner gave as preferred citation is in the note
        of every style but APA's.

        Args:
            style: ``apa`` for text as in the manual of the American Psychological Association; ``bibtex``, ``ris`` or
                ``csl-json`` for reference managers.
            authors: Who is to be cited instead, in order: ``Castellanos, Wren`` for a person, a name without a comma
                for an organisation.

        Returns:
            The citation as text. Its year is that of publication, or else of the release, or else of registration.

        Raises:
            InvalidArgument: There is no such style, or the authors are not several names.
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: It is private to others.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> print(await reef.cite())
            Castellanos, W. (20...). Alpha reef survey [Data set]. Coral Sea Institute. https://hdl.handle.net/10378.1/1900011
        """
        return await self._transport.run(workflows.described.cite(self.dataset_id, style, authors))

    async def export(self, format: ExportFormat, *, files: bool = True) -> ExportedDocument:
        """Describe it in the format of another catalogue, as JSON data.

        Args:
            format: ``ro-crate`` (version 1.1; save it beside the downloaded files), ``schema.org`` (JSON-LD for search
                engines), ``datacite`` (metadata schema 4.5, without a DOI) or ``croissant`` (version 1.0, for machine
                learning).
            files: False to leave its files out, as readers of metadata alone must.

        Returns:
            A ``dict``, whose ``save(path)`` writes a file. Files have ``provena://`` URLs, which need a sign-in.

        Raises:
            InvalidArgument: There is no such format.
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: It is private to others, or you may not read its files.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> (await reef.export("schema.org"))["publisher"]["name"]
            'Coral Sea Institute'
        """
        flag("files", files)
        record = await self._transport.run(workflows.described.to_export(self.dataset_id, format))
        listed: list[FileInfo] | None = await self.io.list_all_files(self.dataset_id) if files else None
        return workflows.described.export(record, listed, format)
