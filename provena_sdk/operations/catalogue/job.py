"""The operations of the job service. Users' own jobs need a valid token and no role."""

from __future__ import annotations

from provena_api.api.job import (
    check_admin_access,
    check_general_access,
    check_read_access,
    check_write_access,
    get_job,
    list_batch,
    list_jobs,
    root,
)

from provena_sdk.operations.catalogue.roles import JOB_ADMIN, JOB_READ, JOB_WRITE
from provena_sdk.operations.operation import Operation, Repeat

HEALTH_CHECK = Operation(root, Repeat.SAFE, needs_token=False)
ACCESS = {
    "general": Operation(check_general_access, Repeat.SAFE),
    "read": Operation(check_read_access, Repeat.SAFE, JOB_READ),
    "write": Operation(check_write_access, Repeat.SAFE, JOB_WRITE),
    "admin": Operation(check_admin_access, Repeat.SAFE, JOB_ADMIN),
}
GET_JOB = Operation(get_job, Repeat.SAFE)
LIST_JOBS = Operation(list_jobs, Repeat.SAFE)
LIST_BATCH = Operation(list_batch, Repeat.SAFE)
