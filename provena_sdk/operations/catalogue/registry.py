"""The operations of the registry, for each kind of item."""

from __future__ import annotations

from provena_api.api.registry import (
    check_admin_access,
    check_general_access,
    check_read_access,
    check_write_access,
    create_dataset_template,
    create_organisation,
    create_person,
    evaluate_dataset_access,
    evaluate_dataset_template_access,
    evaluate_organisation_access,
    evaluate_person_access,
    fetch_dataset,
    fetch_dataset_template,
    fetch_item,
    fetch_organisation,
    fetch_person,
    get_dataset_access,
    get_dataset_lock,
    get_dataset_schema,
    get_dataset_template_access,
    get_dataset_template_lock,
    get_dataset_template_schema,
    get_dataset_template_ui_schema,
    get_dataset_ui_schema,
    get_organisation_access,
    get_organisation_lock,
    get_organisation_schema,
    get_organisation_ui_schema,
    get_person_access,
    get_person_lock,
    get_person_schema,
    get_person_ui_schema,
    get_version,
    list_dataset_locks,
    list_dataset_roles,
    list_dataset_template_locks,
    list_dataset_template_roles,
    list_dataset_templates,
    list_datasets,
    list_items,
    list_organisation_locks,
    list_organisation_roles,
    list_organisations,
    list_people,
    list_person_locks,
    list_person_roles,
    list_releasing_datasets,
    lock_dataset,
    lock_dataset_template,
    lock_organisation,
    lock_person,
    revert_dataset_template,
    revert_organisation,
    revert_person,
    root,
    seed_dataset_template,
    seed_organisation,
    seed_person,
    set_dataset_access,
    set_dataset_template_access,
    set_organisation_access,
    set_person_access,
    unlock_dataset,
    unlock_dataset_template,
    unlock_organisation,
    unlock_person,
    update_dataset_template,
    update_organisation,
    update_person,
    validate_dataset,
    validate_dataset_template,
    validate_organisation,
    validate_person,
    version_dataset_template,
)

from provena_sdk.operations.catalogue.roles import ADMIN, READ, WRITE
from provena_sdk.operations.operation import Operation, Repeat

# Settings are replaced by what was made from an earlier reading: sent again later, they would undo what somebody else
# has changed since. So set_…_access is not repeated.

HEALTH_CHECK = Operation(root, Repeat.SAFE, needs_token=False)
ACCESS = {
    "general": Operation(check_general_access, Repeat.SAFE),
    "read": Operation(check_read_access, Repeat.SAFE, READ),
    "write": Operation(check_write_access, Repeat.SAFE, WRITE),
    "admin": Operation(check_admin_access, Repeat.SAFE, ADMIN),
}
CODE_VERSION = Operation(get_version, Repeat.SAFE, READ)
FETCH_ITEM = Operation(fetch_item, Repeat.SAFE, READ)
LIST_ITEMS = Operation(list_items, Repeat.SAFE, READ)
LIST_RELEASING_DATASETS = Operation(list_releasing_datasets, Repeat.SAFE, READ)

FETCH_PERSON = Operation(fetch_person, Repeat.SAFE, READ)
LIST_PEOPLE = Operation(list_people, Repeat.SAFE, READ)
VALIDATE_PERSON = Operation(validate_person, Repeat.SAFE, READ)
CREATE_PERSON = Operation(create_person, Repeat.NEVER, WRITE)
SEED_PERSON = Operation(seed_person, Repeat.NEVER, WRITE)
UPDATE_PERSON = Operation(update_person, Repeat.NEVER, WRITE)
REVERT_PERSON = Operation(revert_person, Repeat.NEVER, WRITE)
PERSON_SCHEMA = Operation(get_person_schema, Repeat.SAFE, READ)
PERSON_UI_SCHEMA = Operation(get_person_ui_schema, Repeat.SAFE, READ)
EVALUATE_PERSON_ACCESS = Operation(evaluate_person_access, Repeat.SAFE, READ)
GET_PERSON_ACCESS = Operation(get_person_access, Repeat.SAFE, READ)
SET_PERSON_ACCESS = Operation(set_person_access, Repeat.NEVER, WRITE)
LIST_PERSON_ROLES = Operation(list_person_roles, Repeat.SAFE, READ)
LOCK_PERSON = Operation(lock_person, Repeat.NEVER, WRITE)
UNLOCK_PERSON = Operation(unlock_person, Repeat.NEVER, WRITE)
GET_PERSON_LOCK = Operation(get_person_lock, Repeat.SAFE, READ)
LIST_PERSON_LOCKS = Operation(list_person_locks, Repeat.SAFE, READ)

