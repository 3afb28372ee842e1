"""The S3 client: requests, and the operations on one folder."""

from provena_sdk.s3.client.objects import ObjectClient as ObjectClient
