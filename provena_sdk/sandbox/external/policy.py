"""The permissions of credentials for one dataset, as an S3 policy."""

from __future__ import annotations

from typing import Any, Final

READ_OBJECT: Final = ("s3:GetObject",)
WRITE_OBJECT: Final = (
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
)
READ_BUCKET: Final = ("s3:ListBucket", "s3:GetBucketLocation")
WRITE_BUCKET: Final = ("s3:ListBucketMultipartUploads",)


def statements(
    bucket: str, prefix: str, *, write: bool, accounts: list[str] | None = None
) -> list[dict[str, Any]]:
    """Return the statements that grant access to one prefix of a bucket; the whole bucket can be listed.

    Args:
        bucket: The bucket.
        prefix: The prefix, with its slash at the end.
        write: Whether files can be written and deleted as well.
        accounts: The accounts that a bucket policy grants access to; None for a session policy, which names none.
    """
    objects = [*READ_OBJECT, *(WRITE_OBJECT if write else ())]
    listing = [*READ_BUCKET, *(WRITE_BUCKET if write else ())]
    whom = {} if accounts is None else {"Principal": {"AWS": accounts}}
    return [
        {"Effect": "Allow", **whom, "Action": objects, "Resource": [f"arn:aws:s3:::{bucket}/{prefix}*"]},
        {"Effect": "Allow", **whom, "Action": listing, "Resource": [f"arn:aws:s3:::{bucket}"]},
    ]


def document(stated: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a policy of these statements."""
    return {"Version": "2012-10-17", "Statement": stated}