FETCH_ORGANISATION = Operation(fetch_organisation, Repeat.SAFE, READ)
LIST_ORGANISATIONS = Operation(list_organisations, Repeat.SAFE, READ)
VALIDATE_ORGANISATION = Operation(validate_organisation, Repeat.SAFE, READ)
CREATE_ORGANISATION = Operation(create_organisation, Repeat.NEVER, WRITE)
SEED_ORGANISATION = Operation(seed_organisation, Repeat.NEVER, WRITE)
UPDATE_ORGANISATION = Operation(update_organisation, Repeat.NEVER, WRITE)
REVERT_ORGANISATION = Operation(revert_organisation, Repeat.NEVER, WRITE)
ORGANISATION_SCHEMA = Operation(get_organisation_schema, Repeat.SAFE, READ)
ORGANISATION_UI_SCHEMA = Operation(get_organisation_ui_schema, Repeat.SAFE, READ)
EVALUATE_ORGANISATION_ACCESS = Operation(evaluate_organisation_access, Repeat.SAFE, READ)
GET_ORGANISATION_ACCESS = Operation(get_organisation_access, Repeat.SAFE, READ)
SET_ORGANISATION_ACCESS = Operation(set_organisation_access, Repeat.NEVER, WRITE)
LIST_ORGANISATION_ROLES = Operation(list_organisation_roles, Repeat.SAFE, READ)
LOCK_ORGANISATION = Operation(lock_organisation, Repeat.NEVER, WRITE)
UNLOCK_ORGANISATION = Operation(unlock_organisation, Repeat.NEVER, WRITE)
GET_ORGANISATION_LOCK = Operation(get_organisation_lock, Repeat.SAFE, READ)
LIST_ORGANISATION_LOCKS = Operation(list_organisation_locks, Repeat.SAFE, READ)

FETCH_DATASET = Operation(fetch_dataset, Repeat.SAFE, READ)
LIST_DATASETS = Operation(list_datasets, Repeat.SAFE, READ)
VALIDATE_DATASET = Operation(validate_dataset, Repeat.SAFE, READ)
DATASET_SCHEMA = Operation(get_dataset_schema, Repeat.SAFE, READ)
DATASET_UI_SCHEMA = Operation(get_dataset_ui_schema, Repeat.SAFE, READ)
EVALUATE_DATASET_ACCESS = Operation(evaluate_dataset_access, Repeat.SAFE, READ)
GET_DATASET_ACCESS = Operation(get_dataset_access, Repeat.SAFE, READ)
SET_DATASET_ACCESS = Operation(set_dataset_access, Repeat.NEVER, WRITE, changes_access=True)
LIST_DATASET_ROLES = Operation(list_dataset_roles, Repeat.SAFE, READ)
LOCK_DATASET = Operation(lock_dataset, Repeat.NEVER, WRITE, changes_access=True)
UNLOCK_DATASET = Operation(unlock_dataset, Repeat.NEVER, WRITE, changes_access=True)
GET_DATASET_LOCK = Operation(get_dataset_lock, Repeat.SAFE, READ)
LIST_DATASET_LOCKS = Operation(list_dataset_locks, Repeat.SAFE, READ)

FETCH_DATASET_TEMPLATE = Operation(fetch_dataset_template, Repeat.SAFE, READ)
LIST_DATASET_TEMPLATES = Operation(list_dataset_templates, Repeat.SAFE, READ)
VALIDATE_DATASET_TEMPLATE = Operation(validate_dataset_template, Repeat.SAFE, READ)
CREATE_DATASET_TEMPLATE = Operation(create_dataset_template, Repeat.NEVER, WRITE)
SEED_DATASET_TEMPLATE = Operation(seed_dataset_template, Repeat.NEVER, WRITE)
UPDATE_DATASET_TEMPLATE = Operation(update_dataset_template, Repeat.NEVER, WRITE)
REVERT_DATASET_TEMPLATE = Operation(revert_dataset_template, Repeat.NEVER, WRITE)
VERSION_DATASET_TEMPLATE = Operation(version_dataset_template, Repeat.NEVER, WRITE)
DATASET_TEMPLATE_SCHEMA = Operation(get_dataset_template_schema, Repeat.SAFE, READ)
DATASET_TEMPLATE_UI_SCHEMA = Operation(get_dataset_template_ui_schema, Repeat.SAFE, READ)
EVALUATE_DATASET_TEMPLATE_ACCESS = Operation(evaluate_dataset_template_access, Repeat.SAFE, READ)
GET_DATASET_TEMPLATE_ACCESS = Operation(get_dataset_template_access, Repeat.SAFE, READ)
SET_DATASET_TEMPLATE_ACCESS = Operation(set_dataset_template_access, Repeat.NEVER, WRITE)
LIST_DATASET_TEMPLATE_ROLES = Operation(list_dataset_template_roles, Repeat.SAFE, READ)
LOCK_DATASET_TEMPLATE = Operation(lock_dataset_template, Repeat.NEVER, WRITE)
UNLOCK_DATASET_TEMPLATE = Operation(unlock_dataset_template, Repeat.NEVER, WRITE)
GET_DATASET_TEMPLATE_LOCK = Operation(get_dataset_template_lock, Repeat.SAFE, READ)
LIST_DATASET_TEMPLATE_LOCKS = Operation(list_dataset_template_locks, Repeat.SAFE, READ)
