"""What the benchmark of opening files measured, as a picture: one panel a reading."""

from __future__ import annotations

from scripts.bench.transfer_picture import GAP, HEAD, LINE, NAMES, Bar, framed, panel

WIDTH = NAMES + 190 + 60 + GAP


def picture(
    shown: dict[tuple[int, str, str], float], jobs: dict[str, str], contenders: dict[str, str]
) -> str:
    """Return an SVG picture of the times.

    Args:
        shown: Seconds by delay in ms, job and contender.
        jobs: The jobs' titles by name.
        contenders: The contenders' titles by key.
    """
    delays = list(dict.fromkeys(delay for delay, _, _ in shown))
    height = HEAD + LINE * len(contenders) + GAP
    panels = []
    for column, delay in enumerate(delays):
        for row, (job, title) in enumerate(jobs.items()):
            bars = [
                Bar(name, shown[delay, job, key], key == "ours")
                for key, name in contenders.items()
                if (delay, job, key) in shown
            ]
            place = f"translate({GAP + column * WIDTH} {GAP + row * height})"
            panels.append(f'<g transform="{place}">{panel(f"{title}, {delay} ms", bars)}</g>')
    return framed(
        panels, GAP + len(delays) * WIDTH, GAP + len(jobs) * height, "Seconds for each reading, by contender"
    )
