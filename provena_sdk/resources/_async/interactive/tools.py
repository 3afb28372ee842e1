# Written by scripts/twins.py; change the module in resources/ instead.
"""Credentials of one dataset for the AWS CLI, rclone, DuckDB, GDAL and other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from provena_sdk import other_tools
from provena_sdk.concurrency.io_thread import on_io_thread
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import AsyncTransport

if TYPE_CHECKING:
    from provena_sdk.other_tools.aws_profile import AwsProfile
    from provena_sdk.other_tools.store_credentials import StoreCredentials


@short_tracebacks
class AsyncDatasetTools:
    """What an interactive dataset has for other tools.

    Attributes:
        dataset_id: The dataset's handle.
        io: Its files.
    """

    dataset_id: str
    io: Any  # an AsyncIOSubModule, whose folder imports this one
    _transport: AsyncTransport

    async def store_credentials(self, access: Literal["read", "write"] = "read") -> StoreCredentials:
        """Get temporary credentials for its files, with their location, for another tool.

        They do not renew: see :meth:`aws_profile` for work that lasts longer than they do.

        Args:
            access: ``read``; or ``write`` for credentials that also write.

        Returns:
            The credentials, whose repr hides them. ``text("env")`` returns commands for a shell, ``environment()`` the
            variables, ``text("duckdb")`` the SQL that DuckDB needs.

        Raises:
            InvalidArgument: There is no such access.
            DatasetNotFound: There is no such dataset.
            DatasetAccessDenied: You may not access its files in this way.
            DatasetLocked: It is locked, and you asked to write.
            Forbidden: You asked to write, and a release is pending or done.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> granted = await reef.store_credentials()
            >>> granted.url, granted.region
            ('s3://provena-storage/datasets/10378-1-1900011/', 'us-east-1')
            >>> sorted(granted.environment())[:2]
            ['AWS_ACCESS_KEY_ID', 'AWS_CREDENTIAL_EXPIRATION']
        """
        return await on_io_thread(
            other_tools.store_credentials.store_credentials(self.io._datasets, self.dataset_id, access)
        )

    async def aws_profile(
        self, name: str | None = None, *, access: Literal["read", "write"] = "read"
    ) -> AwsProfile:
        r"""Describe a profile of the AWS tools that gets and renews credentials for its files by itself.

        Such a profile names a command, ``provena credential-process``, and holds no secret. The AWS CLI, rclone,
        DuckDB, GDAL and whatever else uses an AWS SDK run it when they need credentials. It needs the extra ``cli``.

        Args:
            name: The profile's name; by default one made of the handle, such as ``provena-10378.1-1451860``.
            access: ``read``; or ``write`` for credentials that also write.

        Returns:
            The profile, which prints as in the configuration file. Its ``save()`` writes it there.

        Raises:
            InvalidArgument: The name is not valid, or there is no such access.
            DatasetNotFound: There is no such dataset.
            DatasetAccessDenied: You may not access its files in this way.
            DatasetLocked: It is locked, and you asked to write.
            Forbidden: You asked to write, and a release is pending or done.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> profile = await reef.aws_profile("reef")
            >>> profile.save("config")
            True
            >>> open("config").readline()
            '[profile reef]\n'
        """
        granted = await on_io_thread(
            other_tools.store_credentials.store_credentials(self.io._datasets, self.dataset_id, access)
        )
        profile = self.io._storage_options.get("profile")
        return other_tools.aws_profile.profile_for(granted, self._transport.deployment, profile, name)
