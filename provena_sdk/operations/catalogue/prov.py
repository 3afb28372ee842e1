"""The operations of the provenance service."""

from __future__ import annotations

from provena_api.api.prov import (
    add_study_link,
    check_admin_access,
    check_general_access,
    check_read_access,
    check_write_access,
    generate_report,
    get_affected_agents,
    get_affected_datasets,
    get_contributing_agents,
    get_contributing_datasets,
    get_downstream,
    get_upstream,
    register_model_run,
    register_model_runs,
    root,
    update_model_run,
)

from provena_sdk.operations.catalogue.roles import ADMIN, READ, WRITE
from provena_sdk.operations.operation import Operation, Repeat

HEALTH_CHECK = Operation(root, Repeat.SAFE, needs_token=False)
ACCESS = {
    "general": Operation(check_general_access, Repeat.SAFE),
    "read": Operation(check_read_access, Repeat.SAFE, READ),
    "write": Operation(check_write_access, Repeat.SAFE, WRITE),
    "admin": Operation(check_admin_access, Repeat.SAFE, ADMIN),
}
GET_UPSTREAM = Operation(get_upstream, Repeat.SAFE, READ)
GET_DOWNSTREAM = Operation(get_downstream, Repeat.SAFE, READ)
GET_CONTRIBUTING_DATASETS = Operation(get_contributing_datasets, Repeat.SAFE, READ)
GET_AFFECTED_DATASETS = Operation(get_affected_datasets, Repeat.SAFE, READ)
GET_CONTRIBUTING_AGENTS = Operation(get_contributing_agents, Repeat.SAFE, READ)
GET_AFFECTED_AGENTS = Operation(get_affected_agents, Repeat.SAFE, READ)
GENERATE_REPORT = Operation(generate_report, Repeat.NEVER, READ)
REGISTER_MODEL_RUN = Operation(register_model_run, Repeat.NEVER, WRITE)
REGISTER_MODEL_RUNS = Operation(register_model_runs, Repeat.NEVER, WRITE)
UPDATE_MODEL_RUN = Operation(update_model_run, Repeat.NEVER, WRITE)
ADD_STUDY_LINK = Operation(add_study_link, Repeat.NEVER, WRITE)
