"""Start a job that links a run of a model to a study. Not safe to repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.add_study_link_response import AddStudyLinkResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    model_run_id: str,
    study_id: str,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        model_run_id: Handle of the run.
        study_id: Handle of the study.
    """
    params: dict[str, Any] = {
        "model_run_id": model_run_id,
        "study_id": study_id,
    }
    return {
        "method": "POST",
        "url": "/model_run/edit/link_to_study",
        "params": params,
    }


def parse(data: Any) -> AddStudyLinkResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return AddStudyLinkResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    model_run_id: str,
    study_id: str,
) -> AddStudyLinkResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            model_run_id=model_run_id,
            study_id=study_id,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    model_run_id: str,
    study_id: str,
) -> AddStudyLinkResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            model_run_id=model_run_id,
            study_id=study_id,
        )
    )
    response.raise_for_status()
    return parse(response.json())
