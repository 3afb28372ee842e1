"""URLs of licences, by the names that SPDX gives them."""

from __future__ import annotations

import re
from typing import Final

_SEPARATOR: Final = re.compile(r"[\s_-]+")
_VERSION: Final = re.compile(r"-v?\d+(\.\d+)*$")
_CREATIVE_COMMONS: Final = {
    f"CC-{kind.upper()}-{version}": f"https://creativecommons.org/licenses/{kind}/{version}/"
    for kind in ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
    for version in ("4.0", "3.0", "2.5", "2.0")
}

LICENCES: Final = _CREATIVE_COMMONS | {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "PDDL-1.0": "https://opendatacommons.org/licenses/pddl/1-0/",
    "ODC-By-1.0": "https://opendatacommons.org/licenses/by/1-0/",
    "ODbL-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
    "CDLA-Permissive-2.0": "https://cdla.dev/permissive-2-0/",
    "OGL-UK-3.0": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    "etalab-2.0": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    "Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "MIT": "https://opensource.org/license/mit",
    "BSD-3-Clause": "https://opensource.org/license/bsd-3-clause",
    "GPL-3.0-only": "https://www.gnu.org/licenses/gpl-3.0.html",
    "GPL-3.0-or-later": "https://www.gnu.org/licenses/gpl-3.0.html",
}
"""URLs of licences by SPDX identifier."""


def url(name: str) -> str | None:
    """Return the URL of a licence, or None if the name is not the SPDX identifier of one that is known here.

    Args:
        name: An SPDX identifier; upper and lower case, spaces and hyphens make no difference.

    Example:
        >>> url("CC-BY-4.0"), url("cc by 4.0"), url("CC-BY")
        ('https://creativecommons.org/licenses/by/4.0/', 'https://creativecommons.org/licenses/by/4.0/', None)
    """
    return _BY_NORMAL_NAME.get(_normal(name))


def identifier(url: str) -> str | None:
    """Return the SPDX identifier of a licence, or None if the URL is not one that belongs to a single licence here.

    Args:
        url: The licence's URL; its scheme, and a slash at its end, make no difference.

    Example:
        >>> identifier("http://creativecommons.org/licenses/by/4.0"), identifier("https://example.com/licence")
        ('CC-BY-4.0', None)
    """
    names = [name for name, known in LICENCES.items() if _plain_url(known) == _plain_url(url)]
    return names[0] if len(names) == 1 else None


def _plain_url(url: str) -> str:
    return url.strip().partition("://")[2].rstrip("/").casefold()


def similar(name: str) -> str | None:
    """Return the URL of the licence that an incomplete name most likely means, to be suggested; None if unclear.

    Example:
        >>> similar("CC BY"), similar("mine")
        ('https://creativecommons.org/licenses/by/4.0/', None)
    """
    return url(name) or _NEWEST.get(_unversioned(_normal(name)))


def _normal(name: str) -> str:
    return _SEPARATOR.sub("-", name[:80].strip()).casefold()


def _unversioned(name: str) -> str:
    return _VERSION.sub("", name)


_BY_NORMAL_NAME: Final = {_normal(name): address for name, address in LICENCES.items()}
_NEWEST: Final = {_unversioned(name): address for name, address in reversed(_BY_NORMAL_NAME.items())}
