"""The data that goes to the services and comes back. Each model is loaded when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .access_info import AccessInfo
    from .action_approval_request import ActionApprovalRequest
    from .action_approval_request_response import ActionApprovalRequestResponse
    from .collection_format import CollectionFormat
    from .collection_format_approvals import CollectionFormatApprovals
    from .collection_format_associations import CollectionFormatAssociations
    from .collection_format_dataset_info import CollectionFormatDatasetInfo
    from .collection_format_spatial_info import CollectionFormatSpatialInfo
    from .collection_format_temporal_info import CollectionFormatTemporalInfo
    from .created_date import CreatedDate
    from .credential_response import CredentialResponse
    from .credentials import Credentials
    from .credentials_request import CredentialsRequest
    from .dataset_domain_info import DatasetDomainInfo
    from .dataset_ethics_access_check import DatasetEthicsAccessCheck
    from .dataset_ethics_registration_check import DatasetEthicsRegistrationCheck
    from .dataset_list_response import DatasetListResponse
    from .export_controls import ExportControls
    from .health_check_response import HealthCheckResponse
    from .history_entry_dataset_domain_info import HistoryEntryDatasetDomainInfo
    from .http_validation_error import HTTPValidationError
    from .indigenous_knowledge_check import IndigenousKnowledgeCheck
    from .item_category import ItemCategory
    from .item_dataset import ItemDataset
    from .item_revert_request import ItemRevertRequest
    from .item_revert_response import ItemRevertResponse
    from .item_sub_type import ItemSubType
    from .mint_response import MintResponse
    from .no_filter_subtype_list_request import NoFilterSubtypeListRequest
    from .pagination_key import PaginationKey
    from .presigned_url_request import PresignedURLRequest
    from .presigned_url_response import PresignedURLResponse
    from .published_date import PublishedDate
    from .query_result import QueryResult
    from .query_results import QueryResults
    from .record_type import RecordType
    from .registry_fetch_response import RegistryFetchResponse
    from .release_action import ReleaseAction
    from .release_approval_request import ReleaseApprovalRequest
    from .release_approval_request_response import ReleaseApprovalRequestResponse
    from .release_history_entry import ReleaseHistoryEntry
    from .released_status import ReleasedStatus
    from .s3_location import S3Location
    from .schema import Schema
    from .seeded_item import SeededItem
    from .sort_options import SortOptions
    from .sort_type import SortType
    from .status import Status
    from .temporal_duration_info import TemporalDurationInfo
    from .update_metadata_response import UpdateMetadataResponse
    from .user import User
    from .validation_error import ValidationError
    from .version_request import VersionRequest
    from .version_response import VersionResponse
    from .versioning_info import VersioningInfo
    from .workflow_links import WorkflowLinks

    RevertMetadata = ItemRevertRequest
    StatusResponse = ItemRevertResponse

_MODULES = {
    "AccessInfo": ".access_info",
    "ActionApprovalRequest": ".action_approval_request",
    "ActionApprovalRequestResponse": ".action_approval_request_response",
    "CollectionFormat": ".collection_format",
    "CollectionFormatApprovals": ".collection_format_approvals",
    "CollectionFormatAssociations": ".collection_format_associations",
    "CollectionFormatDatasetInfo": ".collection_format_dataset_info",
    "CollectionFormatSpatialInfo": ".collection_format_spatial_info",
    "CollectionFormatTemporalInfo": ".collection_format_temporal_info",
    "CreatedDate": ".created_date",
    "CredentialResponse": ".credential_response",
    "Credentials": ".credentials",
    "CredentialsRequest": ".credentials_request",
    "DatasetDomainInfo": ".dataset_domain_info",
    "DatasetEthicsAccessCheck": ".dataset_ethics_access_check",
    "DatasetEthicsRegistrationCheck": ".dataset_ethics_registration_check",
    "DatasetListResponse": ".dataset_list_response",
    "ExportControls": ".export_controls",
    "HealthCheckResponse": ".health_check_response",
    "HistoryEntryDatasetDomainInfo": ".history_entry_dataset_domain_info",
    "HTTPValidationError": ".http_validation_error",
    "IndigenousKnowledgeCheck": ".indigenous_knowledge_check",
    "ItemCategory": ".item_category",
    "ItemDataset": ".item_dataset",
    "ItemRevertRequest": ".item_revert_request",
    "ItemRevertResponse": ".item_revert_response",
    "ItemSubType": ".item_sub_type",
    "MintResponse": ".mint_response",
    "NoFilterSubtypeListRequest": ".no_filter_subtype_list_request",
    "PaginationKey": ".pagination_key",
    "PresignedURLRequest": ".presigned_url_request",
    "PresignedURLResponse": ".presigned_url_response",
    "PublishedDate": ".published_date",
    "QueryResult": ".query_result",
    "QueryResults": ".query_results",
    "RecordType": ".record_type",
    "RegistryFetchResponse": ".registry_fetch_response",
    "ReleaseAction": ".release_action",
    "ReleaseApprovalRequest": ".release_approval_request",
    "ReleaseApprovalRequestResponse": ".release_approval_request_response",
    "ReleaseHistoryEntry": ".release_history_entry",
    "ReleasedStatus": ".released_status",
    "S3Location": ".s3_location",
    "Schema": ".schema",
    "SeededItem": ".seeded_item",
    "SortOptions": ".sort_options",
    "SortType": ".sort_type",
    "Status": ".status",
    "TemporalDurationInfo": ".temporal_duration_info",
    "UpdateMetadataResponse": ".update_metadata_response",
    "User": ".user",
    "ValidationError": ".validation_error",
    "VersionRequest": ".version_request",
    "VersionResponse": ".version_response",
    "VersioningInfo": ".versioning_info",
    "WorkflowLinks": ".workflow_links",
}
_ALIASES = {
    "RevertMetadata": "ItemRevertRequest",
    "StatusResponse": "ItemRevertResponse",
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
    "ActionApprovalRequest",
    "ActionApprovalRequestResponse",
    "CollectionFormat",
    "CollectionFormatApprovals",
    "CollectionFormatAssociations",
    "CollectionFormatDatasetInfo",
    "CollectionFormatSpatialInfo",
    "CollectionFormatTemporalInfo",
    "CreatedDate",
    "CredentialResponse",
    "Credentials",
    "CredentialsRequest",
    "DatasetDomainInfo",
    "DatasetEthicsAccessCheck",
    "DatasetEthicsRegistrationCheck",
    "DatasetListResponse",
    "ExportControls",
    "HealthCheckResponse",
    "HistoryEntryDatasetDomainInfo",
    "HTTPValidationError",
    "IndigenousKnowledgeCheck",
    "ItemCategory",
    "ItemDataset",
    "ItemRevertRequest",
    "ItemRevertResponse",
    "ItemSubType",
    "MintResponse",
    "NoFilterSubtypeListRequest",
    "PaginationKey",
    "PresignedURLRequest",
    "PresignedURLResponse",
    "PublishedDate",
    "QueryResult",
    "QueryResults",
    "RecordType",
    "RegistryFetchResponse",
    "ReleaseAction",
    "ReleaseApprovalRequest",
    "ReleaseApprovalRequestResponse",
    "ReleasedStatus",
    "ReleaseHistoryEntry",
    "RevertMetadata",
    "S3Location",
    "Schema",
    "SeededItem",
    "SortOptions",
    "SortType",
    "Status",
    "StatusResponse",
    "TemporalDurationInfo",
    "UpdateMetadataResponse",
    "User",
    "ValidationError",
    "VersioningInfo",
    "VersionRequest",
    "VersionResponse",
    "WorkflowLinks",
)
