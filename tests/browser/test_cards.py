"""Cards, maps and timelines in a real browser, on light and dark pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from provena_api import models

from provena_sdk.coverage.extent import Extent
from provena_sdk.coverage.period import Period
from provena_sdk.sandbox.seed import metadata
from provena_sdk.views.dataset_card import dataset_card
from provena_sdk.workflows.search import LoadedSearchItem, LoadedSearchResponse

pytestmark = pytest.mark.browser
sync_api = pytest.importorskip(
    "playwright.sync_api", reason="the dependency group 'browser' is not installed"
)

AREAS = {
    "Alpha reef survey": "POLYGON((145 -25, 155 -25, 155 -10, 145 -10, 145 -25))",
    "Fiji moorings": "POLYGON((177 -20, -178 -20, -178 -15, 177 -15, 177 -20))",
    "Global sea surface temperature with a rather long name of many words": (
        "POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))"
    ),
    "Lizard Island <b>station</b>": "POINT(145.45 -14.67)",
}
THEMES = {"light": ("#ffffff", "rgb(28, 33, 38)"), "dark": ("#111417", "rgb(228, 231, 234)")}
# What JupyterLab and nbconvert say about tables and pictures in an output.
NOTEBOOK = (
    ".jp-RenderedHTMLCommon table{border-collapse:collapse;border-spacing:0;margin:auto;table-layout:fixed}"
    ".jp-RenderedHTMLCommon:not(.jp-RenderedMarkdown) :is(td,th,tr){text-align:right;"
    "vertical-align:middle;padding:.5em;white-space:nowrap}"
    ".jp-RenderedHTMLCommon tbody tr:nth-child(odd){background:rgba(128,128,128,.2)}"
)


def items() -> list[models.ItemDataset]:
    """Datasets in several places of the world."""
    made = []
    for number, (name, area) in enumerate(AREAS.items()):
        form = metadata(name)
        form["dataset_info"] |= {
            "keywords": ["reef", "temperature"],
            "spatial_info": {"coverage": f"SRID=4326;{area}", "extent": None, "resolution": "0.1"},
            "temporal_info": {
                "duration": {
                    "begin_date": f"20{10 + number}-01-01",
                    "end_date": f"20{14 + 3 * number}-12-31",
                },
                "resolution": "P1D",
            },
        }
        made.append(
            models.ItemDataset.from_dict(
                {
                    "id": f"10378.1/190001{number}",
                    "display_name": name,
                    "owner_username": "ada",
                    "created_timestamp": 1_764_000_000,
                    "updated_timestamp": 1_764_000_000,
                    "record_type": "COMPLETE_ITEM",
                    "collection_format": form,
                    "s3": {"bucket_name": "b", "path": "p/", "s3_uri": "s3://b/p/"},
                    "release_status": ("NOT_RELEASED", "PENDING", "RELEASED", "NOT_RELEASED")[number],
                    "history": [],
                }
            )
        )
    return made


def shown() -> dict[str, str]:
    """What is shown, by name."""
    made = items()
    found = LoadedSearchResponse([LoadedSearchItem(item.id, 1.0, item) for item in made])
    card = dataset_card(
        made[0], locked=True, owner_name="Ada Lovelace", organisation_name="Reef Institute", files=12
    )
    return {
        "card": card._repr_html_(),
        "global": dataset_card(made[2])._repr_html_(),
        "search": found._repr_html_(),
        "map": found.map()._repr_html_(),
        "timeline": found.timeline()._repr_html_(),
        "extent": Extent.from_ewkt(f"SRID=4326;{AREAS['Fiji moorings']}")._repr_html_(),
        "period": Period(date(2024, 3, 1), date(2024, 5, 31))._repr_html_(),
        "record": made[0].collection_format._repr_html_() or "",
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "Chromium is not installed"
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=found, headless=True, args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


def page_of(html: str, theme: str) -> str:
    """A page as a notebook's, with one output in it."""
    background, colour = THEMES[theme]
    return (
        f"<!doctype html><meta charset=utf-8><style>body{{background:{background};color:{colour};margin:16px}}"
        f'{NOTEBOOK}</style><div class="jp-RenderedHTMLCommon">{html}</div>'
    )


@pytest.mark.parametrize("width", [900, 420])
@pytest.mark.parametrize("theme", THEMES)
def test_all_read_light_and_dark_without_scripts_and_network(browser: Any, theme: str, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 700}, java_script_enabled=True, color_scheme=theme
    )
    page = context.new_page()
    requests: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    for name, html in shown().items():
        page.set_content(page_of(html, theme))
        colours = page.eval_on_selector_all(
            "div.provena, div.provena *:not(style, svg, svg *)",
            "all => [...new Set(all.map(one => getComputedStyle(one).color))]",
        )
        assert colours == [THEMES[theme][1]], name
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, name
        aligned = page.eval_on_selector_all(
            "div.provena td:not(.p-number)",
            "all => [...new Set(all.map(one => getComputedStyle(one).textAlign))]",
        )
        assert aligned in ([], ["left"]), name
        for box in page.eval_on_selector_all(
            "div.provena svg[role=img]", "all => all.map(one => one.getBoundingClientRect().width)"
        ):
            assert box > 150, name
    assert requests == []
    assert problems == []
    context.close()


def test_what_a_notebook_strips_leaves_the_text(browser: Any) -> None:
    page = browser.new_page()
    page.set_content(shown()["search"])
    page.evaluate("document.querySelectorAll('style, svg').forEach(one => one.remove())")
    text = page.inner_text("body")
    for name in AREAS:
        assert name in text
    assert "145°E to 155°E, 25°S to 10°S" in text
    page.close()
