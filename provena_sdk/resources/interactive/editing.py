"""Changing a dataset's metadata: field by field, by a patch, or in a block; and what differs between two states."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from provena_api.models import CollectionFormat, RegistryFetchResponse

from provena_sdk import workflows
from provena_sdk.display.showing import show
from provena_sdk.errors import NotFetched
from provena_sdk.operations import arguments
from provena_sdk.operations.arguments import MetadataSource
from provena_sdk.operations.swapped import refuse_swapped_reason
from provena_sdk.resources.interactive.cache import DatasetCache
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import Transport
from provena_sdk.workflows import datastore

if TYPE_CHECKING:
    from provena_sdk.views.metadata_diff import MetadataDiff


@short_tracebacks
class MetadataEdit:
    """A change of a dataset's metadata, as ``ds.edit(reason)`` makes it: a context manager.

    The metadata is fetched at the beginning of the block. At its end, what was changed is sent; after an error in the
    block, nothing is sent. In the block, :meth:`assign`, :meth:`merge` and :meth:`read` change the metadata, too.

    Attributes:
        dataset_id: The dataset's handle.
        changes: What was changed; None until the end of the block, and if the change failed or was not confirmed.
    """

    def __init__(
        self,
        dataset: DatasetEditing,
        reason: str,
        is_shown: bool | None,
        confirm: Callable[[MetadataDiff], bool] | None,
    ) -> None:
        self.dataset_id = dataset.dataset_id
        self.changes: MetadataDiff | None = None
        self._dataset = dataset
        self._transport = dataset._transport
        self._reason = arguments.text("reason", reason)
        self._is_shown = is_shown if is_shown is None else arguments.flag("show", is_shown)
        self._confirm = confirm
        self._state = "not sent"
        self._base: RegistryFetchResponse | None = None
        self._metadata: CollectionFormat | None = None

    def text(self, format: Literal["yaml", "json"] = "yaml") -> str:
        """Write the metadata as text for an editor; :meth:`read` reads the file that it was saved to.

        Args:
            format: ``yaml``, with comments and the fields that could be added; or ``json``.

        Returns:
            The text.

        Raises:
            InvalidArgument: There is no such format.
            NotFetched: The block has not begun.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900012")
            >>> edit = reef.edit("what it is for")
            >>> with edit as metadata:
            ...     lines = edit.text().splitlines()
            >>> lines[0]
            '# Metadata of dataset 10378.1/1900012.'
        """
        about = f"Metadata of dataset {self.dataset_id}."
        return self._transport.run(workflows.template.text_of(self._edited(), format, about))

    def read(self, path: str | PathLike[str]) -> None:
        """Replace all metadata by those of a file.

        Args:
            path: Path of a JSON or YAML file.

        Raises:
            InvalidMetadata: The file has errors; ``problems`` has all of them, with line and column.
            InvalidArgument: The file cannot be read.
            NotFetched: The block has not begun.
        """
        workflows.editing.replace(self._edited(), path, "path")

    def assign(self, *assignments: str) -> None:
        """Replace single fields, written as on a command line.

        Args:
            assignments: Fields and values such as ``purpose=Monitoring``, ``keywords=coral,reef`` or
                ``access_info.description=by request``. Nothing after ``=`` removes the field.

        Raises:
            InvalidArgument: There is no such field, or the text is not an assignment.
            InvalidMetadata: The service would refuse a value; ``problems`` has everything that is wrong.
            NotFetched: The block has not begun.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900012")
            >>> edit = reef.edit("found by more people")
            >>> with edit:
            ...     edit.assign("keywords=reef,tides", "license=CC-BY-4.0")
            >>> reef.keywords
            ['reef', 'tides']
        """
        workflows.editing.assign(self._edited(), assignments)

    def merge(self, merge_patch: MetadataSource) -> None:
        """Apply a JSON merge patch (RFC 7396).

        Args:
            merge_patch: A dict, or the path of a JSON or YAML file.

        Raises:
            InvalidArgument: The patch cannot be read.
            InvalidMetadata: The service would refuse what it makes of the metadata; ``problems`` lists everything.
            NotFetched: The block has not begun.
        """
        workflows.editing.merge(self._edited(), merge_patch)

    def _edited(self) -> CollectionFormat:
        if self._metadata is None:
            raise NotFetched(
                "The metadata have not been fetched yet.", hint="Call this in the block of the edit."
            )
        return self._metadata

    def __enter__(self) -> CollectionFormat:
        self.changes, self._state = None, "not sent"
        self._base = self._transport.run(datastore.fetch_dataset("dataset_id", self.dataset_id))
        self._metadata = workflows.editing.editable(self._base.item)
        return self._metadata

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None or self._base is None:
            workflows.editing.suggest_field(error)
            return
        draft = self._transport.run(workflows.editing.drafted(self._base, self._reason, self._metadata))
        # Whoever is told that somebody else has changed it must not be shown the former state, either.
        with self._dataset._changing():
            self._transport.run(workflows.editing.compared(draft))
            show(draft.changes, self._is_shown)
            if self._confirm is not None and draft.changes:
                if not self._confirm(draft.changes):
                    return
                # Somebody has been asked, which takes time.
                self._transport.run(workflows.editing.compared(draft))
            self._state = "sent, but not confirmed"
            now = self._transport.run(workflows.editing.sent(draft))
        self.changes = draft.changes
        self._dataset._keep_if(now)

    def __repr__(self) -> str:
        state = self._state if self.changes is None else repr(self.changes)
        return f"<{type(self).__name__} of {self.dataset_id}: {state}>"


@short_tracebacks
class DatasetEditing(DatasetCache):
    """What an interactive dataset has for changing its metadata, part by part."""

    _transport: Transport

    def edit(
        self, reason: str, *, show: bool | None = None, confirm: Callable[[MetadataDiff], bool] | None = None
    ) -> MetadataEdit:
        """Change its metadata in a block, which gets them and may change any field, as in the example below.

        The metadata is fetched when the block begins. When it ends, what was changed is checked, shown as a diff and
        sent; nothing is sent if nothing differs, or after an error in the block. If somebody else has changed the
        metadata in the meantime, nothing is sent either. The datastore has no conditional update: a change that
        somebody else makes in the moment between that comparison and the update is replaced, and a warning says so.

        Args:
            reason: Why, for the history; must not be empty.
            show: Whether to show the diff: None shows it in a terminal, on standard error, and in a notebook; True
                also elsewhere; False never.
            confirm: A function that gets the diff at the end, unless it is empty; nothing is sent if it returns False.

        Returns:
            A context manager, whose block gets the metadata; ``changes`` has the diff afterwards.

        Raises:
            InvalidArgument: The reason is empty.
            InvalidMetadata: The service would refuse the metadata; ``problems`` lists everything that is wrong.
            NameNotFound: The metadata has a name that no organisation or person has.
            NameAmbiguous: Several have it; the error lists them.
            MetadataChanged: Somebody else has changed the metadata since the block began; nothing was sent.
            DatasetAccessDenied: It belongs to somebody else.
            DatasetLocked: It is locked.
            BadRequest: The metadata contradicts itself.
            OutcomeUnknown: The service failed; the change may have been made nevertheless.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900012")
            >>> with reef.edit("what it is for") as metadata:
            ...     metadata.dataset_info.purpose = "Monitoring"
            >>> reef.metadata.dataset_info.purpose
            'Monitoring'
        """
        return MetadataEdit(self, reason, show, confirm)

    def set(self, reason: str, /, **fields: object) -> MetadataDiff:
        """Replace single fields of its metadata.

        They are replaced in what is there now. The datastore has no conditional update: a change that somebody else
        makes in that moment is replaced, and a warning says so.

        Args:
            reason: Why, for the history; must not be empty.
            fields: New values by the field's name, such as ``keywords=["coral"]``, ``license="CC-BY-4.0"``,
                ``created_date="2024-12-31"`` or ``data_custodian_id="Wren Castellanos"``; None removes a field.

        Returns:
            What has changed; prints as a diff. It is empty, and nothing was sent, if nothing differs.

        Raises:
            InvalidArgument: There is no such field, or the reason is empty.
            InvalidMetadata: The service would refuse the value; ``problems`` lists everything that is wrong.
            NameNotFound: No organisation or person has this name.
            NameAmbiguous: Several have it; the error lists them.
            DatasetAccessDenied: It belongs to somebody else.
            DatasetLocked: It is locked.
            BadRequest: The metadata contradicts itself.
            OutcomeUnknown: The service failed; the change may have been made nevertheless.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900012")
            >>> reef.set("found by more people", keywords=["reef", "tides"])
            <MetadataDiff of ...>
            >>> reef.keywords
            ['reef', 'tides']
        """
        draft = self._transport.run(workflows.editing.with_changed_fields(self.dataset_id, reason, fields))
        with self._changing():
            now = self._transport.run(workflows.editing.sent(draft))
        self._keep_if(now)
        return draft.changes

    def patch(self, reason: str, merge_patch: MetadataSource) -> MetadataDiff:
        """Change its metadata by a JSON merge patch, as RFC 7396 describes it.

        It is applied to what is there now. The datastore has no conditional update: a change that somebody else makes
        in that moment is replaced, and a warning says so.

        Args:
            reason: Why, for the history; must not be empty.
            merge_patch: What to change, of the same shape as the metadata: objects are merged, None removes a field,
                anything else replaces it. A dict, or the path of a JSON or YAML file.

        Returns:
            What has changed; prints as a diff. It is empty, and nothing was sent, if nothing differs.

        Raises:
            InvalidArgument: The patch cannot be read, or the reason is empty.
            InvalidMetadata: The service would refuse what it makes of the metadata; ``problems`` lists everything.
            NameNotFound: No organisation or person has this name.
            NameAmbiguous: Several have it; the error lists them.
            DatasetAccessDenied: It belongs to somebody else.
            DatasetLocked: It is locked.
            BadRequest: The metadata contradicts itself.
            OutcomeUnknown: The service failed; the change may have been made nevertheless.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900012")
            >>> reef.patch("how to get it", {"dataset_info": {"access_info": {"description": "by request"}}})
            <MetadataDiff of ...>
            >>> reef.metadata.dataset_info.access_info.description
            'by request'
        """
        refuse_swapped_reason(self.patch, reason, merge_patch)
        draft = self._transport.run(workflows.editing.with_patch(self.dataset_id, reason, merge_patch))
        with self._changing():
            now = self._transport.run(workflows.editing.sent(draft))
        self._keep_if(now)
        return draft.changes

    def diff(self, first: int, second: int | None = None) -> MetadataDiff:
        """Compare two states of its history.

        Args:
            first: Number of the former state; :attr:`history` lists them.
            second: Number of the other; None for the newest.

        Returns:
            The fields that differ. It prints as a diff, in colours in a terminal, and is a table in a notebook.

        Raises:
            InvalidArgument: There is no state of this number.
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: It is private to others.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> print(reef.diff(0, 0))
            dataset 10378.1/1900011: state 0 → 0
            no difference
        """
        answer = self._transport.run(datastore.fetch_dataset("dataset_id", self.dataset_id))
        return workflows.details.NamesOf().history(answer.item).diff(first, second)
