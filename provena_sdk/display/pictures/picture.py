"""Pictures that show themselves in a notebook, as text elsewhere, and can be saved."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

from provena_sdk.display.html import Html, fragment
from provena_sdk.display.notebook import pretty
from provena_sdk.display.text import printable, quoted

_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
_STANDALONE: Final = (
    "<style>.provena-picture{color:#1c2126}"
    "@media (prefers-color-scheme:dark){.provena-picture{color:#e4e7ea}}</style>"
)


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """An SVG picture. It needs no script and no network, and takes the colour of the text around it.

    Attributes:
        title: What it shows.
        width: Its width in pixels.
        height: Its height in pixels.
        content: The SVG elements in it.
        text: The same in words, for where no picture can be shown.
    """

    title: str
    width: float
    height: float
    content: str
    text: str

    @property
    def svg(self) -> str:
        """The picture as SVG that stands alone, readable in light and dark."""
        return self._drawn(_STANDALONE)

    def inline(self) -> Html:
        """Return the picture as a part of HTML."""
        return Html(self._drawn(""))

    def save(self, path: str | Path) -> Path:
        """Write the picture to an SVG file.

        Args:
            path: The file, ``.svg``; one that exists is replaced.

        Returns:
            The path.

        Raises:
            ValueError: The file's name says that it is not SVG; ``plot()`` draws maps that matplotlib saves as PNG or
                PDF.
            OSError: The file cannot be written.
        """
        target = Path(path)
        if target.suffix.lower() not in ("", ".svg"):
            raise ValueError(
                f"path must end in .svg, not {quoted(target.suffix, 20)}: a picture is saved as SVG. For another "
                "format, draw the map with plot(), whose axes have matplotlib's figure.savefig(path)."
            )
        target.write_text(self.svg, encoding="utf-8")
        return target

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Picture {printable(self.title, 120)!r}>"

    def _repr_html_(self) -> str:
        return fragment(self.inline())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _drawn(self, style: str) -> str:
        size = f'width="{self.width:.0f}" height="{self.height:.0f}" viewBox="0 0 {self.width:.0f} {self.height:.0f}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="provena-picture" role="img" {size} '
            f'fill="currentColor" font-family="{_FONT}" font-size="10">'
            f"<title>{escape(printable(self.title))}</title>{style}{self.content}</svg>"
        )
