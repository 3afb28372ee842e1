"""Iterate over long lists; the next page is fetched while the caller works on the current one."""

from provena_sdk.paging.async_results import AsyncResults as AsyncResults
from provena_sdk.paging.async_results import AsyncSubmit as AsyncSubmit
from provena_sdk.paging.page import Page as Page
from provena_sdk.paging.page import PageKey as PageKey
from provena_sdk.paging.page import UnreadableItem as UnreadableItem
from provena_sdk.paging.page import VisitedKeys as VisitedKeys
from provena_sdk.paging.results import Results as Results
from provena_sdk.paging.results import Submit as Submit
