"""The S3 client: requests, and what can be asked of one folder."""

from provena_sdk.s3.client.objects import ObjectClient as ObjectClient
