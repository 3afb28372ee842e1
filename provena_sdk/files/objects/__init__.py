"""Requests to the object store without botocore, which spends ten times as long on each.

The client itself is in :mod:`provena_sdk.files.objects.client`; importing this package does not load it.
"""

from provena_sdk.files.objects.state import ListedUpload, ObjectState, Page, Received, Stored, StoredPart

__all__ = ["ListedUpload", "ObjectState", "Page", "Received", "Stored", "StoredPart"]
