"""The two pages of a web application: the login form, and the page of a session. All text is escaped."""

from __future__ import annotations

from html import escape

from irisops.simulator.world.model import Application, WebSession

_SHELL = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 sans-serif;max-width:40em;margin:3em auto;padding:0 1em}}label{{display:block}}</style>
</head><body><h1>{title}</h1>{content}<hr><p>irisops simulator. This is not InterSystems IRIS.</p></body></html>
"""
SECURITY_HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
)


def login_page(application: Application, message: str = "") -> bytes:
    """The form that posts IRISUsername and IRISPassword to the requested page."""
    said = f"<p><strong>{escape(message)}</strong></p>" if message else ""
    content = (
        f"{said}<p>Log in to {escape(application.name)}</p>"
        '<form method="post"><label>User <input name="IRISUsername" autofocus></label>'
        '<label>Password <input name="IRISPassword" type="password"></label><button>Log in</button></form>'
    )
    return _SHELL.format(title="Login", content=content).encode()


def application_page(session: WebSession) -> bytes:
    """A page that shows the user and the license unit in use."""
    path = escape(session.application)
    content = (
        f"<p>User: {escape(session.username)}</p><p>Pages in this session: {session.pages}</p>"
        f"<p>This session holds a license connection as {escape(session.license_id)} "
        f"until {session.expires:%H:%M:%S} UTC. Closing the tab does not give it back; logging out does.</p>"
        f'<p><a href="{path}?IRISLogout=end">Log out</a></p>'
    )
    return _SHELL.format(title=path, content=content).encode()
