"""Datasets for demonstrations, with files, places, times, versions, reviews and a model run; the same at each start."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from provena_sdk.sandbox.data.items import Item
from provena_sdk.sandbox.data.registry import State
from provena_sdk.sandbox.data.storage import Storage
from provena_sdk.sandbox.data.users import STANDARD_USERS
from provena_sdk.sandbox.seed import (
    FORCING_TEMPLATE,
    ORGANISATIONS,
    RESULT_TEMPLATE,
    RUN_TEMPLATE,
    add_dataset,
    metadata,
)
from provena_sdk.sandbox.work.workers import Work

REEF: Final = "10378.1/1451860"
"""The dataset that the documents speak of."""

# Small files in formats that need a library to write; scripts/demo_files.py makes them.
_FILES: Final = Path(__file__).with_name("demo_files")
_SITES: Final = ("Lizard Island", "Heron Island", "Lady Elliot Island")
_GREAT_BARRIER_REEF: Final = (
    "SRID=4326;POLYGON((142.5 -10.7, 145.5 -10.7, 154 -24.5, 151 -24.5, 142.5 -10.7))"
)
_MONTHS: Final = 12


def add_demo(state: State, storage: Storage, work: Work) -> None:
    """Add the datasets to a state that has the organisations and persons, and nothing else."""
    demo = _Demo(state, storage, work)
    demo.add_reef()
    demo.add_survey()
    demo.add_tides()
    demo.add_model_result()
    demo.add_fish_counts()
    demo.add_versions()
    demo.add_pending()
    demo.add_private()


class _Demo:
    """Adds one dataset after the other; their handles follow from the order."""

    def __init__(self, state: State, storage: Storage, work: Work) -> None:
        self._state = state
        self._storage = storage
        self._work = work

    def add_reef(self) -> None:
        files = {f"obs/{year}.csv": observations(year) for year in (2022, 2023, 2024)}
        files |= {path.relative_to(_FILES).as_posix(): path.read_bytes() for path in _packaged()}
        item = self._add(
            "Coral bleaching of the Great Barrier Reef",
            "Daily water temperature and share of bleached coral at three islands, and monthly maps.",
            date(2025, 2, 3),
            files,
            handle=REEF,
            coverage=_GREAT_BARRIER_REEF,
            period=("2022-01-01", "2024-12-31"),
            keywords=["coral", "bleaching", "temperature"],
            formats=["csv", "netCDF", "Parquet", "Zarr"],
        )
        changed = {**item.metadata, "dataset_info": {**item.metadata["dataset_info"]}}
        changed["dataset_info"]["purpose"] = "To find out which reefs are at risk."
        item.set_metadata(changed)
        item.record("Add the purpose", item.owner, _at(date(2025, 3, 14)))
        self._storage.write_metadata(item.id, changed)
        self._state.put(item)

    def add_survey(self) -> None:
        self._add(
            "Alpha reef survey",
            "Water temperature at one site, measured by divers.",
            date(2025, 2, 10),
            {"obs/2024.csv": b"day,temperature\n2024-01-01,27.5\n"},
            coverage="SRID=4326;POLYGON((145 -10, 155 -10, 155 -25, 145 -25, 145 -10))",
            period=("2010-02-01", "2021-04-03"),
            keywords=["coral", "survey"],
            formats=["csv"],
        )

    def add_tides(self) -> None:
        months = [date(2024, month, 1) for month in range(1, _MONTHS + 1)]
        self._add(
            "Tides of the reef",
            "Hourly sea level at Lizard Island.",
            date(2025, 2, 17),
            {f"tides/{month:%Y-%m}.csv": tides(month) for month in months},
            coverage="SRID=4326;POINT(145.45 -14.67)",
            period=("2024-01-01", "2024-12-31"),
            keywords=["sea level", "tide"],
            formats=["csv"],
        )

    def add_model_result(self) -> None:
        result = self._add(
            "Heat stress of the Great Barrier Reef 2024",
            "Degree heating weeks, computed by Thermox from measured temperatures.",
            date(2025, 3, 20),
            {"heat/2024.csv": heat_stress()},
            coverage=_GREAT_BARRIER_REEF,
            period=("2024-01-01", "2024-12-31"),
            keywords=["coral", "heat stress", "model"],
            formats=["csv"],
        )
        writer = STANDARD_USERS[result.owner].person
        record = {
            "workflow_template_id": RUN_TEMPLATE,
            "model_version": "2.1",
            "inputs": [_templated(FORCING_TEMPLATE, REEF, {"forcing": "obs/2024.csv"})],
            "outputs": [_templated(RESULT_TEMPLATE, result.id, {"result": "heat/2024.csv"})],
            "annotations": None,
            "display_name": "Heat stress 2024",
            "description": "Heat stress from daily temperatures",
            "study_id": None,
            "associations": {"modeller_id": writer, "requesting_organisation_id": next(iter(ORGANISATIONS))},
            "start_time": _at(date(2025, 3, 19)),
            "end_time": _at(date(2025, 3, 20)),
        }
        self._work.submit(result.owner, "MODEL_RUN_PROV_LODGE", record=record, revalidate=False)

    def add_fish_counts(self) -> None:
        counts = self._add(
            "Fish counts at Ningaloo Reef",
            "Fish that divers counted along 12 transects.",
            date(2024, 11, 4),
            {"counts.csv": fish_counts(), "protocol.txt": b"Two divers swim 50 m side by side.\n"},
            owner="writer2",
            coverage="SRID=4326;POLYGON((113.6 -21.8, 114.2 -21.8, 114.2 -23.2, 113.6 -23.2, 113.6 -21.8))",
            period=("2019-05-01", "2021-08-31"),
            keywords=["fish", "survey"],
            formats=["csv"],
        )
        counts.group_roles = {"coral-team": ("metadata-read", "metadata-write", "dataset-data-read")}
        self._review(counts, "REQUEST", date(2024, 11, 5), "PENDING", "Ready for the journal.")
        self._review(counts, "APPROVE", date(2024, 11, 11), "RELEASED", "Well described.")

    def add_versions(self) -> None:
        place = "SRID=4326;POLYGON((153.1 -27.1, 153.5 -27.1, 153.5 -27.8, 153.1 -27.8, 153.1 -27.1))"
        facts: dict[str, Any] = {"coverage": place, "keywords": ["seagrass"], "formats": ["csv"]}
        name, text = "Seagrass cover of Moreton Bay", "Share of the sea floor that seagrass covers."
        first = self._add(
            name,
            text,
            date(2023, 7, 3),
            {"cover.csv": b"site,cover\nAmity,0.4\n"},
            period=("2023-04-01", "2023-04-30"),
            **facts,
        )
        second = self._add(
            name,
            text,
            date(2024, 7, 1),
            {"cover.csv": b"site,cover\nAmity,0.5\nPeel Island,0.7\n"},
            period=("2023-04-01", "2024-04-30"),
            **facts,
        )
        reason = "Add the survey of 2024"
        second.versioning = {
            **second.versioning,
            "previous_version": first.id,
            "version": 2,
            "reason": reason,
        }
        first.versioning = {**first.versioning, "next_version": second.id}
        second.version_workflow = self._work.record_version(first, second)
        self._state.put(first)
        self._state.put(second)

    def add_pending(self) -> None:
        item = self._add(
            "Water temperature in the Torres Strait",
            "Hourly temperature of three loggers.",
            date(2025, 4, 7),
            {"loggers.csv": b"logger,temperature\n1,28.4\n2,28.9\n3,28.1\n"},
            coverage="SRID=4326;POLYGON((141.5 -9.3, 143.5 -9.3, 143.5 -10.8, 141.5 -10.8, 141.5 -9.3))",
            period=("2025-01-01", "2025-03-31"),
            keywords=["temperature"],
            formats=["csv"],
        )
        self._review(item, "REQUEST", date(2025, 4, 8), "PENDING", "Please have a look before May.")

    def add_private(self) -> None:
        item = self._add(
            "Turtle nests of Raine Island",
            "Positions of nests, which are not public.",
            date(2025, 1, 20),
            {"nests.csv": b"nest,eggs\n1,104\n2,97\n"},
            owner="regadmin",
            coverage="SRID=4326;POINT(144.04 -11.59)",
            period=("2024-11-01", "2024-12-31"),
            keywords=["turtles"],
            formats=["csv"],
        )
        item.general_roles = ()
        self._state.put(item)

    def _add(
        self,
        name: str,
        description: str,
        created: date,
        files: Mapping[str, bytes],
        *,
        coverage: str,
        period: tuple[str, str],
        owner: str = "writer",
        handle: str | None = None,
        **info: Any,
    ) -> Item:
        described = metadata(
            name,
            description=description,
            created_date={"relevant": True, "value": created.isoformat()},
            spatial_info={"coverage": coverage, "resolution": None, "extent": None},
            temporal_info={
                "duration": dict(zip(("begin_date", "end_date"), period, strict=True)),
                "resolution": None,
            },
            **info,
        )
        described["associations"]["data_custodian_id"] = STANDARD_USERS[owner].person
        return add_dataset(
            self._state,
            self._storage,
            described,
            owner=owner,
            files=files,
            work=self._work,
            handle=handle,
            created=_at(created),
        )

    def _review(self, item: Item, action: str, day: date, status: str, notes: str) -> None:
        reviewer = STANDARD_USERS["reviewer"].person or ""
        self._state.reviewers.add(reviewer)
        asked = action == "REQUEST"
        entry = {
            "action": action,
            "timestamp": _at(day),
            "approver": reviewer,
            "requester": STANDARD_USERS[item.owner].person if asked else None,
            "notes": notes,
        }
        item.body |= {
            "release_history": [*item.body["release_history"], entry],
            "release_status": status,
            "release_approver": reviewer,
            "release_timestamp": _at(day),
        }
        item.updated = _at(day)
        self._state.put(item)


def observations(year: int) -> bytes:
    """Return a year of daily measurements at three islands, as CSV."""
    first = date(year, 1, 1)
    lines = ["day,site,temperature,bleached"]
    for number in range((date(year + 1, 1, 1) - first).days):
        for warmer, site in enumerate(reversed(_SITES)):
            season = math.cos(2 * math.pi * (number - 40) / 365.25)
            weather = math.sin(1.7 * number + warmer) + math.sin(0.31 * number + year)
            degrees = 25.0 + 0.7 * warmer + 2.6 * season + 0.3 * weather
            bleached = max(0.0, degrees - 28.6) * 12
            lines.append(f"{first + timedelta(days=number)},{site},{degrees:.1f},{bleached:.0f}")
    return _lines(lines)


def tides(month: date) -> bytes:
    """Return a month of hourly sea levels, as CSV."""
    first = datetime(month.year, month.month, 1)
    following = (first + timedelta(days=31)).replace(day=1)
    lines = ["time,level"]
    for hour in range((following - first).days * 24):
        time = first + timedelta(hours=hour)
        since = (time - datetime(month.year, 1, 1)).total_seconds() / 3600
        level = math.sin(2 * math.pi * since / 12.42) + 0.4 * math.sin(2 * math.pi * since / 23.93)
        lines.append(f"{time:%Y-%m-%dT%H:%M},{level:.2f}")
    return _lines(lines)


def heat_stress() -> bytes:
    """Return the degree heating weeks of a year at three islands, as CSV."""
    lines = ["week,site,degree_heating_weeks"]
    for week in range(1, 53):
        for warmer, site in enumerate(reversed(_SITES)):
            stress = max(0.0, (4 + 2 * warmer) * math.cos(2 * math.pi * (week - 11) / 52))
            lines.append(f"{week},{site},{stress:.1f}")
    return _lines(lines)


def fish_counts() -> bytes:
    """Return the counts along 12 transects, as CSV."""
    lines = ["transect,species,count"]
    for transect in range(1, 13):
        for number, species in enumerate(("parrotfish", "coral trout", "damselfish")):
            lines.append(f"{transect},{species},{(7 * transect + 11 * number) % 19}")
    return _lines(lines)


def _lines(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _packaged() -> list[Path]:
    return sorted(path for path in _FILES.rglob("*") if path.is_file())


def _at(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 2, tzinfo=UTC).timestamp())


def _templated(template: str, dataset: str, resources: dict[str, str]) -> dict[str, Any]:
    return {
        "dataset_template_id": template,
        "dataset_id": dataset,
        "dataset_type": "DATA_STORE",
        "resources": resources,
    }
