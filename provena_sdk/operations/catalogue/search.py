"""The operations of the search service."""

from __future__ import annotations

from provena_api.api.search import (
    check_admin_access,
    check_general_access,
    check_read_access,
    check_write_access,
    generate_config_file,
    root,
    search_entity_registry,
    test_sentry_reporting,
)

from provena_sdk.operations.catalogue.roles import READ, SYSTEM_ADMIN, SYSTEM_READ, SYSTEM_WRITE
from provena_sdk.operations.operation import Operation, Repeat

HEALTH_CHECK = Operation(root, Repeat.SAFE, needs_token=False)
ACCESS = {
    "general": Operation(check_general_access, Repeat.SAFE),
    "read": Operation(check_read_access, Repeat.SAFE, SYSTEM_READ),
    "write": Operation(check_write_access, Repeat.SAFE, SYSTEM_WRITE),
    "admin": Operation(check_admin_access, Repeat.SAFE, SYSTEM_ADMIN),
}
SEARCH_ENTITY_REGISTRY = Operation(search_entity_registry, Repeat.SAFE, READ)
CONFIG_FILE = Operation(generate_config_file, Repeat.SAFE, SYSTEM_ADMIN, is_json=False)
SENTRY_TEST = Operation(test_sentry_reporting, Repeat.NEVER, SYSTEM_ADMIN)
