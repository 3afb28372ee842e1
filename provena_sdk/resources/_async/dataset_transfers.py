# Written by scripts/twins.py; change the module in resources/ instead.
"""Transfers of one dataset's files: planning, syncing, downloading, uploading."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING

from provena_sdk.resources._async.files import AsyncIOSubModule
from provena_sdk.resources.interactive.cache import DatasetCache
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transfer.plan import AsyncDownloadPlan, AsyncUploadPlan
from provena_sdk.transfer.progress.meter import ProgressLike
from provena_sdk.transfer.report import TransferReport, Verification
from provena_sdk.transfer.spec.options import Compare, Rate, Verify
from provena_sdk.transfer.spec.patterns import Patterns

if TYPE_CHECKING:
    from provena_sdk.resources.transfers import StrPath
    from provena_sdk.transfer.local.scan import Sources


@short_tracebacks
class AsyncDatasetTransfers(DatasetCache):
    """What an interactive dataset has for moving its files.

    Attributes:
        dataset_id: The dataset's handle.
        io: Its files.
    """

    io: AsyncIOSubModule

    async def plan_download(
        self,
        destination_directory: StrPath,
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
    ) -> AsyncDownloadPlan:
        """Plan a download without changing anything.

        Print the plan to see it, and call its ``run()`` to run it. With ``compare="time"`` or ``delete``, downloaded
        files get the store's modification times, as in :meth:`sync_down`.

        Args:
            destination_directory: The folder; made when it does not exist.
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
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> plan = await reef.plan_download("copy", include="*.csv")
            >>> print(plan)
            Download of dataset 10378.1/1900011 into 'copy': 32 B to transfer
              new               1 file       32 B
              new       obs/2024.csv (32 B)
            >>> (await plan.run()).counts()
            {'downloaded': 1}
        """
        return await self.io.plan_download(
            destination_directory,
            path=path,
            name=name,
            include=include,
            exclude=exclude,
            compare=compare,
            delete=delete,
            verify=verify,
            fsync=fsync,
            map_names=map_names,
            limit_rate=limit_rate,
            max_connections=max_connections,
            progress=progress,
        )

    async def plan_upload(
        self,
        source_directory: Sources,
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
    ) -> AsyncUploadPlan:
        """Plan an upload without changing anything.

        Print the plan to see it, and call its ``run()`` to run it.

        Args:
            source_directory: A folder, whose contents are meant; a file; or a list of files and folders of one folder,
                which keep their names.
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
        return await self.io.plan_upload(
            source_directory,
            path=path,
            include=include,
            exclude=exclude,
            compare=compare,
            delete=delete,
            map_names=map_names,
            limit_rate=limit_rate,
            max_connections=max_connections,
            progress=progress,
        )

    async def verify(
        self,
        directory: StrPath,
        *,
        path: str = "",
        include: Patterns = (),
        exclude: Patterns = (),
        map_names: bool = False,
        progress: ProgressLike = None,
    ) -> Verification:
        """Compare a local folder with the dataset, by the store's checksums, without changing anything.

        Args:
            directory: The folder.
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
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> _ = await reef.download_all_files("copy")
            >>> print(await reef.verify("copy"))
            2 same
        """
        return await self.io.verify(
            directory,
            path=path,
            include=include,
            exclude=exclude,
            map_names=map_names,
            progress=progress,
        )

    async def sync_down(
        self,
        destination_directory: StrPath,
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
        """Make a local folder equal to it.

        Only new and changed files are downloaded; they get the store's modification times.

        Args:
            destination_directory: The folder; made when it does not exist.
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
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> (await reef.sync_down("copy")).counts()
            {'downloaded': 2}
            >>> (await reef.sync_down("copy", compare="time")).counts()
            {'same': 2}
        """
        return await self.io.sync_down(
            destination_directory,
            path=path,
            include=include,
            exclude=exclude,
            compare=compare,
            delete=delete,
            verify=verify,
            fsync=fsync,
            map_names=map_names,
            limit_rate=limit_rate,
            max_connections=max_connections,
            progress=progress,
            executor=executor,
            raise_for_failures=raise_for_failures,
        )

    async def sync_up(
        self,
        source_directory: Sources,
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
        """Make it equal to a local folder.

        Only new and changed files are uploaded.

        Args:
            source_directory: A folder, whose contents are meant; a file; or a list of files and folders of one folder,
                which keep their names.
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
        self._amount = None
        return await self.io.sync_up(
            source_directory,
            path=path,
            include=include,
            exclude=exclude,
            compare=compare,
            delete=delete,
            map_names=map_names,
            limit_rate=limit_rate,
            max_connections=max_connections,
            progress=progress,
            executor=executor,
            raise_for_failures=raise_for_failures,
        )

    async def download_all_files(
        self,
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
        """Download all of its files into a folder, each verified before it takes its name.

        Files that are already there and equal are skipped; others of the same name are replaced.

        Args:
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
            TransferFailed: Some files failed, were refused or conflict with others; its ``report`` lists every file.
            NotEnoughSpace: The disk has no room for the files; nothing was downloaded.
            DatasetAccessDenied: You may not read its files.
        """
        return await self.io.download_all_files(
            destination_directory,
            include=include,
            exclude=exclude,
            verify=verify,
            fsync=fsync,
            map_names=map_names,
            limit_rate=limit_rate,
            max_connections=max_connections,
            progress=progress,
            executor=executor,
            raise_for_failures=raise_for_failures,
        )

    async def download_specific_file(
        self,
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
        """Download one file, or one folder, into a folder.

        Files that are already there and equal are skipped; others of the same name are replaced.

        Args:
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
        return await self.io.download_specific_file(
            self.dataset_id,
            s3_path,
            destination_directory,
            include=include,
            exclude=exclude,
            verify=verify,
            fsync=fsync,
            map_names=map_names,
            limit_rate=limit_rate,
            max_connections=max_connections,
            progress=progress,
            executor=executor,
            raise_for_failures=raise_for_failures,
        )

    async def upload_all_files(
        self,
        source_directory: Sources,
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
        """Upload a folder's files to the same paths in it.

        Files that it already holds and that are equal are skipped; others of the same path are replaced. Nothing is
        deleted, and uploading again after a failure is safe. Empty folders are left out: the store knows files only.

        Args:
            source_directory: A folder, whose contents are meant; a file; or a list of files and folders of one folder,
                which keep their names.
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
        self._amount = None
        return await self.io.upload_all_files(
            source_directory,
            path=path,
            include=include,
            exclude=exclude,
            map_names=map_names,
            limit_rate=limit_rate,
            max_connections=max_connections,
            progress=progress,
            executor=executor,
            raise_for_failures=raise_for_failures,
        )
