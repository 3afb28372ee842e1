"""The operations of the auth service. They need a valid token; those that ask the registry also need its read role."""

from __future__ import annotations

from provena_api.api.auth import (
    assign_link,
    check_general_access,
    check_membership,
    check_public_access,
    describe_group,
    generate_access_report,
    list_groups,
    list_members,
    list_own_groups,
    list_pending_requests,
    list_requests,
    lookup_link,
    request_access_change,
    root,
    validate_link,
)

from provena_sdk.operations.catalogue.roles import READ
from provena_sdk.operations.operation import Operation, Repeat

HEALTH_CHECK = Operation(root, Repeat.SAFE, needs_token=False)
PUBLIC_CHECK = Operation(check_public_access, Repeat.SAFE, needs_token=False)
GENERAL_ACCESS = Operation(check_general_access, Repeat.SAFE)
LOOKUP_LINK = Operation(lookup_link, Repeat.SAFE, refuses=False)
VALIDATE_LINK = Operation(validate_link, Repeat.SAFE, READ)
ASSIGN_LINK = Operation(assign_link, Repeat.NEVER, READ)
LIST_GROUPS = Operation(list_groups, Repeat.SAFE)
DESCRIBE_GROUP = Operation(describe_group, Repeat.SAFE)
LIST_MEMBERS = Operation(list_members, Repeat.SAFE)
LIST_OWN_GROUPS = Operation(list_own_groups, Repeat.SAFE)
CHECK_MEMBERSHIP = Operation(check_membership, Repeat.SAFE)
ACCESS_REPORT = Operation(generate_access_report, Repeat.SAFE)
REQUEST_ACCESS_CHANGE = Operation(request_access_change, Repeat.NEVER)
LIST_REQUESTS = Operation(list_requests, Repeat.SAFE)
LIST_PENDING_REQUESTS = Operation(list_pending_requests, Repeat.SAFE)
