"""The datastore service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Literal

from provena_api.models import (
    CredentialResponse,
    CredentialsRequest,
    DatasetListResponse,
    HealthCheckResponse,
    ItemDataset,
    MintResponse,
    NoFilterSubtypeListRequest,
    PaginationKey,
    PresignedURLRequest,
    PresignedURLResponse,
    RegistryFetchResponse,
    ReleasedStatus,
    RevertMetadata,
    SortOptions,
    SortType,
    StatusResponse,
    UpdateMetadataResponse,
    VersionRequest,
    VersionResponse,
)

from provena_sdk import resources, workflows
from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.errors import MetadataProblem
from provena_sdk.operations.access import AccessLevel, UserAccess
from provena_sdk.operations.arguments import JsonSource, MetadataSource
from provena_sdk.operations.swapped import refuse_swapped, refuse_swapped_reason
from provena_sdk.paging import Page, Results
from provena_sdk.resources.dataset import InteractiveDataset
from provena_sdk.resources.files import IOSubModule
from provena_sdk.resources.provenance.jobs import Jobs
from provena_sdk.resources.review import ReviewSubModule
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import Transport
from provena_sdk.views.item_lists import DatasetList
from provena_sdk.workflows import batch, datastore, search
from provena_sdk.workflows.batch import FetchedDatasets
from provena_sdk.workflows.provenance.jobs import noted
from provena_sdk.workflows.registry import validation
from provena_sdk.workflows.search import DEFAULT_SEARCH_LIMIT, LoadedSearchResponse

if TYPE_CHECKING:
    from provena_sdk.resources.inventory import Inventory
    from provena_sdk.workflows.inventory import InventoryRow


@short_tracebacks
class Datastore:
    """Datasets: registering, finding, describing, versioning. Reached as ``provena.datastore``.

    Attributes:
        review: Reviewers and releases.
        io: Files of datasets.
    """

    def __init__(self, transport: Transport, io: IOSubModule, names: dict[str, str]) -> None:
        self._transport = transport
        self._jobs = Jobs(transport)
        self._names = names
        self.review = ReviewSubModule(transport)
        self.io = io

    def get_health_check(self) -> HealthCheckResponse:
        """Ask whether the datastore is up; needs no sign-in.

        Returns:
            The service's message.

        Raises:
            ProvenaError: It is down or cannot be reached.

        Example:
            >>> provena.datastore.get_health_check().message
            'Health check successful.'
        """
        return self._transport.run(datastore.health_check())

    def check_access(self, level: AccessLevel = "general") -> UserAccess:
        """Ask whether the signed-in user has a level of access to the datastore.

        Args:
            level: ``general``, ``read``, ``write`` or ``admin``.

        Returns:
            The user's name, address and roles.

        Raises:
            InvalidArgument: The level is unknown.
            RoleMissing: The user lacks the role.

        Example:
            >>> provena.datastore.check_access("write").roles[:2]
            ('entity-registry-read', 'entity-registry-write')
        """
        return self._transport.run(datastore.check_access(level))

    def get_dataset_schema(self) -> dict[str, object]:
        """Fetch the JSON schema of dataset metadata.

        Returns:
            The schema, as JSON data.

        Raises:
            RoleMissing: The user lacks the role ``entity-registry-read``.

        Example:
            >>> provena.datastore.get_dataset_schema()["type"]
            'object'
        """
        return self._transport.run(datastore.dataset_schema())

    def template(self, format: Literal["yaml", "json"] = "yaml", *, like: str | None = None) -> str:
        """Write a template for the metadata of a dataset, to be filled in and passed to :meth:`mint_dataset`.

        It follows the schema that the deployment serves. Your person is filled in as the custodian, and the
        organisation of your newest dataset, if there is one.

        Args:
            format: ``yaml``, with comments and all fields; ``json``, which has no comments, with the required fields.
            like: Handle of a dataset whose metadata are filled in instead, except for the approvals, about which a
                person has to decide again.

        Returns:
            The text, to be written to a file. A notebook shows it as lines.

        Raises:
            InvalidArgument: There is no such format, or ``like`` is not a handle.
            RoleMissing: The user lacks the role ``entity-registry-read``.
            DatasetNotFound: ``like`` does not exist.
            DatasetAccessDenied: It is private to others.

        Example:
            >>> text = provena.datastore.template()
            >>> [line for line in text.splitlines() if "name:" in line]
            ['  name: ""']
        """
        return self._transport.run(workflows.template.template(format, like))

    def fetch_dataset(self, id: str) -> RegistryFetchResponse:
        """Fetch a dataset's item: metadata, owner, history, versions and place of its files.

        Args:
            id: Handle of the dataset.

        Returns:
            The item, your roles on it, and whether it is locked.

        Raises:
            InvalidArgument: ``id`` is not a handle.
            DatasetNotFound: The dataset does not exist; the datastore answers 400.
            DatasetAccessDenied: It is private to others.

        Example:
            >>> provena.datastore.fetch_dataset("10378.1/1900011").item.display_name
            'Alpha reef survey'
        """
        return self._transport.run(datastore.fetch_dataset("id", id))

    def fetch_datasets(self, ids: Iterable[str], *, raise_for_failures: bool = True) -> FetchedDatasets:
        """Fetch the items of many datasets, several at a time.

        One that fails does not stop the others. A handle that is given twice is fetched once.

        Args:
            ids: Handles of the datasets.
            raise_for_failures: False to return what could be fetched even if some datasets failed.

        Returns:
            The items as from ``fetch_dataset``, in the order of ``ids``; also by handle in ``found``, and the errors of
            those that failed in ``failures``.

        Raises:
            InvalidArgument: An id is not a handle; its place is named, as in ``ids[3]``, and nothing was sent.
            FetchFailed: Some could not be fetched; ``fetched`` has the others, and the failures by handle.
            SignInError: Nobody is signed in.

        Example:
            >>> [answer.item.display_name for answer in provena.datastore.fetch_datasets(["10378.1/1900011"])]
            ['Alpha reef survey']
        """
        return self._transport.run(batch.fetch_datasets(ids, raise_for_failures=raise_for_failures))

    def latest_version(self, id: str) -> str:
        """Follow a dataset's versions to the newest one.

        Args:
            id: Handle of any version.

        Returns:
            Handle of the newest version; ``id`` itself when there is no newer one.

        Raises:
            InvalidArgument: ``id`` is not a handle.
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: A version on the way is private to others.

        Example:
            >>> provena.datastore.latest_version("10378.1/1900011")
            '10378.1/1900011'
        """
        return self._transport.run(datastore.latest_version("id", id))

    def mint_dataset(self, dataset_mint_info: MetadataSource, *, wait: bool = False) -> MintResponse:
        """Register a new dataset and mint its handle.

        Instead of their handles, ``organisation_id`` and ``publisher_id`` take the name or ROR of an organisation, and
        ``data_custodian_id`` the name, e-mail address or ORCID of a person.

        Args:
            dataset_mint_info: Its metadata: a ``DatasetMetadata``, a ``CollectionFormat``, a dict, a pydantic object of
                the same shape, or the path of a JSON or YAML file.
            wait: True to return only when the provenance service knows the dataset, which takes some seconds.

        Returns:
            The handle and the place for its files.

        Raises:
            InvalidMetadata: The service would refuse the metadata; ``problems`` has everything that is wrong.
            NameNotFound: No organisation or person has this name; nothing was registered.
            NameAmbiguous: Several have it; the error lists them.
            OperationRejected: It contradicts itself, or names an organisation that does not exist.
            ValidationFailed: The service found a field malformed.
            PersonNotLinked: Your account has no Person in the registry.
            OutcomeUnknown: The service failed, or its answer was lost: a dataset may exist nevertheless. Minting is
                never repeated by itself, because the service would mint once more.
            ConfigurationError: The deployment has no job service to wait for; nothing was minted.
            JobFailed: The dataset was minted, but its provenance could not be recorded; a note names its handle.
            JobTimedOut: The same, as it takes more than ten minutes.
        """
        if wait:
            # Fails before anything is registered, if there is no such service.
            self._transport.deployment.url_of("job")
        answer = self._transport.run(datastore.mint_dataset(dataset_mint_info))
        if wait and answer.register_create_activity_session_id:
            with noted(f"Dataset {answer.handle} was minted."):
                self._jobs.wait(answer.register_create_activity_session_id)
        return answer

    def validate_dataset_metadata(self, metadata_payload: MetadataSource) -> StatusResponse:
        """Validate metadata without registering anything.

        Args:
            metadata_payload: The metadata, as for :meth:`mint_dataset`.

        Returns:
            The service's message; it returns only when the metadata is valid.

        Raises:
            InvalidMetadata: The service would refuse the metadata; ``problems`` has everything that is wrong.
            NameNotFound: No organisation or person has this name.
            NameAmbiguous: Several have it; the error lists them.
            OperationRejected: It contradicts itself, or names what does not exist.
            ValidationFailed: The service found a field malformed; ``errors`` lists each place.
        """
        return self._transport.run(datastore.validate_metadata(metadata_payload))

    def metadata_problems(self, metadata_payload: MetadataSource) -> tuple[MetadataProblem, ...]:
        """Find everything that is wrong with metadata, without registering anything.

        Args:
            metadata_payload: The metadata, as for :meth:`mint_dataset`.

        Returns:
            What the SDK finds, including names that no organisation or person has; else what the service finds. For a
            file in the order of its lines, with line and column; empty if the metadata are valid.

        Raises:
            InvalidArgument: The file cannot be read, or it is not metadata at all.
            RoleMissing: The user lacks the role ``entity-registry-read``.

        Example:
            >>> for problem in provena.datastore.metadata_problems({"dataset_info": {"nmae": "Reef"}})[-2:]:
            ...     print(problem)
            dataset_info.publisher_id: missing
            dataset_info.nmae: unknown; did you mean name?
        """
        return self._transport.run(validation.problems(metadata_payload))

    def update_dataset_metadata(
        self, handle_id: str, reason: str, metadata_payload: MetadataSource
    ) -> UpdateMetadataResponse:
        """Replace a dataset's metadata; the former state stays in its history.

        Args:
            handle_id: Handle of the dataset.
            reason: Why, for the history; must not be empty.
            metadata_payload: All of its new metadata: a ``CollectionFormat``, a dict, a pydantic object, or the path
                of a JSON or YAML file.

        Returns:
            The handle and the place of its files.

        Raises:
            InvalidArgument: The handle or the reason is malformed.
            InvalidMetadata: The service would refuse the metadata; ``problems`` has everything that is wrong.
            NameNotFound: The metadata has a name that no organisation or person has.
            NameAmbiguous: Several have it; the error lists them.
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: It belongs to somebody else.
            DatasetLocked: It is locked.
            BadRequest: The metadata contradicts itself.
            OutcomeUnknown: The service failed; the change may have been made nevertheless.
        """
        refuse_swapped(self.update_dataset_metadata, "handle_id", handle_id, reason, metadata_payload)
        refuse_swapped_reason(self.update_dataset_metadata, reason, metadata_payload)
        return self._transport.run(datastore.update_metadata(handle_id, reason, metadata_payload))

    def revert_dataset_metadata(
        self,
        metadata_payload: RevertMetadata | JsonSource | None = None,
        *,
        id: str | None = None,
        history_id: int | None = None,
        reason: str | None = None,
    ) -> StatusResponse:
        """Restore an earlier state of a dataset's metadata.

        Args:
            metadata_payload: The request as one object; or give the keywords below.
            id: Handle of the dataset.
            history_id: Number of the state, as in the item's ``history``.
            reason: Why, for the history; must not be empty.

        Returns:
            The service's message.

        Raises:
            InvalidArgument: A field is missing or malformed.
            BadRequest: The state does not exist.
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: It belongs to somebody else.
            DatasetLocked: It is locked.
            OutcomeUnknown: The service failed; the change may have been made nevertheless.
        """
        return self._transport.run(
            datastore.revert_metadata(metadata_payload, id=id, history_id=history_id, reason=reason)
        )

    def version_dataset(
        self,
        version_request: VersionRequest | JsonSource | None = None,
        *,
        id: str | None = None,
        reason: str | None = None,
        wait: bool = False,
    ) -> VersionResponse:
        """Create a new version of a dataset: a new handle, owned by you, not released and without files.

        Args:
            version_request: The request as one object; or give the keywords below.
            id: Handle of the newest version so far.
            reason: Why; must not be empty.
            wait: True to return only when the provenance service knows the version, which takes some seconds.

        Returns:
            The new handle.

        Raises:
            InvalidArgument: A field is missing or malformed.
            BadRequest: It is not the newest version, or unknown.
            DatasetAccessDenied: It belongs to somebody else, or is not a dataset.
            OutcomeUnknown: The service failed, or its answer was lost: a version may exist nevertheless.
            ConfigurationError: The deployment has no job service to wait for; no version was made.
            JobFailed: The version was made, but its provenance could not be recorded; a note names its handle.
            JobTimedOut: The same, as it takes more than ten minutes.
        """
        if wait:
            # Fails before anything is registered, if there is no such service.
            self._transport.deployment.url_of("job")
        answer = self._transport.run(datastore.version_dataset(version_request, id=id, reason=reason))
        if wait and answer.version_job_session_id:
            with noted(f"Version {answer.new_version_id} was made."):
                self._jobs.wait(answer.version_job_session_id)
        return answer

    def list_datasets(
        self,
        list_dataset_request: NoFilterSubtypeListRequest | JsonSource | None = None,
        *,
        page_size: int | None = None,
        sort_by: SortOptions | SortType | str | None = None,
        ascending: bool | None = None,
        begins_with: str | None = None,
        pagination_key: PaginationKey | JsonSource | None = None,
    ) -> DatasetListResponse:
        """Fetch one page of the listing.

        A page may be short or even empty before the end of the list: only a missing ``pagination_key`` marks the end.
        ``for_all_datasets`` follows the pages for you.

        Args:
            list_dataset_request: The request as one object; keywords override it.
            page_size: Rows a page before permissions are applied; the service's default is 20.
            sort_by: ``UPDATED_TIME``, ``CREATED_TIME``, ``DISPLAY_NAME`` or ``ACCESS_INFO_URI_BEGINS_WITH``.
            ascending: True for the smallest or oldest first.
            begins_with: What ``ACCESS_INFO_URI_BEGINS_WITH`` looks for.
            pagination_key: Key of the page, as the page before gave it, with the same sort.

        Returns:
            The page.

        Raises:
            InvalidArgument: The page size is not positive, or the sort is one the service cannot do.

        Example:
            >>> page = provena.datastore.list_datasets(page_size=1, sort_by="DISPLAY_NAME", ascending=True)
            >>> [dataset.display_name for dataset in page.items]
            ['Alpha reef survey']
        """
        return self._transport.run(
            datastore.list_datasets(
                datastore.list_request(
                    list_dataset_request,
                    page_size=page_size,
                    sort_by=sort_by,
                    ascending=ascending,
                    begins_with=begins_with,
                    pagination_key=pagination_key,
                )
            )
        )

    def for_all_datasets(
        self,
        list_dataset_request: NoFilterSubtypeListRequest | JsonSource | None = None,
        total_limit: int | None = None,
        *,
        page_size: int | None = None,
        sort_by: SortOptions | SortType | str | None = None,
        ascending: bool | None = None,
        begins_with: str | None = None,
        owner: str | None = None,
        status: ReleasedStatus | str | None = None,
        modified_since: date | str | None = None,
    ) -> Results[ItemDataset]:
        """Iterate over every dataset you may see, fetching the next page while you work on this one.

        The service cannot choose: ``owner``, ``status`` and ``modified_since`` leave datasets out as their pages come.
        With ``modified_since`` and the usual order, the listing ends at the first dataset that is older.

        Args:
            list_dataset_request: Page size and sort as one object; keywords override it.
            total_limit: Datasets at most; None for all.
            page_size: Rows a page; 200 unless this says, or a request asks for another number than the usual 20.
            sort_by: ``UPDATED_TIME``, ``CREATED_TIME``, ``DISPLAY_NAME`` or ``ACCESS_INFO_URI_BEGINS_WITH``.
            ascending: True for the smallest or oldest first.
            begins_with: What ``ACCESS_INFO_URI_BEGINS_WITH`` looks for.
            owner: User name of who registered them, such as ``provena.whoami().username``.
            status: ``not-released``, ``pending`` or ``released``.
            modified_since: A day or a time, in the local time zone unless it says otherwise; also as text such as
                ``2024-12-31`` or ``2024-12-31T18:00Z``. Only datasets whose metadata changed since then.

        Returns:
            An iterator that shows its first rows; also ``.first()``, ``.head()``, ``.pages()``, ``.all()`` and
            ``.to_pandas()``.

        Raises:
            InvalidArgument: A limit is negative, the sort is one the service cannot do, or a choice is malformed.
            UnreadableAnswer: No dataset of a page matches the interface. Where others do, a warning names those that
                do not, and ``.unreadable`` lists them.

        Example:
            >>> names = provena.datastore.for_all_datasets(sort_by="DISPLAY_NAME", ascending=True, total_limit=1)
            >>> [dataset.display_name for dataset in names]
            ['Alpha reef survey']
            >>> names = provena.datastore.for_all_datasets(owner="writer", status="released")
            >>> [dataset.display_name for dataset in names]
            []
        """
        filtered = (owner, status, modified_since) != (None, None, None)
        body = datastore.listing(
            list_dataset_request,
            total_limit,
            page_size=page_size,
            filtered=filtered,
            sort_by=sort_by,
            ascending=ascending,
            begins_with=begins_with,
        )
        chosen = (
            workflows.listing_filter.listing_filter(
                body, owner=owner, status=status, modified_since=modified_since
            )
            if filtered
            else None
        )

        def fetch(key: object | None) -> Page[ItemDataset]:
            page = self._transport.run(datastore.list_page(body, key))
            return page if chosen is None else chosen.of(page)

        return Results(fetch, self._transport.submit, total_limit=total_limit, kind=DatasetList)

    def list_all_datasets(self, sort_criteria: SortOptions | SortType | str | None = None) -> DatasetList:
        """Fetch every dataset you may see.

        Args:
            sort_criteria: As ``sort_by`` of ``for_all_datasets``; newest change first when None.

        Returns:
            All of them, as a list that prints as a table; also ``.to_pandas()``, ``.map()`` and ``.timeline()``.

        Raises:
            InvalidArgument: The sort is one the service cannot do.

        Example:
            >>> "Alpha reef survey" in [dataset.display_name for dataset in provena.datastore.list_all_datasets()]
            True
        """
        return DatasetList(self.for_all_datasets(sort_by=sort_criteria).all())

    def inventory(
        self,
        *,
        files: bool = False,
        total_limit: int | None = None,
        sort_by: SortOptions | SortType | str | None = None,
        ascending: bool | None = None,
    ) -> Inventory:
        """Take an inventory of every dataset you may see: a row each, with names of owners and organisations.

        Args:
            files: True to count each dataset's files and bytes, several datasets at a time. A dataset whose files you
                may not list, or that fails, has the reason in the column ``failure``, and does not stop the others.
            total_limit: Datasets at most; None for all.
            sort_by: As in ``for_all_datasets``; newest change first when None.
            ascending: True for the smallest or oldest first.

        Returns:
            An iterator over the rows, fetched page by page, so that any number of datasets takes little memory; also
            ``.to_pandas()``, ``.to_parquet(path)`` and ``.to_excel(path)``.

        Raises:
            InvalidArgument: A limit is negative, or the sort is one the service cannot do.

        Example:
            >>> for row in provena.datastore.inventory(files=True, sort_by="DISPLAY_NAME", ascending=True):
            ...     print(row.handle, row.owner_name, row.organisation, row.files, row.bytes)
            10378.1/1900011 Wren Castellanos Coral Sea Institute 2 ...
            ...
        """
        body = workflows.inventory.request(
            files=files, total_limit=total_limit, sort_by=sort_by, ascending=ascending
        )
        names = workflows.inventory.KnownNames(self._names)

        def fetch(key: object | None) -> Page[InventoryRow]:
            page = self._transport.run(workflows.inventory.page(body, key, names))
            if not files:
                return Page(page.rows, page.key, page.unreadable)
            return run_sync(resources.inventory.with_files(self.io._datasets, page))

        return resources.inventory.open_inventory(fetch, self._transport.submit, total_limit)

    def generate_dataset_presigned_url(
        self,
        dataset_presigned_request: PresignedURLRequest | JsonSource | None = None,
        *,
        dataset_id: str | None = None,
        file_path: str | None = None,
        expires_in: int | None = None,
    ) -> PresignedURLResponse:
        """Get a URL that lets anyone who has it download one file without signing in. Treat it as a secret.

        Args:
            dataset_presigned_request: The request as one object; or give the keywords below.
            dataset_id: Handle of the dataset.
            file_path: Path of the file in the dataset; the service refuses any that holds ``..``, ``//`` or a
                backslash.
            expires_in: Seconds it lives, between 1 and 86,400; the service's default is 10,800.

        Returns:
            The URL, with dataset and path.

        Raises:
            InvalidArgument: A field is missing or malformed.
            FileNotInDataset: The file does not exist.
            DatasetAccessDenied: You may not read the dataset's files.
        """
        return self._transport.run(
            datastore.presigned_url(
                dataset_presigned_request, dataset_id=dataset_id, file_path=file_path, expires_in=expires_in
            )
        )

    def generate_read_access_credentials(
        self,
        credentials: CredentialsRequest | JsonSource | None = None,
        *,
        dataset_id: str | None = None,
        console_session_required: bool | None = None,
    ) -> CredentialResponse:
        """Get temporary credentials to read a dataset's files. The file methods do this for you.

        Args:
            credentials: The request as one object; or give the keywords below.
            dataset_id: Handle of the dataset.
            console_session_required: True for a link to the store's web console as well; False when None.

        Returns:
            The credentials and when they expire. The repr leaves them out.

        Raises:
            InvalidArgument: A field is missing or malformed.
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: You may not read its files.
        """
        return self._transport.run(
            datastore.read_credentials(
                credentials, dataset_id=dataset_id, console_session_required=console_session_required
            )
        )

    def generate_write_access_credentials(
        self,
        credentials: CredentialsRequest | JsonSource | None = None,
        *,
        dataset_id: str | None = None,
        console_session_required: bool | None = None,
    ) -> CredentialResponse:
        """Get temporary credentials to read and write a dataset's files. The file methods do this for you.

        Args:
            credentials: The request as one object; or give the keywords below.
            dataset_id: Handle of the dataset.
            console_session_required: True for a link to the store's web console as well; False when None.

        Returns:
            The credentials and when they expire. The repr leaves them out.

        Raises:
            InvalidArgument: A field is missing or malformed.
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: You may not write its files.
            DatasetLocked: It is locked.
            Forbidden: A release is pending or done.
        """
        return self._transport.run(
            datastore.write_credentials(
                credentials, dataset_id=dataset_id, console_session_required=console_session_required
            )
        )

    def search_datasets(
        self,
        query: str,
        limit: int = DEFAULT_SEARCH_LIMIT,
        *,
        bbox: tuple[float, float, float, float] | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
    ) -> LoadedSearchResponse:
        """Search datasets and load every hit, several at a time.

        The service cannot search by place or time: ``bbox``, ``since`` and ``until`` choose among the hits that were
        loaded, by the place and the time that their metadata give. A hit without a place, or without a time, is left
        out when one is asked for. So ask for more hits than you want.

        Args:
            query: What to look for.
            limit: Hits at most, between 1 and 50; some of them may be left out.
            bbox: West, south, east and north in degrees; west is greater than east for a box across the date line.
                A dataset is kept if the box around its data, or around a part of them, meets it.
            since: A day, as a date or as text such as ``2024-12-31``, ``2024-12`` or ``2024``; datasets whose data
                end before it are left out.
            until: A day as well; datasets whose data begin after it are left out.

        Returns:
            The hits in their order with scores; those that cannot be read or loaded, or are left out, are listed
            apart. It shows itself as a table, and has ``map()``, ``timeline()`` and ``to_geojson()``.

        Raises:
            InvalidArgument: The query is empty, the limit out of range, or a box or a date malformed.
            RoleMissing: The user lacks the role ``entity-registry-read``.

        Example:
            >>> print(provena.datastore.search_datasets("alpha", since="2020"))
            dataset          name               status        place                         time
            10378.1/1900011  Alpha reef survey  not released  145°E to 155°E, 25°S to 10°S  2010-02-01 to 2021-04-03
        """
        return self._transport.run(search.search_datasets(query, limit, bbox=bbox, since=since, until=until))

    def interactive_dataset(self, dataset_id: str) -> InteractiveDataset:
        """Work on one dataset without naming it again. Nothing is sent yet.

        Args:
            dataset_id: Handle of the dataset.

        Returns:
            The dataset, ready to work on.

        Raises:
            InvalidArgument: ``dataset_id`` is not a handle.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> reef.fetch_dataset().item.display_name
            'Alpha reef survey'
        """
        return InteractiveDataset(dataset_id, self._transport, self.io, self._names)
