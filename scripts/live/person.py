"""A person at Keycloak's own pages, without a browser: signs in, and answers what a device asks for.

``python -m scripts.live.person URL`` approves a device as the user ``writer``.
"""

from __future__ import annotations

import re
import sys
from html import unescape
from typing import Any
from urllib.parse import urljoin

import httpx

from scripts.live.realm import PASSWORD

_FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
_ACTION = re.compile(r'\baction="([^"]+)"')
_CODE = re.compile(r'name="code" value="([^"]+)"')
_TITLE = re.compile(r'<h1[^>]*id="kc-page-title"[^>]*>(.*?)</h1>', re.DOTALL)


class Person:
    """Somebody with a browser of their own.

    Args:
        user: The user name.
        trust: What httpx verifies certificates with; False for plain http.
    """

    def __init__(self, user: str = "writer", *, trust: Any = False) -> None:
        self.user = user
        self._http = httpx.Client(verify=trust, trust_env=False, timeout=60)
        self._cookies: dict[str, str] = {}

    def answer(self, url: str, *, approve: bool = True) -> str:
        """Open a device's page, sign in, and approve or deny.

        Returns:
            The title of the last page.
        """
        page = self._send("GET", url)
        page = self._submit(page, {"username": self.user, "password": PASSWORD})
        code = _CODE.search(page.text)
        if code is None:
            raise RuntimeError(f"{page.url} asks for no approval: {_title(page)}")
        page = self._submit(page, {"code": code[1], "accept" if approve else "cancel": ""})
        return _title(page)

    def _submit(self, page: httpx.Response, fields: dict[str, str]) -> httpx.Response:
        form = _FORM.search(page.text)
        action = _ACTION.search(form[0]) if form else None
        if action is None:
            raise RuntimeError(f"{page.url} has no form: {_title(page)}")
        return self._send("POST", urljoin(str(page.url), unescape(action[1])), fields)

    def _send(self, method: str, url: str, fields: dict[str, str] | None = None) -> httpx.Response:
        while True:
            # Keycloak marks its cookies as for https, where browsers make an exception for this machine.
            cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            answer = self._http.request(method, url, data=fields, headers={"Cookie": cookies})
            self._http.cookies.clear()
            for line in answer.headers.get_list("set-cookie"):
                name, _, value = line.partition(";")[0].partition("=")
                self._cookies[name] = value
            if not answer.is_redirect:
                return answer
            method, url, fields = "GET", urljoin(str(answer.url), answer.headers["location"]), None


def _title(page: httpx.Response) -> str:
    found = _TITLE.search(page.text)
    return re.sub(r"<[^>]+>|\s+", " ", found[1]).strip() if found else f"status {page.status_code}"


if __name__ == "__main__":
    print(Person().answer(sys.argv[1]))
