"""Files of datasets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from provena_sdk import resources
from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.connection import Datasets
from provena_sdk.datasets.file_list import FileList
from provena_sdk.datasets.listing import FilePages
from provena_sdk.display.text import printable
from provena_sdk.errors import InvalidArgument
from provena_sdk.operations.arguments import flag
from provena_sdk.operations.swapped import refuse_swapped
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transfer.plan import DownloadPlan, UploadPlan
from provena_sdk.transfer.progress.interrupt import run_transfer
from provena_sdk.transfer.progress.meter import ProgressLike
from provena_sdk.transfer.report import TransferReport, Verification
from provena_sdk.transfer.spec.options import Choice, Compare, Rate, RunOptions, TransferOptions, Verify
from provena_sdk.transfer.spec.patterns import Patterns, Selection

if TYPE_CHECKING:
    from fsspec.implementations.dirfs import DirFileSystem
    from s3fs import S3FileSystem

    from provena_sdk.preview import Preview
    from provena_sdk.resources.transfers import OpenFile, StrPath
    from provena_sdk.transfer.local.scan import Sources


@short_tracebacks
class IOSubModule:
    """Download and upload files of datasets; reached as ``provena.datastore.io``.

    Credentials for the object store are requested and renewed as needed. The ``io`` of one dataset, as in
    ``provena.datastore.interactive_dataset(handle).io``, knows its handle, which can then be left out.
    """

    def __init__(
        self, datasets: Datasets, storage_options: Mapping[str, Any], dataset_id: str | None = None
    ) -> None:
        self._datasets = datasets
        self._storage_options = storage_options
        self._dataset_id = dataset_id

    def _bound(self, dataset_id: str) -> IOSubModule:
        """Return the files of one dataset, whose handle can then be left out."""
        return IOSubModule(self._datasets, self._storage_options, dataset_id)

    @property
    def _folder(self) -> DirFileSystem:
        """The dataset as a file system."""
        return resources.transfers.dataset_folder(self._datasets, self._storage_options, self._of(None))

    def _s3fs(self, access: str, asynchronous: bool | None) -> S3FileSystem:
        """The dataset's bucket for s3fs itself."""
        return resources.transfers.open_s3fs(self._datasets, self._of(None), access, asynchronous)

    def _pages(self, path: StrPath) -> FilePages:
        """The files that a path names, page by page."""
        return resources.transfers.file_pages(self._datasets, self._of(None), path)

    def _preview(self, path: StrPath, rows: int) -> Preview:
        """Read what is in a file."""
        return run_sync(
            resources.transfers.preview(self._datasets, self._storage_options, self._of(None), path, rows)
        )

    def _rearrange(
        self, moves: bool, source: str, target: str, to: str | None, **options: bool
    ) -> TransferReport:
        """Copy or move a file or a folder."""
        work = resources.transfers.move if moves else resources.transfers.copy
        here = self._of(None)
        return run_sync(work(self._datasets, (here, source), (here if to is None else to, target), **options))

    def _delete(self, paths: StrPath | Iterable[StrPath], *, raise_for_failures: bool) -> TransferReport:
        """Delete files."""
        return run_sync(
            resources.transfers.delete(
                self._datasets, self._of(None), paths, raise_for_failures=raise_for_failures
            )
        )

    def _of(
        self, dataset_id: str | None, method: Callable[..., object] | None = None, *others: object
    ) -> str:
        chosen = self._dataset_id if dataset_id is None else dataset_id
        if method is not None and self._dataset_id is None:
            refuse_swapped(method, "dataset_id", chosen, *others)
        if chosen is None:
            raise InvalidArgument("dataset_id", "must be the handle of a dataset.")
        return chosen

    def list_all_files(
        self, dataset_id: str | None = None, print_list: bool = False, *, path: StrPath = ""
    ) -> FileList:
        """List a dataset's files.

        Args:
            dataset_id: Handle of the dataset; needed unless this is the ``io`` of one dataset.
            print_list: True to print each path and size as well.
            path: A folder, to list the files below it, or a file; empty for all files.

        Returns:
            Path-like objects with size and time, sorted by path: a list that prints as a tree; also ``.to_pandas()``.

        Raises:
            InvalidArgument: ``dataset_id`` is not a handle.
            DatasetNotFound: The dataset does not exist.
            DatasetFileNotFound: It has neither a file nor a folder of that path.
            DatasetAccessDenied: You may not read its files.

        Example:
            >>> [file.path for file in provena.datastore.io.list_all_files("10378.1/1900011")]
            ['metadata.json', 'obs/2024.csv']
        """
        flag("print_list", print_list)
        files = run_sync(resources.transfers.list_files(self._datasets, self._of(dataset_id), path))
        if print_list:
            print(*(f"{file.size:>15,}  {printable(file.path)}" for file in files), sep="\n")  # noqa: T201 reason= it was asked for
        return files

    def open(self, dataset_id: str, path: str, mode: str = "rb", **options: Any) -> OpenFile:
        """Open one file of a dataset as a file object.

        Args:
            dataset_id: Handle of the dataset.
            path: Path of the file in the dataset.
            mode: As for Python's own ``open``: ``rb`` or ``r`` to read, ``wb`` or ``w`` to write, ``ab`` or ``a`` to
                append, ``xb`` or ``x`` to create a file that must not exist.
            options: ``content_type`` of what is written, ``encoding``, ``errors`` and ``newline`` of text,
                ``compression``, ``block_size`` in bytes, and the other options of fsspec's ``open``.

        Returns:
            A file object. Written data is visible once the file is closed; use a ``with`` block.

        Raises:
            InvalidArgument: The mode or an option is unknown.
            DatasetFileNotFound: The file does not exist.
            DatasetFileExists: The file exists, and the mode creates a new one.
            NotAFile: The path is a folder.
            ServiceFileRefused: ``metadata.json`` at the root was opened for writing; it belongs to the service.
            DatasetAccessDenied: You may not read, or write, its files.
            Forbidden: It was opened for writing, and a release is pending or done.
        """
        return resources.transfers.open_file(
            self._datasets, self._storage_options, self._of(dataset_id, self.open, path), path, mode, options
        )

    def plan_download(
        self,
        destination_directory: StrPath,
        dataset_id: str | None = None,
        *,
        path: str = "",
        name: str = "",
        include: Patterns = (),
        exclude: Patterns = (),
        compare: Compare = "checksum",
        delete: bool = False,
        verify: Verify = "checksum",
        fsync: bool = False,
        map_names: bool = False,
        limit_rate: Rate | None = None,
        max_connections: int | None = None,
        progress: ProgressLike = None,
    ) -> DownloadPlan:
        """Plan a download without changing anything.

        Print the plan to see it, and call its ``run()`` to run it. With ``compare="time"`` or ``delete``, downloaded
        files get the store's modification times, as in :meth:`sync_down`.

        Args:
            destination_directory: The folder; made when it does not exist.
            dataset_id: Handle of the dataset; needed unless this is the ``io`` of one dataset.
            path: A file or folder of the dataset; empty for everything. A folder without a slash at its end keeps its
                name below the destination; a folder with one gives its contents.
            name: The name that the file gets, if ``path`` is a file; empty for its own.
            include: Patterns of the files to transfer, such as ``"*.csv"`` or ``"obs/**"``; all files when empty.
            exclude: Patterns of the files to leave out, such as ``"tmp/"``.
            compare: How to compare existing files of equal size: by ``"checksum"``, or by ``"time"``, which reads no
                file and trusts the times that an earlier download set.
            delete: True to delete local files that the dataset does not hold, once all others are in place. Links and
                files that ``include`` and ``exclude`` leave out are kept.
            verify: How to verify each file: by ``"checksum"`` where the store has one, or, faster, by ``"size"`` alone.
            fsync: True to flush each file to disk before it takes its final name.
            map_names: True to encode names that Windows does not allow: ``a:b`` becomes ``a%3Ab``.
            limit_rate: The most bytes per second, both ways together: a number, or text such as ``"5MB/s"``. With an
                executor, each worker gets an equal share.
            max_connections: The most requests to the object store at once; each worker gets its share. Fewer run where
                the line needs fewer.
            progress: Progress reporting: None shows it in a terminal or notebook after two seconds; True from the
                start; False never; or a ``Progress`` such as ``TqdmProgress()``.

        Returns:
            The planned action for each file: new, changed, same, to be deleted, in conflict, or refused.

        Raises:
            InvalidArgument: A pattern or an option is malformed, the destination is not a folder, or ``delete`` would
                delete every file.
            DatasetFileNotFound: The dataset holds neither such a file nor such a folder.
            NotAFile: ``name`` is given, but ``path`` is a folder.
            DatasetAccessDenied: You may not read its files.

        Example:
            >>> plan = provena.datastore.io.plan_download("copy", "10378.1/1900011", include="*.csv")
            >>> print(plan)
            Download of dataset 10378.1/1900011 into 'copy': 32 B to transfer
              new               1 file       32 B
              new       obs/2024.csv (32 B)
            >>> plan.run().counts()
            {'downloaded': 1}
        """
        meter = RunOptions(progress).meter
        return DownloadPlan.of(
            run_transfer(
                resources.transfers.plan_download(
                    self._datasets,
                    self._of(dataset_id, self.plan_download, destination_directory),
                    destination_directory,
                    path,
                    name,
                    Choice(Selection(include, exclude), compare, delete),
                    TransferOptions(
                        verify,
                        fsync,
                        map_names,
                        keep_times=compare == "time" or delete,
                        limit_rate=limit_rate,
                        max_connections=max_connections,
                    ),
                    meter,
                ),
                meter,
            )
        )

    def plan_upload(
        self,
        source_directory: Sources,
        dataset_id: str | None = None,
        *,
        path: str = "",
        include: Patterns = (),
        exclude: Patterns = (),
        compare: Compare = "checksum",
        delete: bool = False,
        map_names: bool = False,
        limit_rate: Rate | None = None,
        max_connections: int | None = None,
        progress: ProgressLike = None,
    ) -> UploadPlan:
        """Plan an upload without changing anything.

        Print the plan to see it, and call its ``run()`` to run it.

        Args:
            source_directory: A folder, whose contents are meant; a file; or a list of files and folders of one folder,
                which keep their names.
            dataset_id: Handle of the dataset; needed unless this is the ``io`` of one dataset.
            path: The folder of the dataset to upload into; empty for its root. A single file gets this path, unless it
                ends in a slash or is a folder.
            include: Patterns of the files to transfer, such as ``"*.csv"`` or ``"obs/**"``; all files when empty.
            exclude: Patterns of the files to leave out, such as ``"tmp/"``.
            compare: How to compare existing files of equal size: by ``"checksum"``, or by ``"time"``, which reads no
                file and skips what has not changed since it was uploaded.
            delete: True to delete files of the dataset that the folder does not hold, once all others are in place.
                ``metadata.json`` at the root and files that ``include`` and ``exclude`` leave out are kept.
            map_names: True to decode names that a download with ``map_names`` encoded.
            limit_rate: The most bytes per second, both ways together: a number, or text such as ``"5MB/s"``. With an
                executor, each worker gets an equal share.
            max_connections: The most requests to the object store at once; each worker gets its share. Fewer run where
                the line needs fewer.
            progress: Progress reporting: None shows it in a terminal or notebook after two seconds; True from the
                start; False never; or a ``Progress`` such as ``TqdmProgress()``.

        Returns:
            The planned action for each file: new, changed, same, to be deleted, skipped, in conflict, or refused.

        Raises:
            InvalidArgument: A pattern or an option is malformed, the source does not exist, or ``delete`` would delete
                every file.
            DatasetAccessDenied: You may not read the dataset's files.
        """
        meter = RunOptions(progress).meter
        return UploadPlan.of(
            run_transfer(
                resources.transfers.plan_upload(
                    self._datasets,
                    self._of(dataset_id, self.plan_upload, source_directory),
                    source_directory,
                    path,
                    Choice(Selection(include, exclude), compare, delete),
                    TransferOptions(
                        map_names=map_names, limit_rate=limit_rate, max_connections=max_connections
                    ),
                    meter,
                ),
                meter,
            )
        )

    def load_plan(self, file: StrPath, directory: StrPath | None = None) -> DownloadPlan | UploadPlan:
        """Read a plan that was saved with its ``save()``, to run it.

        A plan file is checked like any other input: each path, key and handle in it. If you did not write it yourself
        on this machine, it does not decide on the local folder: name it in ``directory``. When the plan runs, each file
        is checked again, and what changed since planning is kept and reported as a conflict.

        Args:
            file: The file.
            directory: The local folder to use instead of the one in the plan.

        Returns:
            The plan.

        Raises:
            InvalidArgument: It is not a plan, is malformed, or contains an unsafe path, and the message names the line;
                or ``directory`` must be given.
            DatasetNotFound: The plan's dataset does not exist.

        Example:
            >>> plan = provena.datastore.io.plan_download("copy", "10378.1/1900011", include="*.csv")
            >>> _ = plan.save("plan.jsonl")
            >>> plan = provena.datastore.io.load_plan("plan.jsonl")
            >>> plan.run().counts()
            {'downloaded': 1}
        """
        return resources.transfers.of_client(
            run_sync(resources.transfers.load_plan(self._datasets, self._dataset_id, file, directory)),
            DownloadPlan,
            UploadPlan,
        )

    def verify(
        self,
        directory: StrPath,
        dataset_id: str | None = None,
        *,
        path: str = "",
        include: Patterns = (),
        exclude: Patterns = (),
        map_names: bool = False,
        progress: ProgressLike = None,
    ) -> Verification:
        """Compare a local folder with a dataset, by the store's checksums, without changing anything.

        Args:
            directory: The folder.
            dataset_id: Handle of the dataset; needed unless this is the ``io`` of one dataset.
            path: A file or folder of the dataset; empty for everything. A folder without a slash at its end keeps its
                name below the directory; a folder with one stands for its contents.
            include: Patterns of the files to compare, such as ``"*.csv"`` or ``"obs/**"``; all files when empty.
            exclude: Patterns of the files to leave out, such as ``"tmp/"``.
            map_names: True if the files were downloaded with ``map_names``.
            progress: Progress reporting: None shows it in a terminal or notebook after two seconds; True from the
                start; False never; or a ``Progress`` such as ``TqdmProgress()``.

        Returns:
            The state of each file: same, different, missing, extra, or unverified where the store has no checksum;
            ``.ok`` is True if all are the same.

        Raises:
            InvalidArgument: The directory is not a folder, or a pattern is malformed.
            DatasetFileNotFound: The dataset holds neither such a file nor such a folder.
            DatasetAccessDenied: You may not read its files.

        Example:
            >>> _ = provena.datastore.io.download_all_files("copy", "10378.1/1900011")
            >>> provena.datastore.io.verify("copy", "10378.1/1900011").ok
            True
        """
        meter = RunOptions(progress).meter
        return run_transfer(
            resources.transfers.verify(
                self._datasets,
                self._of(dataset_id, self.verify, directory),
                directory,
                path,
                Selection(include, exclude),
                TransferOptions(map_names=map_names),
                meter,
            ),
            meter,
        )

    def sync_down(
        self,
        destination_directory: StrPath,
        dataset_id: str | None = None,
        *,
        path: str = "",
        include: Patterns = (),
        exclude: Patterns = (),
        compare: Compare = "checksum",
        delete: bool = False,
        verify: Verify = "checksum",
        fsync: bool = False,
        map_names: bool = False,
        limit_rate: Rate | None = None,
        max_connections: int | None = None,
        progress: ProgressLike = None,
        executor: Executor | None = None,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Make a local folder equal to a dataset.

        Only new and changed files are downloaded; they get the store's modification times.

        Args:
            destination_directory: The folder; made when it does not exist.
            dataset_id: Handle of the dataset; needed unless this is the ``io`` of one dataset.
            path: A file or folder of the dataset; empty for everything. A folder without a slash at its end keeps its
                name below the destination; a folder with one gives its contents.
            include: Patterns of the files to transfer, such as ``"*.csv"`` or ``"obs/**"``; all files when empty.
            exclude: Patterns of the files to leave out, such as ``"tmp/"``.
            compare: How to compare existing files of equal size: by ``"checksum"``, or by ``"time"``, which reads no
                file and trusts the times that an earlier download set.
            delete: True to delete local files that the dataset does not hold, once all others are in place. Links and
                files that ``include`` and ``exclude`` leave out are kept.
            verify: How to verify each file: by ``"checksum"`` where the store has one, or, faster, by ``"size"`` alone.
            fsync: True to flush each file to disk before it takes its final name.
            map_names: True to encode names that Windows does not allow: ``a:b`` becomes ``a%3Ab``.
            limit_rate: The most bytes per second, both ways together: a number, or text such as ``"5MB/s"``. With an
                executor, each worker gets an equal share.
            max_connections: The most requests to the object store at once; each worker gets its share. Fewer run where
                the line needs fewer.
            progress: Progress reporting: None shows it in a terminal or notebook after two seconds; True from the
                start; False never; or a ``Progress`` such as ``TqdmProgress()``.
            executor: A ``concurrent.futures`` executor whose workers share the transfer and see the same folder.
            raise_for_failures: False to return the report even if files failed.

        Returns:
            The outcome of every file.

        Raises:
            InvalidArgument: An argument is malformed, or ``delete`` would delete every file.
            TransferFailed: Some files failed, were refused or conflict with others; nothing was deleted.
            NotEnoughSpace: The disk has no room for the files; nothing was downloaded.
            DatasetAccessDenied: You may not read its files.

        Example:
            >>> provena.datastore.io.sync_down("copy", "10378.1/1900011").counts()
            {'downloaded': 2}
            >>> provena.datastore.io.sync_down("copy", "10378.1/1900011", compare="time").counts()
            {'same': 2}
        """
        run = RunOptions(progress, executor, raise_for_failures)
        return run_transfer(
            resources.transfers.download(
                self._datasets,
                self._of(dataset_id, self.sync_down, destination_directory),
                destination_directory,
                path,
                Choice(Selection(include, exclude), compare, delete),
                TransferOptions(
                    verify,
                    fsync,
                    map_names,
                    keep_times=True,
                    limit_rate=limit_rate,
                    max_connections=max_connections,
                ),
                run,
            ),
            run.meter,
        )

    def sync_up(
        self,
        source_directory: Sources,
        dataset_id: str | None = None,
        *,
        path: str = "",
        include: Patterns = (),
        exclude: Patterns = (),
        compare: Compare = "checksum",
        delete: bool = False,
        map_names: bool = False,
        limit_rate: Rate | None = None,
        max_connections: int | None = None,
        progress: ProgressLike = None,
        executor: Executor | None = None,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Make a dataset equal to a local folder.

        Only new and changed files are uploaded.

        Args:
            source_directory: A folder, whose contents are meant; a file; or a list of files and folders of one folder,
                which keep their names.
            dataset_id: Handle of the dataset; needed unless this is the ``io`` of one dataset.
            path: The folder of the dataset to upload into; empty for its root. A single file gets this path, unless it
                ends in a slash or is a folder.
            include: Patterns of the files to transfer, such as ``"*.csv"`` or ``"obs/**"``; all files when empty.
            exclude: Patterns of the files to leave out, such as ``"tmp/"``.
            compare: How to compare existing files of equal size: by ``"checksum"``, or by ``"time"``, which reads no
                file and skips what has not changed since it was uploaded.
            delete: True to delete files of the dataset that the folder does not hold, once all others are in place.
                ``metadata.json`` at the root and files that ``include`` and ``exclude`` leave out are kept.
            map_names: True to decode names that a download with ``map_names`` encoded.
            limit_rate: The most bytes per second, both ways together: a number, or text such as ``"5MB/s"``. With an
                executor, each worker gets an equal share.
            max_connections: The most requests to the object store at once; each worker gets its share. Fewer run where
                the line needs fewer.
            progress: Progress reporting: None shows it in a terminal or notebook after two seconds; True from the
                start; False never; or a ``Progress`` such as ``TqdmProgress()``.
            executor: A ``concurrent.futures`` executor whose workers share the transfer and see the same folder.
            raise_for_failures: False to return the report even if files failed.

        Returns:
            The outcome of every file.

        Raises:
            InvalidArgument: An argument is malformed, the source does not exist, or ``delete`` would delete every file.
            TransferFailed: Some files failed, were refused or conflict with others; nothing was deleted.
            DatasetAccessDenied: You may not write its files.
            Forbidden: A release is pending or done.
        """
        run = RunOptions(progress, executor, raise_for_failures)
        return run_transfer(
            resources.transfers.upload(
                self._datasets,
                self._of(dataset_id, self.sync_up, source_directory),
                source_directory,
                path,
                Choice(Selection(include, exclude), compare, delete),
                TransferOptions(map_names=map_names, limit_rate=limit_rate, max_connections=max_connections),
                run,
            ),
            run.meter,
            "there",
        )

    def download_all_files(
        self,
        destination_directory: StrPath,
        dataset_id: str | None = None,
        *,
        include: Patterns = (),
        exclude: Patterns = (),
        verify: Verify = "checksum",
        fsync: bool = False,
        map_names: bool = False,
        limit_rate: Rate | None = None,
        max_connections: int | None = None,
        progress: ProgressLike = None,
        executor: Executor | None = None,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Download all files of a dataset into a folder, each verified before it takes its name.

        Files that are already there and equal are skipped; others of the same name are replaced.

        Args:
            destination_directory: The folder; made when it does not exist.
            dataset_id: Handle of the dataset; needed unless this is the ``io`` of one dataset.
            include: Patterns of the files to transfer, such as ``"*.csv"`` or ``"obs/**"``; all files when empty.
            exclude: Patterns of the files to leave out, such as ``"tmp/"``.
            verify: How to verify each file: by ``"checksum"`` where the store has one, or, faster, by ``"size"`` alone.
            fsync: True to flush each file to disk before it takes its final name.
            map_names: True to encode names that Windows does not allow: ``a:b`` becomes ``a%3Ab``.
            limit_rate: The most bytes per second, both ways together: a number, or text such as ``"5MB/s"``. With an
                executor, each worker gets an equal share.
            max_connections: The most requests to the object store at once; each worker gets its share. Fewer run where
                the line needs fewer.
            progress: Progress reporting: None shows it in a terminal or notebook after two seconds; True from the
                start; False never; or a ``Progress`` such as ``TqdmProgress()``.
            executor: A ``concurrent.futures`` executor whose workers share the transfer and see the same folder.
            raise_for_failures: False to return the report even if files failed.

        Returns:
            The outcome of every file.

        Raises:
            InvalidArgument: An argument is malformed, or the destination is a file.
            TransferFailed: Some files failed, were refused or conflict with others; its ``report`` lists every file.
            NotEnoughSpace: The disk has no room for the files; nothing was downloaded.
            DatasetAccessDenied: You may not read its files.
        """
        run = RunOptions(progress, executor, raise_for_failures)
        return run_transfer(
            resources.transfers.download(
                self._datasets,
                self._of(dataset_id, self.download_all_files, destination_directory),
                destination_directory,
                "",
                Choice(Selection(include, exclude)),
                TransferOptions(
                    verify, fsync, map_names, limit_rate=limit_rate, max_connections=max_connections
                ),
                run,
            ),
            run.meter,
        )

    def download_specific_file(
        self,
        dataset_id: str,
        s3_path: str,
        destination_directory: StrPath,
        *,
        include: Patterns = (),
        exclude: Patterns = (),
        verify: Verify = "checksum",
        fsync: bool = False,
        map_names: bool = False,
        limit_rate: Rate | None = None,
        max_connections: int | None = None,
        progress: ProgressLike = None,
        executor: Executor | None = None,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Download one file, or one folder, of a dataset into a folder.

        Files that are already there and equal are skipped; others of the same name are replaced.

        Args:
            dataset_id: Handle of the dataset.
            s3_path: Path in the dataset. A file is written under its own name; a folder without a slash at its end
                keeps its name below the destination; a folder with one gives its contents.
            destination_directory: The folder; made when it does not exist.
            include: Patterns of the files to transfer, such as ``"*.csv"`` or ``"obs/**"``; all files when empty.
            exclude: Patterns of the files to leave out, such as ``"tmp/"``.
            verify: How to verify each file: by ``"checksum"`` where the store has one, or, faster, by ``"size"`` alone.
            fsync: True to flush each file to disk before it takes its final name.
            map_names: True to encode names that Windows does not allow: ``a:b`` becomes ``a%3Ab``.
            limit_rate: The most bytes per second, both ways together: a number, or text such as ``"5MB/s"``. With an
                executor, each worker gets an equal share.
            max_connections: The most requests to the object store at once; each worker gets its share. Fewer run where
                the line needs fewer.
            progress: Progress reporting: None shows it in a terminal or notebook after two seconds; True from the
                start; False never; or a ``Progress`` such as ``TqdmProgress()``.
            executor: A ``concurrent.futures`` executor whose workers share the transfer and see the same folder.
            raise_for_failures: False to return the report even if files failed.

        Returns:
            The outcome of every file.

        Raises:
            InvalidArgument: An argument is malformed, or the destination is a file.
            DatasetFileNotFound: The dataset holds neither such a file nor such a folder.
            TransferFailed: Some files failed, were refused or conflict with others; its ``report`` lists every file.
            NotEnoughSpace: The disk has no room for the files; nothing was downloaded.
        """
        run = RunOptions(progress, executor, raise_for_failures)
        return run_transfer(
            resources.transfers.download(
                self._datasets,
                self._of(dataset_id, self.download_specific_file, s3_path, destination_directory),
                destination_directory,
                s3_path,
                Choice(Selection(include, exclude)),
                TransferOptions(
                    verify, fsync, map_names, limit_rate=limit_rate, max_connections=max_connections
                ),
                run,
            ),
            run.meter,
        )

    def upload_all_files(
        self,
        source_directory: Sources,
        dataset_id: str | None = None,
        *,
        path: str = "",
        include: Patterns = (),
        exclude: Patterns = (),
        map_names: bool = False,
        limit_rate: Rate | None = None,
        max_connections: int | None = None,
        progress: ProgressLike = None,
        executor: Executor | None = None,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Upload a folder's files to the same paths in a dataset.

        Files that the dataset already holds and that are equal are skipped; others of the same path are replaced.
        Nothing is deleted, and uploading again after a failure is safe. Empty folders are left out: the store knows
        files only.

        Args:
            source_directory: A folder, whose contents are meant; a file; or a list of files and folders of one folder,
                which keep their names.
            dataset_id: Handle of the dataset; needed unless this is the ``io`` of one dataset.
            path: The folder of the dataset to upload into; empty for its root. A single file gets this path, unless it
                ends in a slash or is a folder.
            include: Patterns of the files to transfer, such as ``"*.csv"`` or ``"obs/**"``; all files when empty.
            exclude: Patterns of the files to leave out, such as ``"tmp/"``.
            map_names: True to decode names that a download with ``map_names`` encoded.
            limit_rate: The most bytes per second, both ways together: a number, or text such as ``"5MB/s"``. With an
                executor, each worker gets an equal share.
            max_connections: The most requests to the object store at once; each worker gets its share. Fewer run where
                the line needs fewer.
            progress: Progress reporting: None shows it in a terminal or notebook after two seconds; True from the
                start; False never; or a ``Progress`` such as ``TqdmProgress()``.
            executor: A ``concurrent.futures`` executor whose workers share the transfer and see the same folder.
            raise_for_failures: False to return the report even if files failed.

        Returns:
            The outcome of every file. ``metadata.json`` at the folder's root is skipped: the service keeps its own.

        Raises:
            InvalidArgument: An argument is malformed, or the source does not exist.
            TransferFailed: Some files failed, were refused or conflict with others; its ``report`` lists every file.
            DatasetAccessDenied: You may not write its files.
            Forbidden: A release is pending or done.
        """
        run = RunOptions(progress, executor, raise_for_failures)
        return run_transfer(
            resources.transfers.upload(
                self._datasets,
                self._of(dataset_id, self.upload_all_files, source_directory),
                source_directory,
                path,
                Choice(Selection(include, exclude)),
                TransferOptions(map_names=map_names, limit_rate=limit_rate, max_connections=max_connections),
                run,
            ),
            run.meter,
            "there",
        )
