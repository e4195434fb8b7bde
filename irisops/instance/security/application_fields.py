"""Fields of a web application (facts: iris-webapps-gateway 1.1), and which of them came with later versions."""

from __future__ import annotations

from collections.abc import Mapping

from irisops.instance.security.object_state import Field, FieldValue, ObjectState

PYTHON = "%SYS.Python.WSGI"
"""The dispatch class of every Python application (facts: iris-webapps-gateway 3.1)."""
SYSTEM = 1
"""Bit of Type: it came with the instance (facts: iris-webapps-gateway 1.2)."""
_SCOPES = ("None", "Lax", "Strict")

APPLICATION_FIELDS: Mapping[str, Field] = {
    "type": Field("Type", "number", "type"),
    "description": Field("Description", "text", "description", 256),
    "enabled": Field("Enabled", "flag", "enabled"),
    "dispatch_class": Field("DispatchClass", "text", "dispatch class", 256),
    "redirect_empty_path": Field("RedirectEmptyPath", "flag", "slash added"),
    "namespace": Field("NameSpace", "text", "namespace", 64),
    "namespace_default": Field("IsNameSpaceDefault", "flag", "namespace default"),
    "path": Field("Path", "text", "directory", 256),
    "serve_files": Field(
        "ServeFiles", "choice", "files", words=("No", "Always", "Always and cached", "Use CSP security")
    ),
    "serve_files_timeout": Field("ServeFilesTimeout", "seconds", "file cache"),
    "recurse": Field("Recurse", "flag", "subdirectories"),
    "auth": Field("AutheEnabled", "methods", "login"),
    "resource": Field("Resource", "text", "resource", 64),
    "timeout": Field("Timeout", "seconds", "session timeout"),
    "roles": Field("MatchRoles", "groups", "roles"),
    "use_cookies": Field("UseCookies", "choice", "session cookies", words=("Never", "AutoDetect", "Always")),
    "cookie_path": Field("CookiePath", "text", "cookie path", 256),
    "session_scope": Field("SessionScope", "choice", "session SameSite", words=_SCOPES),
    "user_cookie_scope": Field("UserCookieScope", "choice", "own SameSite", words=_SCOPES),
    "group": Field("GroupById", "text", "login group", 64),
    "event_class": Field("EventClass", "text", "event class", 64),
    "login_page": Field("LoginPage", "text", "login page", 256),
    "password_page": Field("ChangePasswordPage", "text", "password page", 256),
    "error_page": Field("ErrorPage", "text", "error page", 256),
    "csrf_token": Field("CSRFToken", "flag", "CSRF guard"),
    "auto_compile": Field("AutoCompile", "flag", "compile pages"),
    "lock_name": Field("LockCSPName", "flag", "locked to its path"),
    "package": Field("Package", "text", "package", 64),
    "superclass": Field("SuperClass", "text", "superclass", 1024),
    "permitted_classes": Field("PermittedClasses", "text", "permitted classes", 32_767),
    "csp_zen": Field("CSPZENEnabled", "flag", "CSP and Zen pages"),
    "web_services": Field("InbndWebServicesEnabled", "flag", "SOAP services"),
    "analytics": Field("DeepSeeEnabled", "flag", "Analytics"),
    "text_analytics": Field("iKnowEnabled", "flag", "text analytics"),
    "jwt": Field("JWTAuthEnabled", "flag", "tokens (JWT)"),
    "jwt_access_timeout": Field("JWTAccessTokenTimeout", "seconds", "access token for"),
    "jwt_refresh_timeout": Field("JWTRefreshTokenTimeout", "seconds", "refresh token for"),
    "cors_origins": Field("CorsAllowlist", "names", "origins allowed", 32_767),
    "cors_headers": Field("CorsHeadersList", "names", "headers allowed", 32_767),
    "cors_credentials": Field("CorsCredentialsAllowed", "flag", "credentials allowed"),
    "wsgi_location": Field("WSGIAppLocation", "text", "Python directory", 256),
    "wsgi_name": Field("WSGIAppName", "text", "Python module", 256),
    "wsgi_callable": Field("WSGICallable", "text", "Python callable", 256),
    "wsgi_debug": Field("WSGIDebug", "flag", "reload when changed"),
    "wsgi_type": Field("WSGIType", "choice", "Python protocol", words=("", "WSGI", "ASGI")),
    "trace": Field("TraceEnabled", "flag", "tracing"),
}
"""By the name to type. Labels are those of plans; the form has help beside them."""

NEW_APPLICATION: Mapping[str, FieldValue] = {
    "type": "2",
    "description": "",
    "enabled": True,
    "dispatch_class": "",
    "redirect_empty_path": False,
    "namespace": "",
    "namespace_default": False,
    "path": "",
    "serve_files": "Always",
    "serve_files_timeout": "3600",
    "recurse": True,
    "auth": ("password",),
    "resource": "",
    "timeout": "900",
    "roles": (),
    "use_cookies": "Always",
    "cookie_path": "",
    "session_scope": "Strict",
    "user_cookie_scope": "Strict",
    "group": "",
    "event_class": "",
    "login_page": "",
    "password_page": "",
    "error_page": "",
    "csrf_token": True,
    "auto_compile": True,
    "lock_name": True,
    "package": "",
    "superclass": "",
    "permitted_classes": "",
    "csp_zen": True,
    "web_services": True,
    "analytics": False,
    "text_analytics": False,
    "jwt": False,
    "jwt_access_timeout": "60",
    "jwt_refresh_timeout": "900",
    "cors_origins": (),
    "cors_headers": (),
    "cors_credentials": True,
    "wsgi_location": "",
    "wsgi_name": "",
    "wsgi_callable": "app",
    "wsgi_debug": False,
    "wsgi_type": "WSGI",
    "trace": False,
}
"""The class's own values for a new application (facts: iris-webapps-gateway 1.1), but with a password: without
AutheEnabled it would be open to everybody."""
LATER: tuple[frozenset[str], ...] = (
    frozenset({"jwt", "jwt_access_timeout", "jwt_refresh_timeout"}),
    frozenset({"cors_origins", "cors_headers", "cors_credentials"}),
    frozenset({"wsgi_location", "wsgi_name", "wsgi_callable", "wsgi_debug"}),
    frozenset({"wsgi_type"}),
    frozenset({"trace"}),
)
"""Fields that some versions lack, as they came together: JWT with 2022.2, WSGI with 2024.1, its type later in 2024,
tracing with 2026 (facts: iris-webapps-gateway 6). Each set is read by a call of its own, which fails alone."""

TYPED = ("enabled", "auth", "resource", "timeout", "roles")
"""What the usual typed changes set and show: they read no more than this."""


def is_system(state: ObjectState) -> bool:
    """True for an application that came with the instance, if its type was read."""
    number = state.text("type")
    return bool(number.isdigit() and int(number) & SYSTEM)


def web_kind(state: ObjectState) -> str:
    """`CSP`, `REST`, `WSGI` or `ASGI`: the dispatch class decides, not Type (facts: iris-webapps-gateway 1.2)."""
    dispatch = state.text("dispatch_class")
    if not dispatch:
        return "CSP"
    if dispatch.casefold() != PYTHON.casefold():
        return "REST"
    return "ASGI" if state.text("wsgi_type") == "ASGI" else "WSGI"
