"""Request credentials for a dataset's files from the datastore, as the user who is signed in."""

from __future__ import annotations

from provena_api.models import CredentialResponse

from provena_sdk.datasets.credentials import Access
from provena_sdk.errors import UnreadableAnswer
from provena_sdk.operations import catalogue
from provena_sdk.s3.credentials import Credentials
from provena_sdk.transport.http import Transport
from provena_sdk.workflows import datastore


class DatasetCredentialsProvider:
    """A provider that requests credentials from the datastore. Thread-safe.

    A pickle holds how to reach the datastore and how to sign in, but no secret: the process that unpickles it signs
    in with its session or environment, without asking a person.

    Args:
        transport: Sends the requests.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __call__(self, dataset_id: str, access: Access) -> Credentials:
        """Return fresh credentials for one dataset.

        Args:
            dataset_id: The dataset's handle.
            access: The access that the credentials must grant.

        Raises:
            SignInRequired: Nobody is signed in here; the hint lists the ways to sign in.
            DatasetAccessDenied: The user may not access the dataset's files.
            UnreadableAnswer: The credentials in the answer cannot be used.
            ProvenaError: The datastore granted no credentials for another reason.
        """
        reads = access is Access.READ
        workflow = datastore.read_credentials if reads else datastore.write_credentials
        granted = _granted(
            self._transport.run(workflow(None, dataset_id=dataset_id, console_session_required=False))
        )
        if granted is None:
            raise UnreadableAnswer(
                f"The datastore's credentials for dataset {dataset_id} cannot be used: one of them is not one line "
                "of plain characters, or their end has no time zone.",
                operation=(
                    catalogue.datastore.READ_CREDENTIALS if reads else catalogue.datastore.WRITE_CREDENTIALS
                ).name,
                status=200,
                dataset_id=dataset_id,
                hint="Try again; if it fails again, report it to the deployment's operator.",
            )
        return granted

    def __repr__(self) -> str:
        return f"<DatasetCredentialsProvider {self._transport.deployment.domain}>"

    def __reduce__(self) -> tuple[object, ...]:
        return DatasetCredentialsProvider, (self._transport,)


def _granted(answer: CredentialResponse) -> Credentials | None:
    keys = answer.credentials
    try:
        return Credentials(
            keys.aws_access_key_id, keys.aws_secret_access_key, keys.aws_session_token, keys.expiry
        )
    except ValueError:
        return None
