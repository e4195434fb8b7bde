"""What a request proves its login with: Basic, a Bearer token, user and password in the body."""

from __future__ import annotations

import base64
import binascii
import json

from irisops.simulator.web.http import Request


def basic_credentials(request: Request) -> tuple[str, str]:
    """User and password of a Basic Authorization header; two empty strings if missing or malformed."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    username, _, password = text.partition(":")
    return username, password


def bearer(request: Request) -> str:
    """The token of an Authorization header, "" without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def login_credentials(request: Request) -> tuple[str, str]:
    """User and password of a login: Basic, or in the body (the vendor's documentation of JWT has both)."""
    username, password = basic_credentials(request)
    if username:
        return username, password
    content = json_content(request)
    user, secret = content.get("user"), content.get("password")
    return (user, secret) if isinstance(user, str) and isinstance(secret, str) else ("", "")


def json_content(request: Request) -> dict[str, object]:
    """The object in the body; empty for anything else."""
    try:
        content = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
