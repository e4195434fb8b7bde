"""The editor of web applications: every field there and back, templates, copies, deletions, warnings, refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from irisops.commands.security.app_templates import TEMPLATES
from irisops.commands.security.specs import APPLICATION
from irisops.contract.replies import Cell, Done, Facts, Form, Plan, Problem, Reply, Table
from irisops.instance.calls import ObjectCall, ObjectStep
from irisops.instance.security.application_fields import APPLICATION_FIELDS, NEW_APPLICATION, PYTHON
from irisops.simulator import main
from irisops.simulator.classes import applications
from irisops.simulator.world.model import Application
from irisops.simulator.world.seed import PASSWORD_BIT, UNAUTHENTICATED_BIT
from tests.changes.counting import CountingConnection
from tests.commands.editing import Desk, add_role, desk, desk_on
from tests.instance.served import serve

VERSIONS = list(main.VERSIONS.values())
PLAIN = "/csp/user"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as made:
        yield made


def app(at: Desk, name: str) -> Application:
    found = at.served.world.applications.get(name)
    assert found is not None
    return found


def extra(at: Desk, name: str) -> dict[str, object]:
    """Properties that the world's model has no field for."""
    return at.served.runtime.emulation.extras_of(applications.APPLICATIONS.name, name)


def words(replies: list[Reply]) -> str:
    return "\n".join(repr(each) for each in replies)


# The form


def test_no_two_fields_are_one_property() -> None:
    assert len({each.property for each in APPLICATION_FIELDS.values()}) == len(APPLICATION_FIELDS)


def changed(form: Form) -> dict[str, Cell]:
    """Another valid value for each field of a form; fields of one kind get different ones, as far as there are."""
    found: dict[str, Cell] = {
        "user_cookie_scope": "Lax",
        "dispatch_class": "Shop.REST",
        "namespace": "%SYS",
        "auth": ["password", "ldap"],
        "resource": "%Development",
        "application_roles": ["Clerk"],
        "matching_roles": "Clerk:%Developer:%SQL, %Manager:%Operator",
        "cors_origins": "https://a.example:443, *",
        "cors_headers": "X-One, X-Two",
        "wsgi_location": "/opt/shop",
        "wsgi_name": "shop.wsgi",
        "wsgi_callable": "application",
    }
    for each in form.fields:
        if each.name in found:
            continue
        if each.kind == "flag":
            found[each.name] = not each.value
        elif each.kind == "choice":
            found[each.name] = next(word for word in each.choices if word != each.value)
        elif each.kind == "number":
            found[each.name] = 77 + len(found)
        else:
            found[each.name] = f"/{each.name}"
    return {each.name: found[each.name] for each in form.fields}


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_field_goes_there_and_back_on_each_version(
    tmp_path: Path, version: tuple[int, int]
) -> None:
    async with desk(tmp_path, version=version) as at:
        kinds = (
            {"jwt": True, "cors_credentials": False},  # its groups are shown where they were set
            {"wsgi_debug": True},
        )
        for fields in kinds:
            await at.do(f"/app {PLAIN}", fields)
        form = await at.form(f"/app {PLAIN}")
        shown = {each.name for each in form.fields}
        expected = {*APPLICATION_FIELDS, "application_roles", "matching_roles"} - {"type", "roles"}
        lacking = ({"wsgi_type"} if version < (2024, 2) else set()) | (
            {"trace"} if version < (2026, 1) else set()
        )
        assert shown == expected - lacking - {"redirect_empty_path"}, "that is for REST"
        before = {each.name: each.value for each in form.fields}
        wanted = changed(form)
        await at.do(f"/app {PLAIN}", wanted)
        await at.do(f"/app {PLAIN} redirect_empty_path=yes")
        after = {each.name: each.value for each in (await at.form(f"/app {PLAIN}")).fields}
        assert after.pop("redirect_empty_path") is True
        assert after == {
            **wanted,
            **{key: str(value) for key, value in wanted.items() if type(value) is int},
        }
        for _ in range(2):
            await at.do("/undo")
        assert {each.name: each.value for each in (await at.form(f"/app {PLAIN}")).fields} == before
        assert app(at, PLAIN).type_bits == 2


