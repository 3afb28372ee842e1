"""HTML that reads in notebooks, light and dark, without scripts and without the network.

Text takes the colour of the page around it, and lines and fills are translucent greys and middle tones, so that nothing
has to know the theme: notebook programs disagree on how to ask for it. Without its style sheet, as a notebook that is
not trusted shows it, the HTML still reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final, Literal, TypeAlias

from provena_sdk.display.text import LIMIT, printable

Tone: TypeAlias = Literal["plain", "good", "waiting", "bad"]

_FONT: Final = "system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif"
_SHORT: Final = 26
"""Cells with so many characters, such as a span of time, stay on one line."""

_STYLE: Final = (
    f"div.provena{{font:13px/1.45 {_FONT};text-align:left;max-width:64em;margin:4px 0}}"
    "div.provena .p-box{border:1px solid rgba(128,128,128,.35);border-radius:8px;padding:12px 14px}"
    "div.provena .p-title{font-size:15px;font-weight:600;margin:0 0 2px}"
    "div.provena .p-quiet{opacity:.72}"
    "div.provena .p-line{margin:0 0 8px}"
    "div.provena a{color:inherit;text-decoration:underline;text-decoration-color:#4a7fd4;text-underline-offset:2px}"
    "div.provena .p-badge{display:inline-block;border:1px solid rgba(128,128,128,.5);border-radius:9px;"
    "padding:0 7px;margin:0 6px 0 0;font-size:12px;font-weight:400}"
    "div.provena .p-good{border-color:#3a9468;background:rgba(58,148,104,.18)}"
    "div.provena .p-waiting{border-color:#b8931f;background:rgba(184,147,31,.18)}"
    "div.provena .p-bad{border-color:#cc4b45;background:rgba(204,75,69,.18)}"
    "div.provena .p-side{display:flex;flex-wrap:wrap;gap:8px 22px;align-items:flex-start}"
    "div.provena .p-side>*{flex:1 1 300px;min-width:0}"
    "div.provena .p-side>.p-map{flex:0 1 360px}"
    "div.provena table{border-collapse:collapse;margin:4px 0;font-size:13px;border:0;table-layout:auto}"
    "div.provena table th,div.provena table td{text-align:left!important;vertical-align:top;padding:2px 14px 2px 0;"
    "background:none;border:0;white-space:normal!important;max-width:44em;overflow-wrap:anywhere}"
    "div.provena table tr{background:none!important}"
    "div.provena .p-wide{overflow-x:auto}"
    "div.provena table.p-rows th,div.provena table.p-rows td{padding:3px 14px 3px 0;"
    "border-bottom:1px solid rgba(128,128,128,.22)}"
    "div.provena table.p-rows th{border-bottom-color:rgba(128,128,128,.5);font-weight:600}"
    "div.provena table.p-rows a{white-space:nowrap}"
    "div.provena table.p-facts th{font-weight:400;opacity:.72;overflow-wrap:normal}"
    "div.provena table .p-short{white-space:nowrap!important}"
    "div.provena table .p-number{text-align:right!important;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "div.provena pre{margin:8px 0 0;padding:6px 9px;border-radius:5px;background:rgba(128,128,128,.12);"
    "font-size:12px;color:inherit;white-space:pre-wrap;overflow-wrap:anywhere}"
    "div.provena svg.provena-picture{display:block;max-width:100%;height:auto;margin:2px 0 6px}"
)


class Html(str):
    """Text that is HTML already; all other text is escaped where it enters HTML."""

    __slots__ = ()


def html(value: object, limit: int = LIMIT) -> Html:
    r"""Return a value as HTML: escaped, printable and bounded, unless it is HTML already. None is nothing.

    Example:
        >>> html("<b>\x1b[2J"), html(Html("<br>")), html(None)
        ('&lt;b&gt;\\x1b[2J', '<br>', '')
    """
    if isinstance(value, Html):
        return value
    return Html("" if value is None else escape(printable(value, limit)))


def element(tag: str, *content: object, kind: str = "") -> Html:
    """Return an element with a CSS class.

    Example:
        >>> element("td", 1 < 2, kind="p-quiet")
        '<td class="p-quiet">True</td>'
    """
    start = f'{tag} class="{escape(kind)}"' if kind else tag
    return Html(f"<{start}>{''.join(map(html, content))}</{tag}>")


def link(url: str | None, text: object) -> Html:
    """Return a link, or only its text if the URL is not one of the web.

    Example:
        >>> link("https://example.org/a?b&c", "here"), link("javascript:alert(1)", "here")
        ('<a href="https://example.org/a?b&amp;c" rel="noopener" target="_blank">here</a>', 'here')
    """
    if not is_web_url(url):
        return html(text)
    return Html(f'<a href="{escape(str(url))}" rel="noopener" target="_blank">{html(text)}</a>')


def is_web_url(url: str | None) -> bool:
    """Return whether a URL starts with ``http://`` or ``https://``, and is fit to print."""
    return bool(url) and str(url).lower().startswith(("https://", "http://")) and str(url).isprintable()


def badge(text: object, tone: Tone = "plain") -> Html:
    """Return a short word in a frame."""
    return Html(f"{element('span', text, kind=f'p-badge p-{tone}')} ")


def facts(values: Mapping[str, object] | Iterable[tuple[str, object]]) -> Html:
    """Return a table of names and values; those that are None or empty are left out.

    Example:
        >>> facts({"owner": "Ada", "size": None})
        '<table class="p-facts"><tr><th>owner</th><td>Ada</td></tr></table>'
    """
    pairs = values.items() if isinstance(values, Mapping) else values
    rows = [
        element("tr", element("th", name), element("td", value))
        for name, value in pairs
        if value is not None and value != ""
    ]
    return element("table", *rows, kind="p-facts") if rows else Html("")


def rows(columns: Sequence[str], cells: Iterable[Sequence[object]], *, limit: int = 80) -> Html:
    """Return a table with a line of column names.

    Args:
        columns: The columns' names.
        cells: The cells of each row. Numbers stand to the right.
        limit: Most characters of a cell.

    Example:
        >>> rows(["name"], [["<b>"]])
        '<div class="p-wide"><table class="p-rows"><tr><th>name</th></tr><tr><td class="p-short">&lt;b&gt;</td>...'
    """
    head = element("tr", *(element("th", name) for name in columns))
    body = [element("tr", *(_cell(value, limit) for value in row)) for row in cells]
    return element("div", element("table", head, *body, kind="p-rows"), kind="p-wide")


def _cell(value: object, limit: int) -> Html:
    content = html(value, limit)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return element("td", content, kind="p-number")
    return element("td", content, kind="p-short" if len(content) <= _SHORT else "")


def fragment(*parts: object) -> str:
    """Return parts as one piece of HTML that brings its style sheet, as a ``_repr_html_`` returns it."""
    return f'<div class="provena"><style>{_STYLE}</style>{"".join(map(html, parts))}</div>'
