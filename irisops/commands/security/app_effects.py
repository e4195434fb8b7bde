"""What the less usual settings of a web application mean, as sentences (facts: iris-webapps-gateway 1 to 3)."""

from __future__ import annotations

from collections.abc import Callable

from irisops.contract.wording import harmless
from irisops.instance.security.access import Access
from irisops.instance.security.application_fields import web_kind
from irisops.instance.security.authentication import PASSWORD
from irisops.instance.security.object_state import ObjectState, login_bits, same

SAME_SITE = "SameSite None works over https alone: a browser drops such cookies over http."
NO_METHOD = "Without any login method it may be open to everybody: /app {} auth=password."
"""(facts: iris-webapps-gateway 1.1, 6)"""
_SESSION = ("timeout", "use_cookies", "cookie_path", "session_scope", "group")


def tell_settings(
    access: Access, before: ObjectState, after: ObjectState, effects: list[str], warnings: list[str]
) -> None:
    """Add what changes. `before` has no fields for a new application; a state may have some fields alone."""
    if "dispatch_class" not in after.fields:
        name = after.name.casefold()
        known = [each.dispatch_class for each in access.applications if each.name.casefold() == name]
        before, after = (each.with_fields({"dispatch_class": "".join(known[:1])}) for each in (before, after))

    def changed(*keys: str) -> bool:
        return any(
            key in after.fields and not same(before.fields.get(key), after.fields[key]) for key in keys
        )

    name = harmless(after.name, 80)
    kind = web_kind(after)
    new = not before.fields
    if not new and changed("dispatch_class", "wsgi_type") and kind != web_kind(before):
        effects.append(f"{name} was {web_kind(before)} and is {kind}: its addresses mean something else.")
    if not new and changed("namespace"):
        effects.append(f"Its code runs in {harmless(after.text('namespace'), 80)} from then on.")
    _tell_tokens(
        after, effects, warnings, jwt=changed("jwt"), dispatch=changed("dispatch_class", "auth"), new=new
    )
    _tell_sessions(after, changed, effects, warnings, new=new)
    if changed("cors_origins", "cors_headers", "cors_credentials"):
        _tell_cors(after, effects, warnings, new=new)
    if kind in ("WSGI", "ASGI") and changed("dispatch_class", "wsgi_location", "wsgi_name", "wsgi_type"):
        if not (after.text("wsgi_location") and after.text("wsgi_name")):
            warnings.append("Without a Python directory and module it has nothing to run.")
        if kind == "ASGI":
            effects.append("The embedded Python needs the package a2wsgi for ASGI, beside the framework.")
    if changed("serve_files") and after.text("serve_files") == "Use CSP security":
        effects.append("A file that the visitor has no right to is answered with 404.")


def cookies_need_https(state: ObjectState) -> bool:
    """True if a browser drops one of its cookies over http (facts: iris-webapps-gateway 1.1)."""
    return "None" in (state.text("session_scope"), state.text("user_cookie_scope"))


def _tell_sessions(
    after: ObjectState, changed: Callable[..., bool], effects: list[str], warnings: list[str], *, new: bool
) -> None:
    if web_kind(after) == "REST" and not new and changed(*_SESSION):
        warnings.append(
            "Of a REST application the settings of sessions mean nothing, unless its class sets UseSession."
        )
    if changed("session_scope", "user_cookie_scope") and cookies_need_https(after):
        warnings.append(SAME_SITE)
    if not new and changed("csrf_token") and after.flag("csrf_token"):
        effects.append("Programs that send user and password with their first request are not logged in.")
    if changed("group") and after.text("group"):
        effects.append(
            f"Who is logged in to an application of the group {harmless(after.text('group'), 60)} is logged in here."
        )


def _tell_tokens(
    after: ObjectState, effects: list[str], warnings: list[str], *, jwt: bool, dispatch: bool, new: bool
) -> None:
    if jwt and not after.flag("jwt") and not new:
        effects.append("Its tokens are no longer taken: each call needs a login.")
    if not after.flag("jwt") or not (jwt or dispatch):
        return
    if web_kind(after) != "REST":
        warnings.append("Tokens need a REST dispatch class: without one there is no /login.")
    if not login_bits(after) & PASSWORD:
        warnings.append("Tokens are given for a password: without that login, /login refuses everybody.")
    if jwt:
        effects.append("/login, /refresh, /logout and /revoke below it give and take tokens.")


def _tell_cors(after: ObjectState, effects: list[str], warnings: list[str], *, new: bool) -> None:
    if after.names("cors_origins"):
        effects.append(
            "The browser's first question (OPTIONS) runs as CSPSystem, which needs READ on the databases."
        )
    elif not new or after.names("cors_headers"):
        warnings.append("No origin is allowed: no CORS headers are sent, whatever else is set.")