@pytest.mark.parametrize("template", ["rest-jwt", "csp", "flask"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_every_field_of_a_new_one_is_as_it_was_entered(
    tmp_path: Path, version: tuple[int, int], template: str
) -> None:
    async with desk(tmp_path, version=version) as at:
        line = f"/app add /csp/new template={template}"
        form = await at.form(line)
        wanted = changed(form) | {"name": "/csp/new"}
        if "dispatch_class" in wanted and template != "rest-jwt":
            wanted["dispatch_class"] = PYTHON if template == "flask" else ""
        await at.do(line, wanted)
        wanted.pop("name")
        shown = {each.name: each.value for each in (await at.form("/app /csp/new")).fields}
        assert {key: shown.get(key) for key in wanted} == {
            key: str(value) if type(value) is int else value for key, value in wanted.items()
        }


CHOICES = ("auth", "serve_files", "use_cookies", "session_scope", "user_cookie_scope", "wsgi_type")


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_choice_goes_there_and_back(tmp_path: Path, version: tuple[int, int]) -> None:
    async with desk(tmp_path, version=version) as at:
        await at.do(f"/app {PLAIN} wsgi_debug=yes")  # its group is shown where it was set
        fields = {each.name: each for each in (await at.form(f"/app {PLAIN}")).fields}
        assert ("oauth2" in fields["auth"].choices) == (version >= (2025, 2))
        for key in CHOICES:
            for word in fields[key].choices if key in fields else ():
                value: Cell = [word] if key == "auth" else word
                values = await at.edited(f"/app {PLAIN}")
                if values[key] != value:
                    await at.do(f"/app {PLAIN}", values | {key: value})
                assert (await at.edited(f"/app {PLAIN}"))[key] == value


async def test_a_login_method_that_a_version_lacks_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path, version=(2024, 1)) as at:
        assert "cannot have oauth2" in (await at.problem(f"/app {PLAIN} auth=+oauth2")).message
        app(at, PLAIN).authe_enabled = PASSWORD_BIT | 1 << 26
        form = {each.name: each for each in (await at.form(f"/app {PLAIN}")).fields}
        assert form["auth"].value == ["password", "oauth2"]
        assert "oauth2" in form["auth"].choices, "what it has can be kept and taken off"


async def test_fields_are_in_groups_of_their_kind(at: Desk) -> None:
    def groups(form: Form) -> list[str]:
        return list(dict.fromkeys(each.group for each in form.fields))

    usual = ["Where it is", "Who may enter"]
    rest = ["Tokens (JWT)", "Calls from other sites (CORS)"]
    assert groups(await at.form(f"/app {PLAIN}")) == ["What it is: CSP", *usual, "Sessions", "Pages"]
    app(at, PLAIN).dispatch_class = "Shop.REST"
    assert groups(await at.form(f"/app {PLAIN}")) == ["What it is: REST", *usual, *rest, "Sessions"]
    app(at, PLAIN).dispatch_class = PYTHON.lower()
    assert groups(await at.form(f"/app {PLAIN}")) == ["What it is: WSGI", *usual, "Python", "Sessions"]
    extra(at, PLAIN)["WSGIType"] = 2
    assert groups(await at.form(f"/app {PLAIN}"))[0] == "What it is: ASGI"


def test_each_field_can_be_typed_and_nothing_else() -> None:
    further = {"application_roles", "matching_roles"}
    assert APPLICATION.keys() == {*APPLICATION_FIELDS, *further} - {"type", "enabled"}
    assert NEW_APPLICATION.keys() == APPLICATION_FIELDS.keys()


async def test_a_form_with_a_wrong_value_keeps_the_others(at: Desk) -> None:
    values = await at.edited(f"/app {PLAIN}", resource="%Nope", timeout=5, namespace="NOWHERE")
    form = await at.form(f"/app {PLAIN}", values)
    assert set(form.errors) == {"resource", "namespace"}
    assert {each.name: each.value for each in form.fields}["timeout"] == 5
    assert form.command.startswith("/app ")
    assert at.entries() == []


async def test_two_people_at_one_application(at: Desk, tmp_path: Path) -> None:
    """Each keeps what the other did not touch; both at the roles is a conflict that is shown."""
    mine = await at.edited(f"/app {PLAIN}", description="Mine", application_roles=["Clerk"])
    app(at, PLAIN).timeout = 60
    replies = await at.say(f"/app {PLAIN}", mine)
    assert isinstance(replies[0], Table)
    plan = replies[-1]
    assert isinstance(plan, Plan)
    assert any("session timeout: it stays as they left it" in each for each in plan.warnings)
    await at.yes(plan)
    assert (app(at, PLAIN).timeout, app(at, PLAIN).description) == (60, "Mine")
    mine = await at.edited(f"/app {PLAIN}", application_roles=["%SQL"])
    app(at, PLAIN).match_roles = {"": ["%Developer"]}
    form = (await at.say(f"/app {PLAIN}", mine))[-1]
    assert isinstance(form, Form)
    assert "Somebody else set this" in form.errors["roles"]
    await at.do(f"/app {PLAIN}", mine)
    assert app(at, PLAIN).match_roles == {"": ["%SQL"]}


async def test_a_read_only_profile_and_a_system_application_are_shown(at: Desk) -> None:
    system = await at.form("/app /csp/sys")
    assert any("came with the instance" in note for note in system.notes)
    link = at.session.context.link()
    link.profile = replace(link.profile, read_only=True)
    card = (await at.say(f"/app {PLAIN}"))[-1]
    assert isinstance(card, Facts)
    assert "read-only profile" in " ".join(card.notes)
    assert (await at.problem(f"/app {PLAIN} path=/x")).error == "ReadOnly"


async def test_a_system_application_keeps_its_type(at: Desk) -> None:
    await at.do("/app /api/monitor", await at.edited("/app /api/monitor", description="Ours"))
    assert (app(at, "/api/monitor").type_bits, app(at, "/api/monitor").description) == (3, "Ours")
    plan = await at.plan("/app /api/monitor", await at.edited("/app /api/monitor", description="Again"))
    app(at, "/api/monitor").type_bits = 2
    told = (await at.yes(plan))[-1]
    assert isinstance(told, Problem)
    assert "type of /api/monitor is 2 now, but was 3" in told.message


class Forgetful(Application):
    """It loses a bit of its type when its path is set."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "path" and value == "/srv":
            self.type_bits = 2


async def test_a_type_that_a_change_alters_is_told(at: Desk) -> None:
    at.served.world.applications.add(Forgetful(**asdict(app(at, "/api/monitor"))))
    told = (await at.yes(await at.plan("/app /api/monitor path=/srv")))[-1]
    assert isinstance(told, Problem)
    assert told.error == "NotVerified"
    assert "type of web application /api/monitor is 2 instead of 3" in told.message


# New ones


PYTHON_APPLICATION: dict[str, object] = {"DispatchClass": PYTHON, "Type": 2}
PUBLISHED: dict[str, dict[str, dict[str, object]]] = {
    # (facts: iris-webapps-gateway 3.1). Settings by where they were published; what is not named there has the class's
    # own value.
    "flask": {
        "the vendor's page AWSGI": PYTHON_APPLICATION,
        "grongierisc/iris-flask-template merge.cpf": {
            **PYTHON_APPLICATION, "WSGIAppName": "app", "WSGICallable": "app", "WSGIType": 1, "WSGIDebug": 0,
        },
        "jamerfort/wsgi-to-zpm README.md": {
            **PYTHON_APPLICATION, "WSGICallable": "app", "AutheEnabled": 32, "MatchRoles": ":%DB_USER",
        },
    },
    "fastapi": {
        "community.intersystems.com wsgi-support-introduction": {"WSGIType": 2},
        "grongierisc/iris-fastapi-template merge.cpf": {
            **PYTHON_APPLICATION, "WSGIAppName": "app", "WSGICallable": "app", "WSGIType": 2, "WSGIDebug": 0,
        },
    },
    "django": {
        "Davi-Massaru/iris-argus merge.cpf": {
            **PYTHON_APPLICATION, "WSGIAppName": "app.wsgi", "WSGICallable": "application", "WSGIType": 1,
            "WSGIDebug": 0, "AutheEnabled": 32,
        },
    },
    "rest-jwt": {
        # (facts: iris-webapps-gateway 2.1)
        "community.intersystems.com creating-rest-api-jwt-authentication-objectscript": {
            "JWTAuthEnabled": 1, "JWTAccessTokenTimeout": 60, "JWTRefreshTokenTimeout": 900, "AutheEnabled": 32,
        },
    },
    "rest": {"the vendor's class Security.Applications": {"JWTAuthEnabled": 0, "Type": 2}},
    "csp": {"the vendor's class Security.Applications": {"DispatchClass": "", "JWTAuthEnabled": 0, "Type": 2}},
}  # fmt: skip
"""Both merge files leave AutheEnabled out, which opens the application to everybody, and give %All: there the templates
differ on purpose."""


async def properties(at: Desk, name: str) -> dict[str, object]:
    """The properties of an application as the driver reads them from the object; the groups of roles joined."""
    connection = at.session.context.link().connection
    wanted = sorted({key for each in PUBLISHED.values() for some in each.values() for key in some})
    names = [*wanted, "NameSpace", "CookiePath", "Recurse"]
    found: dict[str, object] = {}
    for each in names:
        if each == "WSGIType" and at.served.world.version < (2024, 2):
            continue
        path = (each,) if each == "MatchRoles" else ()
        step = ObjectStep("invoke", "GetAt", (1,), path) if path else ObjectStep("get", each)
        call = ObjectCall("Security.Applications", "%OpenId", (name,), (step,))
        found[each] = (await connection.call(call)).values[0]
    return {key: "" if value is None else value for key, value in found.items()}


@pytest.mark.parametrize("template", list(PUBLISHED))
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_template_sets_what_was_published(
    tmp_path: Path, template: str, version: tuple[int, int]
) -> None:
    async with desk(tmp_path, version=version) as at:
        add_role(at.served, "%DB_SHOP")
        app(at, PLAIN).match_roles = {"": ["%Developer"]}
        extra(at, PLAIN).update(CookiePath="/left/over/", Recurse=False)
        python = template in ("flask", "fastapi", "django")
        options = " wsgi_location=/opt/shop" if python else ""
        options += " dispatch_class=Shop.REST" if template.startswith("rest") else ""
        if template == "fastapi" and version < (2024, 2):
            assert (await at.problem(f"/app add /shop template=fastapi{options}")).error == "TooOld"
            return
        await at.do(f"/app add /shop template={template} namespace=user{options}")
        made = await properties(at, "/shop")
        for source, settings in PUBLISHED[template].items():
            wanted = (
                settings if version >= (2024, 2) else {k: v for k, v in settings.items() if k != "WSGIType"}
            )
            assert {key: made[key] for key in wanted} == wanted, source
        assert (made["AutheEnabled"], made["Type"], made["NameSpace"]) == (PASSWORD_BIT, 2, "USER")
        assert made["DispatchClass"] == (
            PYTHON if python else "Shop.REST" if template.startswith("rest") else ""
        )
        assert made["MatchRoles"] == (":%DB_USER" if python else "")
        assert (made["CookiePath"], made["Recurse"]) == ("", 1), "not of the one that was copied"


def test_every_template_is_tested() -> None:
    assert {each.name for each in TEMPLATES} == PUBLISHED.keys()


async def test_a_new_one_comes_from_its_form_and_goes_and_comes_again(at: Desk) -> None:
    line = "/app add /api/shop template=rest-jwt"
    form = await at.form(line)
    values: dict[str, Cell] = {each.name: each.value for each in form.fields}
    assert (values["name"], values["jwt"], values["auth"]) == ("/api/shop", True, ["password"])
    again = await at.form(line, values)
    assert "extends %CSP.REST" in again.errors["dispatch_class"]
    values |= {"dispatch_class": "Shop.REST", "cors_origins": "https://a.example:443", "timeout": 60}
    plan = await at.plan(line, values)
    assert plan.changes[0].after == "made as a copy of /csp/user"
    assert "Security.Applications.Copy" not in str(plan.changes)
    assert any('"Copy"' in each for each in plan.calls["Python"])
    assert at.served.world.applications.get("/api/shop") is None, "nothing before the yes"
    await at.yes(plan)
    made, more = repr(app(at, "/api/shop")), dict(extra(at, "/api/shop"))
    assert more["CorsAllowlist"] == ["https://a.example:443"]
    await at.do("/app delete /api/shop")
    assert at.served.world.applications.get("/api/shop") is None
    await at.do("/undo")
    assert (repr(app(at, "/api/shop")), extra(at, "/api/shop")) == (made, more)
    await at.do("/redo")
    assert at.served.world.applications.get("/api/shop") is None
    await at.do("/undo")
    await at.do("/undo 1")
    assert at.served.world.applications.get("/api/shop") is None


async def test_a_copy_has_every_field(at: Desk) -> None:
    await at.do(f"/app {PLAIN} path=/srv wsgi_debug=yes cors_headers=X-One matching_roles=Clerk:%SQL group=g")
    await at.do(f"/app copy {PLAIN} to /csp/shop")
    copied = replace(app(at, PLAIN), name="/csp/shop")
    assert repr(app(at, "/csp/shop")) == repr(copied)
    kept = {key: value for key, value in extra(at, PLAIN).items() if value}
    assert kept.items() <= extra(at, "/csp/shop").items()
    plan = await at.plan("/app copy /csp/sys to /csp/system")
    assert plan.changes[0].after == "made as a copy of /csp/shop", "a copy of the portal might be undeletable"
    await at.yes(plan)
    assert app(at, "/csp/system").type_bits == 2
    assert app(at, "/csp/system").resource == app(at, "/csp/sys").resource


async def test_the_most_closed_one_is_copied(at: Desk) -> None:
    await at.do(f"/app copy {PLAIN} to /csp/closed")
    await at.do("/app /csp/closed disable auth=password")
    assert (await at.plan("/app add /csp/shop template=csp namespace=USER")).changes[
        0
    ].after == "made as a copy of /csp/closed"


async def test_what_was_half_made_can_be_finished_or_taken_back(at: Desk) -> None:
    plan = await at.plan("/app add /csp/shop template=csp namespace=USER resource=%Development")
    gone = at.served.world.resources.get("%Development")
    assert gone is not None
    at.served.world.tables.resources.remove("%Development")
    told = (await at.yes(plan))[-1]
    assert isinstance(told, Problem)
    assert "1 call of 2" in told.message
    assert "/undo 1" in told.cure
    at.served.world.resources.add(gone)
    await at.do("/finish 1")
    assert app(at, "/csp/shop").resource == "%Development"


async def test_without_any_to_copy_none_is_planned(tmp_path: Path) -> None:
    async with serve(units=50) as served, desk_on(served, tmp_path) as at:
        served.world.tables.applications.remove(PLAIN)
        refused = await at.problem("/app add /csp/shop template=csp namespace=USER description=Shop")
        assert refused.error == "NotAvailable"
        assert "in the portal" in refused.cure


# Warnings


def risky(at: Desk) -> None:
    """An application for superusers, and one without any login method."""
    for made in (
        Application("/api/super", authe_enabled=PASSWORD_BIT, match_roles={"": ["%All"]}),
        Application("/api/none", authe_enabled=0),
    ):
        at.served.world.applications.add(made)


async def test_the_form_and_the_card_warn_of_what_is_already_so(at: Desk) -> None:
    risky(at)
    for name in ("/py/one", "/py/two"):
        at.served.world.applications.add(Application(name, dispatch_class=PYTHON, authe_enabled=32))
    app(at, PLAIN).jwt_enabled = True
    app(at, PLAIN).authe_enabled = PASSWORD_BIT | UNAUTHENTICATED_BIT
    extra(at, PLAIN)["SessionScope"] = 0
    said = {
        PLAIN: (
            "open without a login",
            "tokens open every other application",
            "SameSite None works over https",
        ),
        "/api/super": ("It makes every visitor a superuser",),
        "/api/none": ("it may be open to everybody: /app /api/none auth=password",),
        "/py/one": ("/py/two is Python, too",),
    }
    for name, sentences in said.items():
        notes = " ".join((await at.form(f"/app {name}")).notes)
        for sentence in sentences:
            assert sentence in notes
    card = (await at.say("/app show /api/none"))[-1]
    assert isinstance(card, Facts)
    assert "may be open to everybody" in " ".join(card.notes)


async def test_the_last_login_method_is_not_taken(at: Desk) -> None:
    app(at, PLAIN).authe_enabled = PASSWORD_BIT
    told = await at.problem(f"/app {PLAIN} auth=-password")
    assert (told.error, "open to everybody" in told.message) == ("BadLogin", True)
    assert f"/app {PLAIN} disable" in told.cure
    form = await at.form(f"/app {PLAIN}", await at.edited(f"/app {PLAIN}", auth=[]))
    assert "open to everybody" in form.errors["auth"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/app add /csp/open template=csp auth=unauthenticated", "open without a login"),
        ("/app add /csp/open template=csp auth=ldap", "allows no login by ldap"),
        (f"/app {PLAIN} auth=+delegated path=/x", ""),
        (f"/app {PLAIN} application_roles=%All", "%All makes every visitor"),
        (
            "/app /api/super auth=+unauthenticated",
            "%All makes everybody who reaches /api/super, without a login,",
        ),
        ("/app copy /api/none to /api/none2", "may be open to everybody: /app /api/none2 auth=password"),
        (f"/app {PLAIN} user_cookie_scope=none", "SameSite None works over https alone"),
        (
            "/app add /py/three template=flask wsgi_name=shop wsgi_location=/x namespace=USER",
            "/py/two has a Python",
        ),
        (
            "/app add /api/new template=rest-jwt dispatch_class=A.B namespace=USER",
            "with tokens, and theirs open it",
        ),
        (f"/app {PLAIN} jwt=yes", "need a REST dispatch class"),
        ("/app /api/one auth=ldap jwt=yes", "Tokens are given for a password"),
        ("/app /api/one jwt=yes", "open every other application with tokens, and theirs open it: /api/two"),
        ("/app /py/one wsgi_name=shop", "/py/two has a Python module shop, too"),
        (f"/app {PLAIN} session_scope=none", "SameSite None works over https alone"),
        ("/app /api/one timeout=60", "settings of sessions mean nothing"),
        ("/app /api/one session_scope=lax", "settings of sessions mean nothing"),
        ("/app /api/two cors_headers=X-One", "no CORS headers are sent"),
        ("/app /py/one wsgi_location=", "nothing to run"),
    ],
)
async def test_what_is_warned_of(at: Desk, line: str, said: str) -> None:
    at.served.world.system.authe_enabled = PASSWORD_BIT | UNAUTHENTICATED_BIT
    for name in ("/api/one", "/api/two", "/py/one", "/py/two"):
        dispatch = "Shop.REST" if name.startswith("/api") else PYTHON
        at.served.world.applications.add(Application(name, dispatch_class=dispatch, authe_enabled=32))
    app(at, "/api/two").jwt_enabled = True
    risky(at)
    for name in ("/py/one", "/py/two"):
        python = app(at, name)
        python.wsgi_name, python.wsgi_location = "shop" if name == "/py/two" else "one", "/opt"
    plan = await at.plan(line)
    assert said in " ".join(plan.warnings)
    assert said or plan.warnings, "a method that the system has not"


async def test_unauthenticated_where_the_system_forbids_it(at: Desk) -> None:
    at.served.world.system.authe_enabled = PASSWORD_BIT
    plan = await at.plan("/app add /csp/open template=csp auth=unauthenticated")
    assert any(
        "allows no login by unauthenticated: visitors without a login get 403" in w for w in plan.warnings
    )


# Refusals


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        (f"/app {PLAIN} serve_files=perhaps", "BadValue", "serve_files="),
        (f"/app {PLAIN} namespace=NOWHERE", "BadValue", "namespace="),
        (f"/app {PLAIN} jwt_access_timeout=0", "BadValue", "jwt_access_timeout="),
        (f"/app {PLAIN} application_roles=Nobody", "BadValue", "application_roles="),
        (f"/app {PLAIN} matching_roles=Clerk", "BadValue", "matching_roles="),
        (f"/app {PLAIN} cors_origins=a.example", "BadValue", "cors_origins="),
        (f"/app {PLAIN} wsgi_name=app.py", "BadValue", "wsgi_name="),
        (f"/app {PLAIN} wsgi_location=shop", "BadValue", "wsgi_location="),
        (f"/app {PLAIN} dispatch_class=no-class", "BadValue", "dispatch_class="),
        (f"/app {PLAIN} trace=yes", "BadValue", "trace="),
        (f"/app {PLAIN} use_cookies=always", "AlreadySo", "nothing"),
        ("/app /csp/usr path=/x", "NoSuchApplication", "/csp/user"),
        ("/app add csp/x template=csp namespace=USER", "BadValue", "name="),
        ("/app add /csp/user template=csp namespace=USER", "BadValue", "name="),
        ("/app add /a%2f template=csp namespace=USER", "BadValue", "name="),
        ("/app add /csp/docbook template=csp namespace=USER", "BadValue", "name="),
        ("/app add /x template=nope", "NoSuchTemplate", "flask"),
        ("/app add /x template=rest namespace=USER", "FieldNeeded", "dispatch_class="),
        ("/app add /x template=flask namespace=USER", "FieldNeeded", "wsgi_location="),
        ("/app add /x template=csp resource=%Nope", "BadValue", "resource="),
        ("/app copy /csp/usr to /x", "NoSuchApplication", "/csp/user"),
        ("/app copy /csp/user to x", "BadName", "another"),
        ("/app copy /csp/user to /csp/sys", "BadName", "another"),
        ("/app copy /csp/user to /x/", "BadName", "another"),
        (f"/app copy /csp/user to /{'x' * 64}", "BadName", "another"),
        ("/app delete /csp/sys", "SystemApplication", "disable"),
        ("/app delete /csp/user /csp/sys", "SystemApplication", "disable"),
        ("/app delete /csp/usr", "NoSuchApplication", "/csp/user"),
        ("/app delete nothing", "NoSuchApplication", "/apps"),
        ("/app delete /", "NoSuchApplication", "/api/monitor"),
    ],
)
async def test_wrong_words_name_the_field_and_the_cure(at: Desk, line: str, error: str, hint: str) -> None:
    before = repr(list(at.served.world.applications.values()))
    told = await at.problem(line)
    assert told.error == error, told
    assert hint in told.cure + " ".join(told.suggestions)
    assert repr(list(at.served.world.applications.values())) == before
    assert at.entries() == []


@pytest.mark.parametrize(
    ("line", "most"),
    [
        (f"/app {PLAIN} disable", 8),
        (f"/app {PLAIN} auth=password", 8),
        (f"/app {PLAIN}", 4),
        (f"/app {PLAIN} path=/x", 9),
        ("/app add /x template=csp namespace=USER", 12),
        (f"/app delete {PLAIN}", 8),
    ],
)
async def test_it_costs_few_batches(tmp_path: Path, line: str, most: int) -> None:
    async with serve(units=50) as served, desk_on(served, tmp_path, CountingConnection) as at:
        link = at.session.hub.active
        assert link is not None
        assert isinstance(link.connection, CountingConnection)
        before = link.connection.batches
        reply: Reply = (await at.say(line))[-1]
        if isinstance(reply, Plan):
            reply = (await at.yes(reply))[-1]
        assert isinstance(reply, Done | Form)
        assert 0 < link.connection.batches - before <= most


async def test_the_usual_changes_read_no_more_than_before(at: Desk) -> None:
    """Five properties, not forty-five: each is a round trip to the instance."""
    await at.do(f"/app {PLAIN} timeout=60")
    assert set(at.entries()[0].intent.touched[0].before or {}) == {
        "enabled",
        "auth",
        "resource",
        "timeout",
        "roles",
    }


async def test_templates_are_listed(at: Desk) -> None:
    table = (await at.say("show the templates for applications"))[-1]
    assert isinstance(table, Table)
    assert [row["name"] for row in table.rows] == list(dict.fromkeys(each.name for each in TEMPLATES))
