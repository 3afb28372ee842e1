"""Python SDK for Provena: find, read, register and release datasets.

Start with :class:`Provena`, or :class:`AsyncProvena` in async code. Everything below is loaded when it is first
used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import provena_api

if TYPE_CHECKING:
    from provena_api.models import *  # noqa: F403 reason= the models' names are the interface's

    from provena_sdk._version import __version__ as __version__
    from provena_sdk.async_client import AsyncProvena as AsyncProvena
    from provena_sdk.cache.file_cache import CopyList as CopyList
    from provena_sdk.cache.file_cache import DamagedFile as DamagedFile
    from provena_sdk.cache.file_cache import DamagedFiles as DamagedFiles
    from provena_sdk.cache.file_cache import FileCache as FileCache
    from provena_sdk.cache.records import CachedCopy as CachedCopy
    from provena_sdk.client import Provena as Provena
    from provena_sdk.config import Deployment as Deployment
    from provena_sdk.config import Explanation as Explanation
    from provena_sdk.coverage.extent import Extent as Extent
    from provena_sdk.coverage.period import Period as Period
    from provena_sdk.datasets.file_list import FileList as FileList
    from provena_sdk.datasets.file_list import FolderSize as FolderSize
    from provena_sdk.datasets.file_list import FolderSizes as FolderSizes
    from provena_sdk.diagnosis.checks import Check as Check
    from provena_sdk.diagnosis.checks import Checks as Checks
    from provena_sdk.diagnosis.report import Diagnosis as Diagnosis
    from provena_sdk.display.changes import Change as Change
    from provena_sdk.display.pictures.picture import Picture as Picture
    from provena_sdk.errors import *  # noqa: F403 reason= the error tree is public as a whole
    from provena_sdk.export.citation import Citation as Citation
    from provena_sdk.export.document import ExportedDocument as ExportedDocument
    from provena_sdk.lineage import Lineage as Lineage
    from provena_sdk.lockfile.lock_file import Difference as Difference
    from provena_sdk.lockfile.lock_file import Differences as Differences
    from provena_sdk.lockfile.lock_file import LockedDataset as LockedDataset
    from provena_sdk.lockfile.lock_file import LockFile as LockFile
    from provena_sdk.logs import Retry as Retry
    from provena_sdk.metadata.builder import DatasetMetadata as DatasetMetadata
    from provena_sdk.metadata.extents import FilesExtent as FilesExtent
    from provena_sdk.operations.access import UserAccess as UserAccess
    from provena_sdk.operations.raw import ServiceAnswer as ServiceAnswer
    from provena_sdk.other_tools.aws_profile import AwsProfile as AwsProfile
    from provena_sdk.other_tools.store_credentials import StoreCredentials as StoreCredentials
    from provena_sdk.paging import AsyncResults as AsyncResults
    from provena_sdk.paging import Results as Results
    from provena_sdk.paging import UnreadableItem as UnreadableItem
    from provena_sdk.preview import ArrayPreview as ArrayPreview
    from provena_sdk.preview import Preview as Preview
    from provena_sdk.preview import PreviewColumn as PreviewColumn
    from provena_sdk.preview import PreviewVariable as PreviewVariable
    from provena_sdk.preview import TablePreview as TablePreview
    from provena_sdk.preview import TextPreview as TextPreview
    from provena_sdk.resources._async.dataset import AsyncInteractiveDataset as AsyncInteractiveDataset
    from provena_sdk.resources._async.datastore import AsyncDatastore as AsyncDatastore
    from provena_sdk.resources._async.files import AsyncIOSubModule as AsyncIOSubModule
    from provena_sdk.resources._async.groups import AsyncGroups as AsyncGroups
    from provena_sdk.resources._async.interactive.editing import AsyncMetadataEdit as AsyncMetadataEdit
    from provena_sdk.resources._async.interactive.sharing import AsyncDatasetRelease as AsyncDatasetRelease
    from provena_sdk.resources._async.organisations import AsyncOrganisations as AsyncOrganisations
    from provena_sdk.resources._async.people import AsyncPeople as AsyncPeople
    from provena_sdk.resources._async.provenance.jobs import AsyncJobs as AsyncJobs
    from provena_sdk.resources._async.provenance.model_runs import AsyncModelRun as AsyncModelRun
    from provena_sdk.resources._async.registry import AsyncRegistry as AsyncRegistry
    from provena_sdk.resources._async.review import AsyncReviewSubModule as AsyncReviewSubModule
    from provena_sdk.resources._async.reviews import AsyncReviews as AsyncReviews
    from provena_sdk.resources._async.roles import AsyncRoles as AsyncRoles
    from provena_sdk.resources._async.search import AsyncSearch as AsyncSearch
    from provena_sdk.resources.dataset import InteractiveDataset as InteractiveDataset
    from provena_sdk.resources.datastore import Datastore as Datastore
    from provena_sdk.resources.files import IOSubModule as IOSubModule
    from provena_sdk.resources.groups import Groups as Groups
    from provena_sdk.resources.interactive.editing import MetadataEdit as MetadataEdit
    from provena_sdk.resources.interactive.sharing import DatasetRelease as DatasetRelease
    from provena_sdk.resources.inventory import AsyncInventory as AsyncInventory
    from provena_sdk.resources.inventory import Inventory as Inventory
    from provena_sdk.resources.organisations import Organisations as Organisations
    from provena_sdk.resources.people import People as People
    from provena_sdk.resources.provenance.jobs import Jobs as Jobs
    from provena_sdk.resources.provenance.model_runs import ModelRun as ModelRun
    from provena_sdk.resources.registry import Registry as Registry
    from provena_sdk.resources.review import ReviewSubModule as ReviewSubModule
    from provena_sdk.resources.reviews import Reviews as Reviews
    from provena_sdk.resources.roles import Roles as Roles
    from provena_sdk.resources.search import Search as Search
    from provena_sdk.s3.models import FileInfo as FileInfo
    from provena_sdk.transfer.plan import AsyncDownloadPlan as AsyncDownloadPlan
    from provena_sdk.transfer.plan import AsyncUploadPlan as AsyncUploadPlan
    from provena_sdk.transfer.plan import DownloadPlan as DownloadPlan
    from provena_sdk.transfer.plan import UploadPlan as UploadPlan
    from provena_sdk.transfer.progress.fsspec import FsspecProgress as FsspecProgress
    from provena_sdk.transfer.progress.meter import Progress as Progress
    from provena_sdk.transfer.progress.rich import RichProgress as RichProgress
    from provena_sdk.transfer.progress.tqdm import TqdmProgress as TqdmProgress
    from provena_sdk.transfer.report import FileOutcome as FileOutcome
    from provena_sdk.transfer.report import TransferReport as TransferReport
    from provena_sdk.transfer.report import Verification as Verification
    from provena_sdk.transfer.report import VerifiedFile as VerifiedFile
    from provena_sdk.transfer.spec.items import PlanItem as PlanItem
    from provena_sdk.views.history import History as History
    from provena_sdk.views.history import HistoryEntry as HistoryEntry
    from provena_sdk.views.history import UserName as UserName
    from provena_sdk.views.item_lists import DatasetList as DatasetList
    from provena_sdk.views.item_lists import JobList as JobList
    from provena_sdk.views.item_lists import OrganisationList as OrganisationList
    from provena_sdk.views.item_lists import PersonList as PersonList
    from provena_sdk.views.metadata_diff import MetadataDiff as MetadataDiff
    from provena_sdk.views.tabular import TabularList as TabularList
    from provena_sdk.views.versions import DatasetVersion as DatasetVersion
    from provena_sdk.views.versions import DatasetVersions as DatasetVersions
    from provena_sdk.workflows.access.groups import GroupList as GroupList
    from provena_sdk.workflows.access.groups import MemberList as MemberList
    from provena_sdk.workflows.access.locks import LockHistory as LockHistory
    from provena_sdk.workflows.access.releases import Inbox as Inbox
    from provena_sdk.workflows.access.releases import ReleaseState as ReleaseState
    from provena_sdk.workflows.access.releases import ReleaseStep as ReleaseStep
    from provena_sdk.workflows.access.releases import ReviewerList as ReviewerList
    from provena_sdk.workflows.access.releases import ReviewRequest as ReviewRequest
    from provena_sdk.workflows.access.roles import Role as Role
    from provena_sdk.workflows.access.roles import RoleReport as RoleReport
    from provena_sdk.workflows.access.roles import RoleRequest as RoleRequest
    from provena_sdk.workflows.access.roles import RoleRequestList as RoleRequestList
    from provena_sdk.workflows.access.settings import DatasetAccess as DatasetAccess
    from provena_sdk.workflows.access.settings import DatasetRoles as DatasetRoles
    from provena_sdk.workflows.access.settings import GroupAccess as GroupAccess
    from provena_sdk.workflows.batch import FetchedDatasets as FetchedDatasets
    from provena_sdk.workflows.inventory import InventoryList as InventoryList
    from provena_sdk.workflows.inventory import InventoryRow as InventoryRow
    from provena_sdk.workflows.registry.items import ItemList as ItemList
    from provena_sdk.workflows.registry.items import RegistryItem as RegistryItem
    from provena_sdk.workflows.registry.names import PersonName as PersonName
    from provena_sdk.workflows.registry.naming import Matches as Matches
    from provena_sdk.workflows.search import DATASTORE_DEFAULT_SEARCH_LIMIT as DATASTORE_DEFAULT_SEARCH_LIMIT
    from provena_sdk.workflows.search import DEFAULT_SEARCH_LIMIT as DEFAULT_SEARCH_LIMIT
    from provena_sdk.workflows.search import FailedSearchItem as FailedSearchItem
    from provena_sdk.workflows.search import LoadedSearchItem as LoadedSearchItem
    from provena_sdk.workflows.search import LoadedSearchResponse as LoadedSearchResponse
    from provena_sdk.workflows.search import UnauthorisedSearchItem as UnauthorisedSearchItem

# The models show themselves through it; it is imported when it is first needed.
provena_api.presenter = "provena_sdk.views.presenter"

_HOMES = {
    "_version": ("__version__",),
    "async_client": ("AsyncProvena",),
    "cache.file_cache": ("CopyList", "DamagedFile", "DamagedFiles", "FileCache"),
    "cache.records": ("CachedCopy",),
    "client": ("Provena",),
    "config": ("Deployment", "Explanation"),
    "coverage.extent": ("Extent",),
    "coverage.period": ("Period",),
    "display.pictures.picture": ("Picture",),
    "datasets.file_list": ("FileList", "FolderSize", "FolderSizes"),
    "display.changes": ("Change",),
    "export.citation": ("Citation",),
    "export.document": ("ExportedDocument",),
    "diagnosis.checks": ("Check", "Checks"),
    "diagnosis.report": ("Diagnosis",),
    "lineage": ("Lineage",),
    "lockfile.lock_file": ("Difference", "Differences", "LockFile", "LockedDataset"),
    "logs": ("Retry",),
    "metadata.builder": ("DatasetMetadata",),
    "metadata.extents": ("FilesExtent",),
    "preview": (
        "ArrayPreview",
        "Preview",
        "PreviewColumn",
        "PreviewVariable",
        "TablePreview",
        "TextPreview",
    ),
    "s3.models": ("FileInfo",),
    "transfer.spec.items": ("PlanItem",),
    "transfer.plan": ("AsyncDownloadPlan", "AsyncUploadPlan", "DownloadPlan", "UploadPlan"),
    "transfer.progress.fsspec": ("FsspecProgress",),
    "transfer.progress.meter": ("Progress",),
    "transfer.progress.rich": ("RichProgress",),
    "transfer.progress.tqdm": ("TqdmProgress",),
    "transfer.report": ("FileOutcome", "TransferReport", "Verification", "VerifiedFile"),
    "views.history": ("History", "HistoryEntry", "UserName"),
    "views.metadata_diff": ("MetadataDiff",),
    "views.versions": ("DatasetVersion", "DatasetVersions"),
    "workflows.access.groups": ("GroupList", "MemberList"),
    "workflows.access.locks": ("LockHistory",),
    "workflows.access.releases": ("Inbox", "ReleaseState", "ReleaseStep", "ReviewRequest", "ReviewerList"),
    "workflows.access.roles": ("Role", "RoleReport", "RoleRequest", "RoleRequestList"),
    "workflows.access.settings": ("DatasetAccess", "DatasetRoles", "GroupAccess"),
    "operations.access": ("UserAccess",),
    "operations.raw": ("ServiceAnswer",),
    "workflows.inventory": ("InventoryList", "InventoryRow"),
    "workflows.batch": ("FetchedDatasets",),
    "views.item_lists": ("DatasetList", "JobList", "OrganisationList", "PersonList"),
    "views.tabular": ("TabularList",),
    "workflows.registry.items": ("ItemList", "RegistryItem"),
    "workflows.registry.names": ("PersonName",),
    "workflows.registry.naming": ("Matches",),
    "workflows.search": (
        "DATASTORE_DEFAULT_SEARCH_LIMIT",
        "DEFAULT_SEARCH_LIMIT",
        "FailedSearchItem",
        "LoadedSearchItem",
        "LoadedSearchResponse",
        "UnauthorisedSearchItem",
    ),
    "other_tools.aws_profile": ("AwsProfile",),
    "other_tools.store_credentials": ("StoreCredentials",),
    "paging": ("AsyncResults", "Results", "UnreadableItem"),
    "resources._async.dataset": ("AsyncInteractiveDataset",),
    "resources._async.interactive.editing": ("AsyncMetadataEdit",),
    "resources._async.interactive.sharing": ("AsyncDatasetRelease",),
    "resources._async.datastore": ("AsyncDatastore",),
    "resources._async.files": ("AsyncIOSubModule",),
    "resources._async.groups": ("AsyncGroups",),
    "resources._async.organisations": ("AsyncOrganisations",),
    "resources._async.people": ("AsyncPeople",),
    "resources._async.registry": ("AsyncRegistry",),
    "resources._async.provenance.jobs": ("AsyncJobs",),
    "resources._async.provenance.model_runs": ("AsyncModelRun",),
    "resources._async.review": ("AsyncReviewSubModule",),
    "resources._async.reviews": ("AsyncReviews",),
    "resources._async.roles": ("AsyncRoles",),
    "resources._async.search": ("AsyncSearch",),
    "resources.dataset": ("InteractiveDataset",),
    "resources.interactive.editing": ("MetadataEdit",),
    "resources.interactive.sharing": ("DatasetRelease",),
    "resources.datastore": ("Datastore",),
    "resources.files": ("IOSubModule",),
    "resources.inventory": ("AsyncInventory", "Inventory"),
    "resources.groups": ("Groups",),
    "resources.organisations": ("Organisations",),
    "resources.people": ("People",),
    "resources.registry": ("Registry",),
    "resources.provenance.jobs": ("Jobs",),
    "resources.provenance.model_runs": ("ModelRun",),
    "resources.review": ("ReviewSubModule",),
    "resources.reviews": ("Reviews",),
    "resources.roles": ("Roles",),
    "resources.search": ("Search",),
}
_HOME_OF = {name: f"provena_sdk.{home}" for home, names in _HOMES.items() for name in names}
_WHOLE = ("provena_sdk.errors", "provena_api.models")


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    value: Any
    if name == "__all__":
        # Asked for by a star import, which takes what this page names and nothing that happens to be loaded.
        value = [public for public in __dir__() if not public.startswith("_")]
    elif home is not None:
        value = getattr(import_module(home), name)
    else:
        # Only classes have such names: the names of modules must not load all models.
        for module in map(import_module, _WHOLE if name[:1].isupper() else ()):
            if name in module.__all__:
                value = getattr(module, name)
                break
        else:
            raise AttributeError(f"module 'provena_sdk' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    whole = {name for module in map(import_module, _WHOLE) for name in module.__all__}
    return sorted({*_HOME_OF, *whole})
