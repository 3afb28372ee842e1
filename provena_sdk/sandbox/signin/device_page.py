"""The web page where users approve or deny a device."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_STYLE = """
:root { color-scheme: light dark; --ink: #17303b; --paper: #f3f7f8; --card: #fff; --line: #c9d6db; --sea: #0b6e7f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3eef1; --paper: #0e1a1f; --card: #16262d; --line: #34505b; --sea: #3fb6c9; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { width: min(26rem, calc(100vw - 2rem)); padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; box-shadow: 0 8px 30px rgb(0 0 0 / 8%); }
h1 { margin: 0 0 .25rem; font-size: 1.35rem; }
p { margin: 0 0 1.25rem; }
label { display: block; margin-bottom: 1rem; font-weight: 600; }
input, select { display: block; width: 100%; margin-top: .3rem; padding: .6rem .7rem; font: inherit; color: inherit;
  background: var(--paper); border: 1px solid var(--line); border-radius: 8px; }
input { font-family: ui-monospace, monospace; letter-spacing: .12em; text-transform: uppercase; }
.choices { display: flex; gap: .75rem; margin-top: 1.5rem; }
button { flex: 1; padding: .65rem 1rem; font: inherit; font-weight: 600; border-radius: 8px; cursor: pointer;
  border: 1px solid var(--sea); background: transparent; color: var(--sea); }
button[value=approve] { background: var(--sea); color: var(--card); }
:focus-visible { outline: 3px solid var(--sea); outline-offset: 2px; }
.alert { padding: .6rem .8rem; border-left: 4px solid #b3402a; background: rgb(179 64 42 / 12%); }
small { display: block; margin-top: 1.5rem; opacity: .75; }
"""


def _page(title: str, content: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n{content}\n</main>\n</body>\n</html>\n"
    )


def ask(action: str, user_code: str, users: Iterable[str], *, chosen: str, alert: str | None = None) -> str:
    """Return the form: a code, a user, and two buttons.

    Args:
        action: URL that the form is sent to.
        user_code: The initial code.
        users: Names to choose from.
        chosen: The initial choice.
        alert: A sentence to show above the form.
    """
    options = "".join(
        f'<option value="{escape(name)}"{" selected" if name == chosen else ""}>{escape(name)}</option>'
        for name in users
    )
    warning = f'<p class="alert" role="alert">{escape(alert)}</p>\n' if alert else ""
    return _page(
        "Connect a device",
        f"{warning}<p>A device asks to act for you. Check that it shows the same code.</p>\n"
        f'<form method="post" action="{escape(action)}">\n'
        f'<label>Code shown on the device<input name="user_code" value="{escape(user_code)}" required maxlength="9" '
        'autocomplete="off" spellcheck="false" placeholder="ABCD-EFGH"></label>\n'
        f'<label>Sign in as<select name="user">{options}</select></label>\n'
        '<div class="choices"><button name="decision" value="approve">Approve</button>'
        '<button name="decision" value="deny">Deny</button></div>\n</form>\n'
        "<small>This is the sandbox: there are no passwords, and nothing leaves this machine.</small>",
    )


def done(*, approved: bool, user: str) -> str:
    """Return the page shown after the decision."""
    if approved:
        return _page(
            "Device connected",
            f"<p>It now acts for <strong>{escape(user)}</strong>. You can close this page.</p>",
        )
    return _page("Device denied", "<p>The device was not connected. You can close this page.</p>")
