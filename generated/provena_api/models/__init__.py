"""The data that goes to the services and comes back. Each model is loaded when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .access_info import AccessInfo
    from .access_level import AccessLevel
    from .access_report import AccessReport
    from .access_report_response import AccessReportResponse
    from .access_request_list import AccessRequestList
    from .access_request_response import AccessRequestResponse
    from .access_settings import AccessSettings
    from .action_approval_request import ActionApprovalRequest
    from .action_approval_request_response import ActionApprovalRequestResponse
    from .add_study_link_response import AddStudyLinkResponse
    from .association_info import AssociationInfo
    from .auth_roles_response import AuthRolesResponse
    from .check_membership_response import CheckMembershipResponse
    from .collection_format import CollectionFormat
    from .collection_format_approvals import CollectionFormatApprovals
    from .collection_format_associations import CollectionFormatAssociations
    from .collection_format_dataset_info import CollectionFormatDatasetInfo
    from .collection_format_spatial_info import CollectionFormatSpatialInfo
    from .collection_format_temporal_info import CollectionFormatTemporalInfo
    from .component_name import ComponentName
    from .created_date import CreatedDate
    from .credential_response import CredentialResponse
    from .credentials import Credentials
    from .credentials_request import CredentialsRequest
    from .dataset_domain_info import DatasetDomainInfo
    from .dataset_ethics_access_check import DatasetEthicsAccessCheck
    from .dataset_ethics_registration_check import DatasetEthicsRegistrationCheck
    from .dataset_fetch_response import DatasetFetchResponse
    from .dataset_list_response import DatasetListResponse
    from .dataset_template_create_response import DatasetTemplateCreateResponse
    from .dataset_template_domain_info import DatasetTemplateDomainInfo
    from .dataset_template_fetch_response import DatasetTemplateFetchResponse
    from .dataset_template_list_response import DatasetTemplateListResponse
    from .dataset_template_seed_response import DatasetTemplateSeedResponse
    from .dataset_type import DatasetType
    from .deferred_resource import DeferredResource
    from .defined_resource import DefinedResource
    from .describe_access_response import DescribeAccessResponse
    from .describe_group_response import DescribeGroupResponse
    from .described_role import DescribedRole
    from .export_controls import ExportControls
    from .filter_options import FilterOptions
    from .general_list_request import GeneralListRequest
    from .generate_report_request import GenerateReportRequest
    from .generate_report_response import GenerateReportResponse
    from .get_job_response import GetJobResponse
    from .group_user import GroupUser
    from .health_check_response import HealthCheckResponse
    from .history_entry_dataset_domain_info import HistoryEntryDatasetDomainInfo
    from .history_entry_dataset_template_domain_info import HistoryEntryDatasetTemplateDomainInfo
    from .history_entry_organisation_domain_info import HistoryEntryOrganisationDomainInfo
    from .history_entry_person_domain_info import HistoryEntryPersonDomainInfo
    from .http_validation_error import HTTPValidationError
    from .indigenous_knowledge_check import IndigenousKnowledgeCheck
    from .intended_user_type import IntendedUserType
    from .item_category import ItemCategory
    from .item_dataset import ItemDataset
    from .item_dataset_template import ItemDatasetTemplate
    from .item_organisation import ItemOrganisation
    from .item_person import ItemPerson
    from .item_revert_request import ItemRevertRequest
    from .item_sub_type import ItemSubType
    from .job import Job
    from .job_status import JobStatus
    from .job_sub_type import JobSubType
    from .job_type import JobType
    from .json_schema_response import JsonSchemaResponse
    from .lineage_graph import LineageGraph
    from .lineage_link import LineageLink
    from .lineage_node import LineageNode
    from .lineage_response import LineageResponse
    from .list_by_batch_request import ListByBatchRequest
    from .list_groups_response import ListGroupsResponse
    from .list_jobs_request import ListJobsRequest
    from .list_jobs_response import ListJobsResponse
    from .list_members_response import ListMembersResponse
    from .list_user_membership_response import ListUserMembershipResponse
    from .list_user_reviewing_datasets_request import ListUserReviewingDatasetsRequest
    from .lock_action_type import LockActionType
    from .lock_change_request import LockChangeRequest
    from .lock_event import LockEvent
    from .lock_history_response import LockHistoryResponse
    from .lock_status_response import LockStatusResponse
    from .mint_response import MintResponse
    from .model_run_record import ModelRunRecord
    from .no_filter_subtype_list_request import NoFilterSubtypeListRequest
    from .organisation_create_response import OrganisationCreateResponse
    from .organisation_domain_info import OrganisationDomainInfo
    from .organisation_fetch_response import OrganisationFetchResponse
    from .organisation_list_response import OrganisationListResponse
    from .organisation_seed_response import OrganisationSeedResponse
    from .paginated_dataset_list_response import PaginatedDatasetListResponse
    from .paginated_list_response import PaginatedListResponse
    from .pagination_key import PaginationKey
    from .person_create_response import PersonCreateResponse
    from .person_domain_info import PersonDomainInfo
    from .person_fetch_response import PersonFetchResponse
    from .person_list_response import PersonListResponse
    from .person_seed_response import PersonSeedResponse
    from .post_update_model_run_input import PostUpdateModelRunInput
    from .post_update_model_run_response import PostUpdateModelRunResponse
    from .presigned_url_request import PresignedURLRequest
    from .presigned_url_response import PresignedURLResponse
    from .published_date import PublishedDate
    from .query_dataset_release_status_type import QueryDatasetReleaseStatusType
    from .query_record_types import QueryRecordTypes
    from .query_result import QueryResult
    from .query_results import QueryResults
    from .record_type import RecordType
    from .register_batch_model_run_request import RegisterBatchModelRunRequest
    from .register_model_run_response import RegisterModelRunResponse
    from .registry_fetch_response import RegistryFetchResponse
    from .release_action import ReleaseAction
    from .release_approval_request import ReleaseApprovalRequest
    from .release_approval_request_response import ReleaseApprovalRequestResponse
    from .release_history_entry import ReleaseHistoryEntry
    from .released_status import ReleasedStatus
    from .report_authorisation_component import ReportAuthorisationComponent
    from .report_component_role import ReportComponentRole
    from .request_access_table_item import RequestAccessTableItem
    from .request_status import RequestStatus
    from .resource_usage_type import ResourceUsageType
    from .s3_location import S3Location
    from .schema import Schema
    from .seeded_item import SeededItem
    from .sort_options import SortOptions
    from .sort_type import SortType
    from .status import Status
    from .status_response import StatusResponse
    from .subtype_filter_options import SubtypeFilterOptions
    from .subtype_list_request import SubtypeListRequest
    from .templated_dataset import TemplatedDataset
    from .temporal_duration_info import TemporalDurationInfo
    from .ui_schema_response import UiSchemaResponse
    from .untyped_fetch_response import UntypedFetchResponse
    from .update_metadata_response import UpdateMetadataResponse
    from .update_response import UpdateResponse
    from .user import User
    from .user_group import UserGroup
    from .user_group_metadata import UserGroupMetadata
    from .user_link_user_assign_request import UserLinkUserAssignRequest
    from .user_link_user_assign_response import UserLinkUserAssignResponse
    from .user_link_user_lookup_response import UserLinkUserLookupResponse
    from .user_link_user_validate_request import UserLinkUserValidateRequest
    from .user_link_user_validate_response import UserLinkUserValidateResponse
    from .validation_error import ValidationError
    from .version_details import VersionDetails
    from .version_request import VersionRequest
    from .version_response import VersionResponse
    from .versioning_info import VersioningInfo
    from .workflow_links import WorkflowLinks

    ItemRevertResponse = StatusResponse
    RevertMetadata = ItemRevertRequest

_MODULES = {
    "AccessInfo": ".access_info",
    "AccessLevel": ".access_level",
    "AccessReport": ".access_report",
    "AccessReportResponse": ".access_report_response",
    "AccessRequestList": ".access_request_list",
    "AccessRequestResponse": ".access_request_response",
    "AccessSettings": ".access_settings",
    "ActionApprovalRequest": ".action_approval_request",
    "ActionApprovalRequestResponse": ".action_approval_request_response",
    "AddStudyLinkResponse": ".add_study_link_response",
    "AssociationInfo": ".association_info",
    "AuthRolesResponse": ".auth_roles_response",
    "CheckMembershipResponse": ".check_membership_response",
    "CollectionFormat": ".collection_format",
    "CollectionFormatApprovals": ".collection_format_approvals",
    "CollectionFormatAssociations": ".collection_format_associations",
    "CollectionFormatDatasetInfo": ".collection_format_dataset_info",
    "CollectionFormatSpatialInfo": ".collection_format_spatial_info",
    "CollectionFormatTemporalInfo": ".collection_format_temporal_info",
    "ComponentName": ".component_name",
    "CreatedDate": ".created_date",
    "CredentialResponse": ".credential_response",
    "Credentials": ".credentials",
    "CredentialsRequest": ".credentials_request",
    "DatasetDomainInfo": ".dataset_domain_info",
    "DatasetEthicsAccessCheck": ".dataset_ethics_access_check",
    "DatasetEthicsRegistrationCheck": ".dataset_ethics_registration_check",
    "DatasetFetchResponse": ".dataset_fetch_response",
    "DatasetListResponse": ".dataset_list_response",
    "DatasetTemplateCreateResponse": ".dataset_template_create_response",
    "DatasetTemplateDomainInfo": ".dataset_template_domain_info",
    "DatasetTemplateFetchResponse": ".dataset_template_fetch_response",
    "DatasetTemplateListResponse": ".dataset_template_list_response",
    "DatasetTemplateSeedResponse": ".dataset_template_seed_response",
    "DatasetType": ".dataset_type",
    "DeferredResource": ".deferred_resource",
    "DefinedResource": ".defined_resource",
    "DescribeAccessResponse": ".describe_access_response",
    "DescribeGroupResponse": ".describe_group_response",
    "DescribedRole": ".described_role",
    "ExportControls": ".export_controls",
    "FilterOptions": ".filter_options",
    "GeneralListRequest": ".general_list_request",
    "GenerateReportRequest": ".generate_report_request",
    "GenerateReportResponse": ".generate_report_response",
    "GetJobResponse": ".get_job_response",
    "GroupUser": ".group_user",
    "HealthCheckResponse": ".health_check_response",
    "HistoryEntryDatasetDomainInfo": ".history_entry_dataset_domain_info",
    "HistoryEntryDatasetTemplateDomainInfo": ".history_entry_dataset_template_domain_info",
    "HistoryEntryOrganisationDomainInfo": ".history_entry_organisation_domain_info",
    "HistoryEntryPersonDomainInfo": ".history_entry_person_domain_info",
    "HTTPValidationError": ".http_validation_error",
    "IndigenousKnowledgeCheck": ".indigenous_knowledge_check",
    "IntendedUserType": ".intended_user_type",
    "ItemCategory": ".item_category",
    "ItemDataset": ".item_dataset",
    "ItemDatasetTemplate": ".item_dataset_template",
    "ItemOrganisation": ".item_organisation",
    "ItemPerson": ".item_person",
    "ItemRevertRequest": ".item_revert_request",
    "ItemSubType": ".item_sub_type",
    "Job": ".job",
    "JobStatus": ".job_status",
    "JobSubType": ".job_sub_type",
    "JobType": ".job_type",
    "JsonSchemaResponse": ".json_schema_response",
    "LineageGraph": ".lineage_graph",
    "LineageLink": ".lineage_link",
    "LineageNode": ".lineage_node",
    "LineageResponse": ".lineage_response",
    "ListByBatchRequest": ".list_by_batch_request",
    "ListGroupsResponse": ".list_groups_response",
    "ListJobsRequest": ".list_jobs_request",
    "ListJobsResponse": ".list_jobs_response",
    "ListMembersResponse": ".list_members_response",
    "ListUserMembershipResponse": ".list_user_membership_response",
    "ListUserReviewingDatasetsRequest": ".list_user_reviewing_datasets_request",
    "LockActionType": ".lock_action_type",
    "LockChangeRequest": ".lock_change_request",
    "LockEvent": ".lock_event",
    "LockHistoryResponse": ".lock_history_response",
    "LockStatusResponse": ".lock_status_response",
    "MintResponse": ".mint_response",
    "ModelRunRecord": ".model_run_record",
    "NoFilterSubtypeListRequest": ".no_filter_subtype_list_request",
    "OrganisationCreateResponse": ".organisation_create_response",
    "OrganisationDomainInfo": ".organisation_domain_info",
    "OrganisationFetchResponse": ".organisation_fetch_response",
    "OrganisationListResponse": ".organisation_list_response",
    "OrganisationSeedResponse": ".organisation_seed_response",
    "PaginatedDatasetListResponse": ".paginated_dataset_list_response",
    "PaginatedListResponse": ".paginated_list_response",
    "PaginationKey": ".pagination_key",
    "PersonCreateResponse": ".person_create_response",
    "PersonDomainInfo": ".person_domain_info",
    "PersonFetchResponse": ".person_fetch_response",
    "PersonListResponse": ".person_list_response",
    "PersonSeedResponse": ".person_seed_response",
    "PostUpdateModelRunInput": ".post_update_model_run_input",
    "PostUpdateModelRunResponse": ".post_update_model_run_response",
    "PresignedURLRequest": ".presigned_url_request",
    "PresignedURLResponse": ".presigned_url_response",
    "PublishedDate": ".published_date",
    "QueryDatasetReleaseStatusType": ".query_dataset_release_status_type",
    "QueryRecordTypes": ".query_record_types",
    "QueryResult": ".query_result",
    "QueryResults": ".query_results",
    "RecordType": ".record_type",
    "RegisterBatchModelRunRequest": ".register_batch_model_run_request",
    "RegisterModelRunResponse": ".register_model_run_response",
    "RegistryFetchResponse": ".registry_fetch_response",
    "ReleaseAction": ".release_action",
    "ReleaseApprovalRequest": ".release_approval_request",
    "ReleaseApprovalRequestResponse": ".release_approval_request_response",
    "ReleaseHistoryEntry": ".release_history_entry",
    "ReleasedStatus": ".released_status",
    "ReportAuthorisationComponent": ".report_authorisation_component",
    "ReportComponentRole": ".report_component_role",
    "RequestAccessTableItem": ".request_access_table_item",
    "RequestStatus": ".request_status",
    "ResourceUsageType": ".resource_usage_type",
    "S3Location": ".s3_location",
    "Schema": ".schema",
    "SeededItem": ".seeded_item",
    "SortOptions": ".sort_options",
    "SortType": ".sort_type",
    "Status": ".status",
    "StatusResponse": ".status_response",
    "SubtypeFilterOptions": ".subtype_filter_options",
    "SubtypeListRequest": ".subtype_list_request",
    "TemplatedDataset": ".templated_dataset",
    "TemporalDurationInfo": ".temporal_duration_info",
    "UiSchemaResponse": ".ui_schema_response",
    "UntypedFetchResponse": ".untyped_fetch_response",
    "UpdateMetadataResponse": ".update_metadata_response",
    "UpdateResponse": ".update_response",
    "User": ".user",
    "UserGroup": ".user_group",
    "UserGroupMetadata": ".user_group_metadata",
    "UserLinkUserAssignRequest": ".user_link_user_assign_request",
    "UserLinkUserAssignResponse": ".user_link_user_assign_response",
    "UserLinkUserLookupResponse": ".user_link_user_lookup_response",
    "UserLinkUserValidateRequest": ".user_link_user_validate_request",
    "UserLinkUserValidateResponse": ".user_link_user_validate_response",
    "ValidationError": ".validation_error",
    "VersionDetails": ".version_details",
    "VersionRequest": ".version_request",
    "VersionResponse": ".version_response",
    "VersioningInfo": ".versioning_info",
    "WorkflowLinks": ".workflow_links",
}
_ALIASES = {
    "ItemRevertResponse": "StatusResponse",
    "RevertMetadata": "ItemRevertRequest",
}


def __getattr__(name: str) -> Any:
    target = _ALIASES.get(name, name)
    if target not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[target], __name__), target)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = (
    "AccessInfo",
    "AccessLevel",
    "AccessReport",
    "AccessReportResponse",
    "AccessRequestList",
    "AccessRequestResponse",
    "AccessSettings",
    "ActionApprovalRequest",
    "ActionApprovalRequestResponse",
    "AddStudyLinkResponse",
    "AssociationInfo",
    "AuthRolesResponse",
    "CheckMembershipResponse",
    "CollectionFormat",
    "CollectionFormatApprovals",
    "CollectionFormatAssociations",
    "CollectionFormatDatasetInfo",
    "CollectionFormatSpatialInfo",
    "CollectionFormatTemporalInfo",
    "ComponentName",
    "CreatedDate",
    "CredentialResponse",
    "Credentials",
    "CredentialsRequest",
    "DatasetDomainInfo",
    "DatasetEthicsAccessCheck",
    "DatasetEthicsRegistrationCheck",
    "DatasetFetchResponse",
    "DatasetListResponse",
    "DatasetTemplateCreateResponse",
    "DatasetTemplateDomainInfo",
    "DatasetTemplateFetchResponse",
    "DatasetTemplateListResponse",
    "DatasetTemplateSeedResponse",
    "DatasetType",
    "DeferredResource",
    "DefinedResource",
    "DescribeAccessResponse",
    "DescribedRole",
    "DescribeGroupResponse",
    "ExportControls",
    "FilterOptions",
    "GeneralListRequest",
    "GenerateReportRequest",
    "GenerateReportResponse",
    "GetJobResponse",
    "GroupUser",
    "HealthCheckResponse",
    "HistoryEntryDatasetDomainInfo",
    "HistoryEntryDatasetTemplateDomainInfo",
    "HistoryEntryOrganisationDomainInfo",
    "HistoryEntryPersonDomainInfo",
    "HTTPValidationError",
    "IndigenousKnowledgeCheck",
    "IntendedUserType",
    "ItemCategory",
    "ItemDataset",
    "ItemDatasetTemplate",
    "ItemOrganisation",
    "ItemPerson",
    "ItemRevertRequest",
    "ItemRevertResponse",
    "ItemSubType",
    "Job",
    "JobStatus",
    "JobSubType",
    "JobType",
    "JsonSchemaResponse",
    "LineageGraph",
    "LineageLink",
    "LineageNode",
    "LineageResponse",
    "ListByBatchRequest",
    "ListGroupsResponse",
    "ListJobsRequest",
    "ListJobsResponse",
    "ListMembersResponse",
    "ListUserMembershipResponse",
    "ListUserReviewingDatasetsRequest",
    "LockActionType",
    "LockChangeRequest",
    "LockEvent",
    "LockHistoryResponse",
    "LockStatusResponse",
    "MintResponse",
    "ModelRunRecord",
    "NoFilterSubtypeListRequest",
    "OrganisationCreateResponse",
    "OrganisationDomainInfo",
    "OrganisationFetchResponse",
    "OrganisationListResponse",
    "OrganisationSeedResponse",
    "PaginatedDatasetListResponse",
    "PaginatedListResponse",
    "PaginationKey",
    "PersonCreateResponse",
    "PersonDomainInfo",
    "PersonFetchResponse",
    "PersonListResponse",
    "PersonSeedResponse",
    "PostUpdateModelRunInput",
    "PostUpdateModelRunResponse",
    "PresignedURLRequest",
    "PresignedURLResponse",
    "PublishedDate",
    "QueryDatasetReleaseStatusType",
    "QueryRecordTypes",
    "QueryResult",
    "QueryResults",
    "RecordType",
    "RegisterBatchModelRunRequest",
    "RegisterModelRunResponse",
    "RegistryFetchResponse",
    "ReleaseAction",
    "ReleaseApprovalRequest",
    "ReleaseApprovalRequestResponse",
    "ReleasedStatus",
    "ReleaseHistoryEntry",
    "ReportAuthorisationComponent",
    "ReportComponentRole",
    "RequestAccessTableItem",
    "RequestStatus",
    "ResourceUsageType",
    "RevertMetadata",
    "S3Location",
    "Schema",
    "SeededItem",
    "SortOptions",
    "SortType",
    "Status",
    "StatusResponse",
    "SubtypeFilterOptions",
    "SubtypeListRequest",
    "TemplatedDataset",
    "TemporalDurationInfo",
    "UiSchemaResponse",
    "UntypedFetchResponse",
    "UpdateMetadataResponse",
    "UpdateResponse",
    "User",
    "UserGroup",
    "UserGroupMetadata",
    "UserLinkUserAssignRequest",
    "UserLinkUserAssignResponse",
    "UserLinkUserLookupResponse",
    "UserLinkUserValidateRequest",
    "UserLinkUserValidateResponse",
    "ValidationError",
    "VersionDetails",
    "VersioningInfo",
    "VersionRequest",
    "VersionResponse",
    "WorkflowLinks",
)
