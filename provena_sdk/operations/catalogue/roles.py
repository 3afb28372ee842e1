"""The names of the roles that operations require."""

from __future__ import annotations

from typing import Final

READ: Final = "entity-registry-read"
WRITE: Final = "entity-registry-write"
ADMIN: Final = "entity-registry-admin"
SYSTEM_READ: Final = "sys-admin-read"
SYSTEM_WRITE: Final = "sys-admin-write"
SYSTEM_ADMIN: Final = "sys-admin-admin"
JOB_READ: Final = "job-service-read"
JOB_WRITE: Final = "job-service-write"
JOB_ADMIN: Final = "job-service-admin"
