"""An open file of a dataset."""

from __future__ import annotations

import contextlib
import logging
import sys
import weakref
from collections.abc import Callable
from typing import Final, cast

from s3fs.core import S3File

from provena_sdk.errors import DatasetFileExists, IntegrityError, NotAFile
from provena_sdk.files.io_thread import is_current

_log = logging.getLogger(__name__)

_UNCLOSED: Final = "%r was never closed, and is not uploaded. Open it in a 'with' block."


class DatasetFile(S3File):  # type: ignore[misc]
    """s3fs's file, made to end well.

    A file that is still being written when the interpreter ends, or that is collected as garbage on the I/O
    thread, can no longer be uploaded: waiting for the I/O thread would take for ever. It is given up with a word in
    the log instead, and what had its name stays as it is.
    """

    _unclosed: weakref.finalize[..., DatasetFile] | None = None

    @classmethod
    def taking_over(cls, file: S3File) -> DatasetFile:
        """Turn a file of s3fs, which names its class in the middle of a long method, into one of ours."""
        file.__class__ = cls
        ours = cast("DatasetFile", file)
        if file.mode != "rb":
            # Not left to __del__ alone: at the end of the interpreter it may not be called.
            ours._unclosed = weakref.finalize(ours, _log.warning, _UNCLOSED, ours._shown())
        return ours

    def flush(self, force: bool = False) -> None:
        """Send what fills a block; with ``force``, the rest too."""
        if self._can_send():
            super().flush(force)

    def close(self) -> None:
        """Close the file; what was written has its name from now on."""
        ended: bool = self.closed
        if ended or self._unclosed is None:
            super().close()
        elif self._can_send():
            self._unclosed.detach()
            self._send_rest()
        else:
            self._give_up(self._unclosed)

    def _send_rest(self) -> None:
        try:
            super().close()
        except BaseException:
            # Parts that are left behind cost money and show in no listing.
            with contextlib.suppress(Exception):
                self._abort_mpu()
            raise

    def _give_up(self, warn: Callable[[], object]) -> None:
        self.closed = True
        warn()

    def commit(self) -> None:
        """Give the upload its name."""
        if "x" not in self.mode:
            super().commit()
            return
        try:
            self._commit_new()
        except IntegrityError:
            # The one condition was that there be no such file.
            pass
        else:
            return
        raise already_there(self._shown(), self.fs.location.dataset_id)

    def _commit_new(self) -> None:
        # Older releases of s3fs forget the condition, and newer ones when there is nothing to write.
        self.s3_additional_kwargs["IfNoneMatch"] = "*"
        if self.tell():
            super().commit()
            return
        self._call_s3("put_object", Key=self.key, Bucket=self.bucket, Body=b"")
        self.buffer = None

    def _can_send(self) -> bool:
        return not sys.is_finalizing() and not is_current(self.fs.loop)

    def _shown(self) -> str:
        return str(self.key.removeprefix(self.fs.location.prefix))


def not_a_file(path: str, dataset_id: str) -> NotAFile:
    """Return the error for opening a folder."""
    return NotAFile(
        f"{path!r} is a folder of dataset {dataset_id}."
        if path
        else f"Dataset {dataset_id} is no file itself.",
        path=path,
        hint="Give the path of a file.",
    )


def already_there(path: str, dataset_id: str) -> DatasetFileExists:
    """Return the error for writing a file that must not exist yet."""
    return DatasetFileExists(
        f"Dataset {dataset_id} holds {path!r} already.",
        path=path,
        hint="Open it with mode 'w' to replace it.",
    )
