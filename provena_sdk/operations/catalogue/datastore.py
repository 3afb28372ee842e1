"""The operations of the datastore."""

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

from provena_sdk.operations.catalogue.roles import ADMIN, READ, SYSTEM_ADMIN, SYSTEM_WRITE, WRITE
from provena_sdk.operations.operation import Operation, Repeat
from provena_sdk.operations.urls import check_console, check_presigned

HEALTH_CHECK = Operation(root, Repeat.SAFE, needs_token=False)
ACCESS = {
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
