"""What an interactive dataset has for looking into its files, and for rearranging them in the store."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING, Any

from provena_sdk.resources.interactive.cache import DatasetCache
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transfer.report import TransferReport

if TYPE_CHECKING:
    from provena_sdk.preview import Preview


@short_tracebacks
class DatasetContents(DatasetCache):
    """What an interactive dataset has for looking into its files, and for rearranging them in the store.

    Attributes:
        dataset_id: The dataset's handle.
        io: Its files.
    """

    io: Any  # an IOSubModule, whose folder imports this one

    def preview(self, path: str | PathLike[str], *, rows: int = 10) -> Preview:
        """Show what is in one of its files, from a small part of it.

        Args:
            path: Path of the file in the dataset, or of a folder that is a Zarr store.
            rows: The number of rows of a table, or of lines of a text, up to 1,000.

        Returns:
            A table's columns and first rows, the variables of netCDF, HDF5 or Zarr, or the first lines of a text.
            Printing it shows it; ``.to_dict()`` is for JSON.

        Raises:
            InvalidArgument: ``rows`` is out of range, or the library that reads the format is not installed:
                pyarrow for Parquet, h5netcdf for netCDF-4 and HDF5. All others need none.
            DatasetFileNotFound: The file does not exist.
            NotAFile: The path is a folder, and not a Zarr store.
            UnreadableFile: The file is not valid in its format.
            DatasetAccessDenied: You may not read its files.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> print(reef.preview("obs/2024.csv"))
            'obs/2024.csv': CSV, 32 B, 2 columns, 1 row
            day         temperature
            (date)      (number)
            2024-01-01  27.5
        """
        found: Preview = self.io._preview(path, rows)
        return found

    def copy_files(
        self,
        source: str,
        target: str,
        *,
        to: str | None = None,
        replace: bool = False,
        dry_run: bool = False,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Copy a file or a folder, within the dataset or to another one.

        Within the dataset, the bytes do not leave the store; to another one, they pass through this machine. Files that
        are there and equal are left alone, so that the same call completes a copy that failed.

        Args:
            source: Path of a file or a folder; a folder is copied with all below it. A slash at its end leaves out its
                name: ``obs/`` are the files in ``obs``. Empty for all files but ``metadata.json``.
            target: Path of the copy. With a slash at its end, or empty, it is the folder that receives the source under
                its own name.
            to: Handle of the dataset to copy to; None for this one.
            replace: True to replace files that exist and are different, which otherwise are conflicts.
            dry_run: True to report what would be done, and do nothing.
            raise_for_failures: False to return the report even if files failed.

        Returns:
            The outcome of every file, with the path of its copy as ``target``.

        Raises:
            InvalidArgument: ``to`` is not a handle, or the target is or lies inside the source.
            UnsafePath: A path leads out of the dataset.
            DatasetFileNotFound: There is neither a file nor a folder of the source's path.
            TransferFailed: Some files failed or are in conflict; its ``report`` lists every file.
            DatasetAccessDenied: You may not read the files, or not write those of the target's dataset.
            Forbidden: A release of the target's dataset is pending or done.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> print(reef.copy_files("obs", "old/", dry_run=True))
            1 planned; 32 B in ... s
              planned    obs/2024.csv to old/obs/2024.csv (32 B)
        """
        self._amount = None
        report: TransferReport = self.io._rearrange(
            False, source, target, to, replace=replace, dry_run=dry_run, raise_for_failures=raise_for_failures
        )
        return report

    def move_files(
        self,
        source: str,
        target: str,
        *,
        to: str | None = None,
        replace: bool = False,
        dry_run: bool = False,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Move or rename a file or a folder, within the dataset or to another one.

        The store cannot rename: each file is copied, as by :meth:`copy_files`, and its source deleted once all copies
        are made. A file whose copy failed, or that changed meanwhile, stays where it is.

        Args:
            source: Path of a file or a folder; a folder is moved with all below it. A slash at its end leaves out its
                name: ``obs/`` are the files in ``obs``. Empty for all files but ``metadata.json``.
            target: Its new path. With a slash at its end, or empty, it is the folder that receives the source under
                its own name.
            to: Handle of the dataset to move to; None for this one.
            replace: True to replace files that exist and are different, which otherwise are conflicts.
            dry_run: True to report what would be done, and do nothing.
            raise_for_failures: False to return the report even if files failed.

        Returns:
            The outcome of every file, with its new path as ``target``.

        Raises:
            InvalidArgument: ``to`` is not a handle, or the target is or lies inside the source.
            UnsafePath: A path leads out of the dataset.
            ServiceFileRefused: The source is ``metadata.json`` at the root, which belongs to the service.
            DatasetFileNotFound: There is neither a file nor a folder of the source's path.
            TransferFailed: Some files failed or are in conflict; its ``report`` lists every file.
            DatasetAccessDenied: You may not write the files of both datasets.
            Forbidden: A release of one of them is pending or done.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> print(reef.move_files("obs", "observations", dry_run=True))
            1 planned; 32 B in ... s
              planned    obs/2024.csv to observations/2024.csv (32 B)
        """
        self._amount = None
        report: TransferReport = self.io._rearrange(
            True, source, target, to, replace=replace, dry_run=dry_run, raise_for_failures=raise_for_failures
        )
        return report

    def delete_files(
        self, paths: str | PathLike[str] | Iterable[str | PathLike[str]], *, raise_for_failures: bool = True
    ) -> TransferReport:
        """Delete files; a thousand with one request. They cannot be restored.

        Args:
            paths: Path of a file, or several, such as what ``list_files("obs")`` returns. Files that are not there
                count as deleted.
            raise_for_failures: False to return the report even if files failed.

        Returns:
            The outcome of every file.

        Raises:
            UnsafePath: One is not the path of a file; nothing was deleted.
            ServiceFileRefused: One is ``metadata.json`` at the root, which belongs to the service; nothing was deleted.
            TransferFailed: The store refused some; its ``report`` lists every file.
            DatasetAccessDenied: You may not write its files.
            Forbidden: A release is pending or done.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> reef.delete_files(["old/2022.csv", "old/2023.csv"]).counts()
            {'deleted': 2}
        """
        self._amount = None
        report: TransferReport = self.io._delete(paths, raise_for_failures=raise_for_failures)
        return report
