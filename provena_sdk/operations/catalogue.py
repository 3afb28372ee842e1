"""Every operation of both services: whether it may be repeated, and the role it requires.

Both were measured on the services. Writing also requires the read role. The HTTP method says nothing about repeating:
many reads are POST, and minting twice makes two datasets.
"""

from __future__ import annotations

from provena_api.api.datastore import (
    action_approval_request,
    add_reviewer,
    approval_request,
    check_admin_access,
    check_general_access,
    check_read_access,
    check_write_access,
    delete_reviewer,
    fetch_dataset,
    generate_config_file,
    generate_presigned_url,
    generate_read_access_credentials,
    generate_write_access_credentials,
    get_dataset_schema,
    list_datasets,
    list_reviewers,
    mint_dataset,
    revert_metadata,
    root,
    test_sentry_reporting,
    update_metadata,
    validate_metadata,
    version_dataset,
)
from provena_api.api.search import check_admin_access as search_check_admin_access
from provena_api.api.search import check_general_access as search_check_general_access
from provena_api.api.search import check_read_access as search_check_read_access
from provena_api.api.search import check_write_access as search_check_write_access
from provena_api.api.search import generate_config_file as search_generate_config_file
from provena_api.api.search import root as search_root
from provena_api.api.search import search_entity_registry
from provena_api.api.search import test_sentry_reporting as search_test_sentry_reporting

from provena_sdk.operations.operation import Operation, Repeat
from provena_sdk.operations.urls import check_console, check_presigned

READ = "entity-registry-read"
WRITE = "entity-registry-write"
ADMIN = "entity-registry-admin"
SYSTEM_READ = "sys-admin-read"
SYSTEM_WRITE = "sys-admin-write"
SYSTEM_ADMIN = "sys-admin-admin"

HEALTH_CHECK = Operation(root, Repeat.SAFE, needs_token=False)
DATASTORE_ACCESS = {
    "general": Operation(check_general_access, Repeat.SAFE),
    "read": Operation(check_read_access, Repeat.SAFE, READ),
    "write": Operation(check_write_access, Repeat.SAFE, WRITE),
    "admin": Operation(check_admin_access, Repeat.SAFE, ADMIN),
}
DATASET_SCHEMA = Operation(get_dataset_schema, Repeat.SAFE, READ)
VALIDATE_METADATA = Operation(validate_metadata, Repeat.SAFE, READ)
MINT_DATASET = Operation(mint_dataset, Repeat.NEVER, WRITE)
UPDATE_METADATA = Operation(update_metadata, Repeat.NEVER, WRITE)
REVERT_METADATA = Operation(revert_metadata, Repeat.NEVER, WRITE)
VERSION_DATASET = Operation(version_dataset, Repeat.NEVER, WRITE, changes_access=True)
LIST_DATASETS = Operation(list_datasets, Repeat.SAFE, READ)
FETCH_DATASET = Operation(fetch_dataset, Repeat.SAFE, READ)
PRESIGNED_URL = Operation(generate_presigned_url, Repeat.SAFE, READ, check=check_presigned)
READ_CREDENTIALS = Operation(generate_read_access_credentials, Repeat.SAFE, READ, check=check_console)
WRITE_CREDENTIALS = Operation(generate_write_access_credentials, Repeat.SAFE, WRITE, check=check_console)
LIST_REVIEWERS = Operation(list_reviewers, Repeat.SAFE, WRITE)
ADD_REVIEWER = Operation(add_reviewer, Repeat.IDEMPOTENT, SYSTEM_WRITE)
DELETE_REVIEWER = Operation(delete_reviewer, Repeat.IDEMPOTENT, SYSTEM_ADMIN)
REQUEST_APPROVAL = Operation(approval_request, Repeat.NEVER, WRITE, changes_access=True)
ACTION_APPROVAL = Operation(action_approval_request, Repeat.NEVER, WRITE, changes_access=True)
CONFIG_FILE = Operation(generate_config_file, Repeat.SAFE, ADMIN, is_json=False)
SENTRY_TEST = Operation(test_sentry_reporting, Repeat.NEVER, ADMIN)

SEARCH_HEALTH_CHECK = Operation(search_root, Repeat.SAFE, needs_token=False)
SEARCH_ACCESS = {
    "general": Operation(search_check_general_access, Repeat.SAFE),
    "read": Operation(search_check_read_access, Repeat.SAFE, SYSTEM_READ),
    "write": Operation(search_check_write_access, Repeat.SAFE, SYSTEM_WRITE),
    "admin": Operation(search_check_admin_access, Repeat.SAFE, SYSTEM_ADMIN),
}
SEARCH_ENTITY_REGISTRY = Operation(search_entity_registry, Repeat.SAFE, READ)
SEARCH_CONFIG_FILE = Operation(search_generate_config_file, Repeat.SAFE, SYSTEM_ADMIN, is_json=False)
SEARCH_SENTRY_TEST = Operation(search_test_sentry_reporting, Repeat.NEVER, SYSTEM_ADMIN)
