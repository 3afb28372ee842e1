"""Compare what it costs to read and write one dataset, and a page of them.

``python scripts/bench/models.py`` prints medians for json.loads, the generated models, the generator's stock
output and pydantic 2, all on the same payload. Stock output cannot read the nulls that the services send, so
it gets the payload without them; the column "no nulls" is what compares with it.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pydantic

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from provena_api import models  # noqa: E402

from scripts.generate import build_stock, served  # noqa: E402
from scripts.generate_document import Json, merge  # noqa: E402

SIZE = 3700
PAGE = 20


def dataset() -> Json:
    """A recorded dataset with one state of history, filled in and lengthened to about 3.7 kB."""
    recorded = json.loads(
        (ROOT / "tests" / "data" / "wire" / "datastore-fetch.json").read_text(encoding="utf-8")
    )
    item: Json = next(entry for entry in recorded if entry["name"] == "fetch.ok.owner")["response"]["item"]
    info = item["collection_format"]["dataset_info"]
    info["spatial_info"] = {
        "coverage": "SRID=4326; POLYGON((145.0 -18.0, 147.5 -18.0, 147.5 -16.0, 145.0 -16.0, 145.0 -18.0))",
        "extent": "SRID=4326; POLYGON((145.0 -18.0, 147.5 -18.0, 147.5 -16.0, 145.0 -16.0, 145.0 -18.0))",
        "resolution": "0.01",
    }
    info["temporal_info"] = {
        "duration": {"begin_date": "2019-01-01", "end_date": "2023-12-31"},
        "resolution": "P1D",
    }
    info["formats"] = ["NetCDF", "CSV"]
    info["user_metadata"] = {"campaign": "AR-7", "vessel": "RV Example"}
    missing = SIZE - len(json.dumps(item, separators=(",", ":")))
    info["description"] += " covers the reef" * (max(missing, 0) // len(" covers the reef"))
    return item


def without_nulls(node: Any) -> Any:
    """The same JSON without the object members that are null."""
    if isinstance(node, dict):
        return {key: without_nulls(value) for key, value in node.items() if value is not None}
    if isinstance(node, list):
        return [without_nulls(entry) for entry in node]
    return node


def pydantic_models() -> dict[str, type[pydantic.BaseModel]]:
    """Pydantic models of the merged interface, made from its schemas."""
    schemas = merge(served())["components"]["schemas"]
    made: dict[str, Any] = {}

    def annotation(schema: Json) -> Any:
        if "allOf" in schema:
            return annotation(schema["allOf"][0])
        if "$ref" in schema:
            return model(schema["$ref"].rpartition("/")[2])
        if "anyOf" in schema:
            return str | int
        simple = {"boolean": bool, "integer": int, "number": float}
        match schema.get("type"), schema.get("format"):
            case "array", _:
                return list[annotation(schema["items"])]  # type: ignore[misc]
            case "object", _:
                return dict[str, Any]
            case "string", "date":
                return datetime.date
            case "string", "date-time":
                return datetime.datetime
            case "string", _:
                return str
            case kind, _:
                return simple[kind or ""]

    def model(name: str) -> Any:
        if name not in made:
            schema = schemas[name]
            if "enum" in schema:
                made[name] = Literal[tuple(schema["enum"])]
            else:
                required = schema.get("required", ())
                fields: dict[str, Any] = {}
                for key, value in schema["properties"].items():
                    kind = annotation(value)
                    default = ... if key in required else value.get("default")
                    fields[key] = (kind if default is not None else kind | None, default)
                config = pydantic.ConfigDict(extra="allow")
                made[name] = pydantic.create_model(name, __config__=config, **fields)
        return made[name]

    return {name: model(name) for name in ("ItemDataset", "DatasetListResponse")}


def median(work: Callable[[], object], seconds: float) -> float:
    """The median time of one call, in microseconds."""
    start = time.perf_counter()
    work()
    number = max(1, int(0.002 / max(time.perf_counter() - start, 1e-7)))
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        for _ in range(number):
            work()
        times.append((time.perf_counter() - start) / number)
    return statistics.median(times) * 1e6


def figures(payload: Json, name: str, stock: Any, seconds: float) -> dict[str, float]:
    """Microseconds for each way of reading or writing the payload; ways that fail on it are missing."""
    text = json.dumps(payload, separators=(",", ":"))
    ours, peer = getattr(models, name), pydantic_models()[name]
    loaded, validated = ours.from_dict(payload), peer.model_validate(payload)
    ways: dict[str, Callable[[], object]] = {
        "json.loads": lambda: json.loads(text),
        "ours: from_dict": lambda: ours.from_dict(payload),
        "stock: from_dict": lambda: getattr(stock, name).from_dict(payload),
        "pydantic 2: model_validate": lambda: peer.model_validate(payload),
        "ours: to_dict": loaded.to_dict,
        "stock: to_dict": lambda: None,
        "pydantic 2: model_dump(json)": lambda: validated.model_dump(mode="json"),
    }
    try:
        ways["stock: to_dict"] = getattr(stock, name).from_dict(payload).to_dict
    except (TypeError, ValueError):
        del ways["stock: from_dict"], ways["stock: to_dict"]
    return {way: median(work, seconds) for way, work in ways.items()}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="time for each figure (default: 1)")
    seconds = parser.parse_args(arguments).seconds
    with tempfile.TemporaryDirectory() as folder:
        build_stock(Path(folder) / "stock_api", merge(served()))
        sys.path.insert(0, folder)
        stock = importlib.import_module("stock_api.models")
    one = dataset()
    page = {"status": {"success": True, "details": "ok"}, "items": [one] * PAGE, "pagination_key": None}
    for title, payload, name in (
        ("One dataset", one, "ItemDataset"),
        (f"A page of {PAGE}", page, "DatasetListResponse"),
    ):
        lean = without_nulls(payload)
        full, bare = (figures(entry, name, stock, seconds) for entry in (payload, lean))
        sizes = [len(json.dumps(entry, separators=(",", ":"))) for entry in (payload, lean)]
        print(f"\n{title}: {sizes[0]:,} bytes, {sizes[1]:,} without nulls; medians in µs")
        print(f"{'':30}{'as sent':>12}{'no nulls':>12}{'of stock':>12}")
        for way, time_bare in bare.items():
            writes = way.endswith(("to_dict", "(json)"))
            reference = bare["stock: to_dict" if writes else "stock: from_dict"]
            as_sent = f"{full[way]:.1f}" if way in full else "cannot"
            print(f"{way:30}{as_sent:>12}{time_bare:>12.1f}{time_bare / reference:>12.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
