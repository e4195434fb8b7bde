"""Commands on services, web applications and resources, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Keyword, Plain

NEEDS = ("services.list",)
NEEDS_APPS = ("webapps.list",)
NEEDS_RESOURCES = ("resources.list",)
NONE = "none"
APPLICATION: dict[str, str] = {
    "auth": "login",
    "resource": "resource",
    "roles": "text",
    **dict.fromkeys(("timeout", "serve_files_timeout", "jwt_access_timeout", "jwt_refresh_timeout"), "number"),
    **dict.fromkeys(
        (
            "description", "dispatch_class", "namespace", "path", "serve_files", "application_roles", "matching_roles",
            "use_cookies", "cookie_path", "session_scope", "user_cookie_scope", "group", "event_class", "login_page",
            "password_page", "error_page", "package", "superclass", "permitted_classes", "cors_origins", "cors_headers",
            "wsgi_location", "wsgi_name", "wsgi_callable", "wsgi_type",
        ),
        "text",
    ),
    **dict.fromkeys(
        (
            "redirect_empty_path", "namespace_default", "recurse", "csrf_token", "auto_compile", "lock_name", "csp_zen",
            "web_services", "analytics", "text_analytics", "jwt", "cors_credentials", "wsgi_debug", "trace",
        ),
        "flag",
    ),
}  # fmt: skip
"""Options of /app as `key=value`: each field of an application, which is switched by words."""

_command = partial(CommandSpec, group="access", needs_connection=True)

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="services",
        summary="Services with their login methods and allowed clients; filter and sort by words",
        handler="security.services:show_services",
        grammar=(Arg("filter", "filter", required=False, many=True),),
        plain=(
            Plain("(show|list|see) [me] [all] [the] services"),
            Plain("(which|what) services (are|is) (on|enabled|open|running)", {"filter": ["enabled=yes"]}),
            Plain("(show|list) [me] [the|all] enabled services", {"filter": ["enabled=yes"]}),
            Plain("(show|list) [me] [the|all] disabled services", {"filter": ["enabled=no"]}),
        ),
        examples=("show services", "which services are enabled"),
        needs=NEEDS,
        live=True,
    ),
    _command(
        name="service",
        undo={"service": "security.kinds:SERVICE"},
        summary="One service; or switch it, or set its login methods: auth=password,ldap or auth=-unauthenticated",
        handler="security.services:change_service",
        grammar=(Arg("services", "service", many=True, show="SERVICE [enable|disable]"),),
        options={"auth": "login"},
        plain=(
            Plain("(show|describe) [me] [the] service {service}", {"services": ["{service}"]}),
            Plain(
                "(take|remove) [the] unauthenticated [access|login|logins] (off|from) [the] [service] {service}",
                {"services": ["{service}"], "auth": "-unauthenticated"},
            ),
            Plain(
                "(enable|switch on|turn on) [the] service {service}", {"services": ["{service}", "enable"]}
            ),
            Plain(
                "(disable|switch off|turn off) [the] service {service}",
                {"services": ["{service}", "disable"]},
            ),
        ),
        examples=(
            "take unauthenticated access off %Service_Bindings",
            "disable the service %Service_Monitor",
        ),
        changes=True,
        shows=True,
        needs=(*NEEDS, "services.read"),
    ),
    _command(
        name="apps",
        summary="Web applications with their login methods and the roles they give; filter and sort by words",
        handler="security.apps:show_apps",
        grammar=(Arg("filter", "filter", required=False, many=True),),
        plain=(
            Plain("(show|list|see) [me] [all] [the] [web] (applications|apps)"),
            Plain(
                "(which|what) [web] (applications|apps) (are open|need no login|have no login)",
                {"filter": ["login~unauthenticated", "enabled=yes"]},
            ),
            Plain(
                "(which|what) [web] (applications|apps) give [the] [role] {role}",
                {"filter": ["roles={role}"]},
            ),
            Plain(
                "(show|list) [me] [the|all] disabled [web] (applications|apps)", {"filter": ["enabled=no"]}
            ),
        ),
        examples=("show the web applications", "which apps need no login"),
        aliases=("webapps",),
        needs=NEEDS_APPS,
        live=True,
    ),
    _command(
        name="app",
        undo={"application": "security.kinds:APPLICATION"},
        summary="A web application: opens its form (read-only: a card); or switch it, or set auth= roles=-%All …",
        handler="security.apps:change_app",
        grammar=(Arg("applications", "application", many=True, show="/APP [enable|disable]"),),
        options=APPLICATION,
        plain=(
            Plain(
                "(edit|open|change|modify) [the] [web] (application|app) {app}", {"applications": ["{app}"]}
            ),
            Plain(
                "require a login (for|of|on) [the] [web] [application|app] {app}",
                {"applications": ["{app}"], "auth": "-unauthenticated,+password"},
            ),
            Plain(
                "take %all (off|from) [the] [web] (application|app) {app}",
                {"applications": ["{app}"], "roles": "-%All"},
            ),
            Plain(
                "(enable|switch on|turn on) [the] [web] (application|app) {app}",
                {"applications": ["{app}", "enable"]},
            ),
            Plain(
                "(disable|switch off|turn off) [the] [web] (application|app) {app}",
                {"applications": ["{app}", "disable"]},
            ),
        ),
        examples=(
            "require a login for /api/monitor",
            "disable the application /csp/user",
            "edit the application /csp/user",
        ),
        aliases=("webapp",),
        changes=True,
        shows=True,
        needs=(*NEEDS_APPS, "webapps.read"),
    ),
    _command(
        name="app show",
        summary="Web applications as cards: how one logs in, who may enter, which roles they give",
        handler="security.apps:show_app",
        grammar=(Arg("applications", "application", many=True, show="/APP"),),
        plain=(
            Plain("(show|describe) [me] the [web] (application|app) {app}", {"applications": ["{app}"]}),
            Plain("who may enter [the] [web] (application|app) {app}", {"applications": ["{app}"]}),
        ),
        examples=("show the application /api/monitor", "who may enter the application /csp/user"),
        needs=(*NEEDS_APPS, "webapps.read"),
    ),
    _command(
        name="app add",
        summary="Make a web application: opens a form, or takes template= namespace= dispatch_class= …",
        handler="security.app_editor:add",
        grammar=(Arg("name", "text", required=False),),
        options={"template": "text", **{key: kind for key, kind in APPLICATION.items() if key != "roles"}},
        plain=(
            Plain("(add|create|make|new) [a] [new] [web] (application|app)"),
            Plain("(add|create|make) [a] [new] [web] (application|app) [called|named] {name}"),
            Plain("(add|create|make) [a] [new] {template} (application|app) [called|named] {name}"),
        ),
        examples=("create a web application", "create a flask application named /shop"),
        aliases=("app create",),
        changes=True,
        needs=(*NEEDS_APPS, "webapps.read", "webapps.create", "webapps.edit"),
    ),
    _command(
        name="app copy",
        summary="Make a web application like another, with all its settings",
        handler="security.app_editor:copy",
        grammar=(
            Arg("application", "application", show="/APP"),
            Keyword("to"),
            Arg("name", "text", show="NEW"),
        ),
        plain=(
            Plain(
                "(copy|duplicate|clone) [the] [web] (application|app) {app} (to|as) {name}",
                {"application": "{app}"},
            ),
        ),
        examples=("copy the application /csp/user to /csp/shop",),
        changes=True,
        needs=(*NEEDS_APPS, "webapps.read", "webapps.create", "webapps.edit"),
    ),
    _command(
        name="app delete",
        summary="Delete web applications; /undo makes them again with all their settings",
        handler="security.app_editor:delete",
        grammar=(Arg("applications", "application", many=True, show="/APP"),),
        plain=(
            Plain("(delete|remove|drop) [the] [web] (application|app) {app}", {"applications": ["{app}"]}),
        ),
        examples=("delete the application /csp/shop",),
        aliases=("app remove",),
        changes=True,
        needs=(*NEEDS_APPS, "webapps.read", "webapps.delete"),
    ),
    _command(
        name="app test",
        summary="Log in to a web application over the web port as it wants it, call it once, and log out",
        handler="security.app_test:test_app",
        grammar=(
            Arg("application", "application", show="/APP"),
            Keyword("as"),
            Arg("user", "user", required=False),
        ),
        plain=(
            Plain("(test|try) [out] [the] [web] (application|app) {app}", {"application": "{app}"}),
            Plain(
                "(test|try) [out] [the] [web] (application|app) {app} as [the] [user] {user}",
                {"application": "{app}"},
            ),
            Plain("can [i] log in to [the] [web] (application|app) {app}", {"application": "{app}"}),
            Plain("can {user} log in to [the] [web] (application|app) {app}", {"application": "{app}"}),
        ),
        examples=("test the application /csp/user", "try the application /api/shop as bob"),
        needs=(*NEEDS_APPS, "webapps.read"),
    ),
    _command(
        name="app templates",
        summary="Templates for new web applications: REST with tokens or a password, CSP, Flask, Django, FastAPI",
        handler="security.app_templates:show_templates",
        plain=(Plain("(show|list) [me] [the|all] templates (for|of) [web] (applications|apps)"),),
        examples=("show the templates for applications",),
        needs_connection=False,
    ),
    _command(
        name="resources",
        summary="Resources and their public permissions; filter and sort by words (public=RW, kind~Database)",
        handler="security.resources:show_resources",
        grammar=(Arg("filter", "filter", required=False, many=True),),
        plain=(
            Plain("(show|list|see) [me] [all] [the] resources"),
            Plain("(which|what) resources are public", {"filter": ["public!=none"]}),
            Plain("(show|list) [me] [the|all] public resources", {"filter": ["public!=none"]}),
        ),
        examples=("show resources", "which resources are public"),
        needs=NEEDS_RESOURCES,
        live=True,
    ),
    _command(
        name="resource",
        undo={"resource": "security.kinds:RESOURCE"},
        summary="One resource; or set what everybody has on it: public=none, public=R, public=RW",
        handler="security.resources:change_resource",
        grammar=(Arg("resources", "resource", many=True, show="RESOURCE"),),
        options={"public": "permission"},
        plain=(
            Plain("(show|describe) [me] the resource {resource}", {"resources": ["{resource}"]}),
            Plain(
                "(take|remove) [the] public [permission|access] (off|from) [the] [resource] {resource}",
                {"resources": ["{resource}"], "public": NONE},
            ),
        ),
        examples=("take the public permission from %DB_USER",),
        changes=True,
        shows=True,
        needs=NEEDS_RESOURCES,
    ),
    _command(
        name="oauth",
        summary="OAuth 2.0: the authorization servers that the instance knows, and its clients",
        handler="security.oauth:show_oauth",
        grammar=(Arg("filter", "filter", required=False, many=True),),
        plain=(
            Plain(
                "(show|list|see) [me] [all] [the] (oauth|oauth2) [clients|servers|definitions|configuration]"
            ),
            Plain("(which|what) (oauth|oauth2) (clients|servers|definitions) (are there|exist|do we have)"),
        ),
        examples=("show the oauth clients",),
        needs=("oauth.clients", "oauth.servers"),
        live=True,
    ),
)
