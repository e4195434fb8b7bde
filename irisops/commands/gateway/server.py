"""/gateway server: what the Web Gateway sends to the instance, beside what the instance expects of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from irisops.changes.objects import Wanted
from irisops.changes.plan import plan
from irisops.changes.record import Origin
from irisops.commands.gateway.password import Place, ask_and_plan
from irisops.commands.gateway.showing import GatewayFile, file_meant
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Column, Plan, Refusal, Table
from irisops.contract.wording import harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.gateway.csp_ini import clear_password
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.authentication import PASSWORD as BY_PASSWORD
from irisops.instance.security.authentication import UNAUTHENTICATED
from irisops.instance.security.lists import WEB_GATEWAY
from irisops.instance.security.object_state import ObjectChange, ObjectState, login_bits
from irisops.instance.security.permissions import Permission
from irisops.instance.security.settings_state import read_settings
from irisops.instance.security.user_changes import read_user_state

_SIDES = ("gateway", "iris")
_ALL_RIGHT = (
    "All that can be read is right. If the gateway still gets no connection, the two passwords differ, or it cannot "
    "reach the superserver: CSP.log beside its file says which."
)


@dataclass(frozen=True, slots=True)
class _Check:
    """One thing that the gateway's login needs. `right` None where it is not known."""

    what: str
    right: bool | None
    found: str
    cure: str = ""

    @property
    def state(self) -> str:
        """In a word."""
        return "not known" if self.right is None else "right" if self.right else "wrong"


_FIELDS: cards.Fields[_Check] = (
    (Column("state", "STATE"), lambda each: each.state),
    (Column("what", "NEEDED"), lambda each: each.what),
    (Column("found", "FOUND", grow=True), lambda each: each.found),
    (Column("cure", "CURE", hide_under=100), lambda each: each.cure),
)


async def compare(context: Context, command: Command) -> Replies:
    """The comparison; with side=, the plan to set the password there."""
    gateway = await file_meant(context, command)
    name = _server_meant(gateway, command)
    place = Place(gateway, name)
    side = str(command.args.get("side", "")).casefold()
    if side and side not in _SIDES:
        raise Refusal(
            "BadSide",
            f"side= is {' or '.join(_SIDES)}, not “{harmless(side, 40)}”.",
            "side=gateway writes the password into the gateway's file, side=iris sets it for the user on the instance.",
        )
    if side == "gateway":
        yield await ask_and_plan(context, command, place)
        return
    link = context.link()
    user = gateway.ini.section(name).get("Username", "")
    if side == "iris":
        yield await _plan_of_instance(context, link, command, place, user)
        return
    access = await read_access(link.connection)
    state = await read_user_state(link.connection, user) if user else None
    services = await read_settings(link.connection, "service", [WEB_GATEWAY])
    service = services.get(WEB_GATEWAY.casefold())
    today = context.clock.now().date()
    found = [*_login(user, state, today), *_door(access, state, service, place), _password(name)]
    wrong = [each.what for each in found if each.right is False]
    yield Table(
        name="gateway_server",
        title=f"{harmless(name, 60)} of the Web Gateway, beside this instance",
        columns=cards.columns_of(_FIELDS),
        rows=cards.rows_of(_FIELDS, found),
        key="what",
        notes=[f"Wrong: {listed(wrong)}. Enter on the row plans its cure." if wrong else _ALL_RIGHT],
        actions=[("enter", "mend", "{!cure}")],
    )


def _server_meant(gateway: GatewayFile, command: Command) -> str:
    """The server's section. Raises `Refusal`."""
    servers = gateway.ini.servers
    wanted = str(command.args.get("server", ""))
    if wanted in servers:
        return wanted
    if not wanted and len(servers) == 1:
        return servers[0]
    raise Refusal(
        "NoSuchServer" if wanted else "WhichServer",
        f"{harmless(gateway.path)} has {'no server ' + harmless(wanted, 60) if wanted else f'{len(servers)} servers'}.",
        f"It has {listed(servers) or 'none'}; letter case counts.",
        suggestions=[f"/gateway server {quote(each)}" for each in servers[:3]],
    )


def _login(user: str, state: ObjectState | None, today: date) -> Iterator[_Check]:
    """The gateway's user on the instance (facts: iris-webapps-gateway 5.5)."""
    if not user:
        return
    if state is None:
        yield _Check(f"a user {user}", right=False, found="there is none on the instance", cure="/users")
        return
    quoted = quote(state.name)
    yield _Check(
        "the user is enabled", right=state.flag("enabled"), found=state.name, cure=f"/enable {quoted}"
    )
    expires = state.text("expires")
    if "expires" in state.fields:
        over = bool(expires) and date.fromisoformat(expires) < today
        yield _Check(
            "it has not expired",
            right=not over,
            found=expires or "never expires",
            cure=f"/user {quoted} expires=never",
        )
    if "must_change_password" in state.fields:
        must = state.flag("must_change_password")
        yield _Check(
            "it need not change its password",
            right=not must,
            found="must change it" if must else "need not",
            cure=f"/user {quoted} must_change_password=no",
        )
    bad = state.text("bad_logins")
    if bad:
        yield _Check(
            "no bad logins",
            right=bad == "0" or None,
            found=f"{bad} since the last good one",
            cure=f"/unlock {quoted}",
        )


def _door(
    access: Access, state: ObjectState | None, service: ObjectState | None, place: Place
) -> Iterator[_Check]:
    """The service through which gateways come in, and its resource."""
    if service is None:
        yield _Check(WEB_GATEWAY, right=None, found="cannot be read")
        return
    enabled = service.flag("enabled")
    yield _Check("the service is on", right=enabled, found=WEB_GATEWAY, cure=f"/service {WEB_GATEWAY} enable")
    bits = login_bits(service)
    sends = bool(place.value)
    takes, sent = listed(service.names("auth")) or "nothing", "a password" if sends else "none"
    yield _Check(
        "the service takes what is sent",
        right=bool(bits & (BY_PASSWORD if sends else UNAUTHENTICATED)),
        found=f"it takes {takes}; the gateway sends {sent}",
        cure=f"/service {WEB_GATEWAY} auth=+password"
        if sends
        else f"/gateway server {quote(place.section)} side=gateway",
    )
    if state is not None:
        yield _Check(
            "the user may use the service",
            right=access.model.check(state.name, WEB_GATEWAY, Permission.U).allowed,
            found=f"{WEB_GATEWAY}:U",
            cure=f"/resource {WEB_GATEWAY} public=U",
        )


def _password(name: str) -> _Check:
    return _Check(
        "both have one password",
        right=None,
        found="the instance keeps a hash",
        cure=f"/gateway server {quote(name)} side=iris",
    )


async def _plan_of_instance(context: Context, link: Link, command: Command, place: Place, user: str) -> Plan:
    """Set the user's password on the instance to the one in the file, which is shown nowhere. Raises `Refusal`."""
    password = clear_password(place.value)
    state = await read_user_state(link.connection, user) if user else None
    if state is None or not password:
        raise Refusal(
            "NothingToSet",
            f"[{harmless(place.section, 60)}] has no user that is on the instance."
            if state is None
            else f"The password of [{harmless(place.section, 60)}] cannot be read from the file.",
            f"/gateway server {quote(place.section)} side=gateway sets it there.",
        )
    wanted = Wanted(
        "gateway_server",
        f"Set the password of {harmless(state.name)} to the one that the Web Gateway sends",
        (ObjectChange(state, state),),
        Origin(command.slash),
        {state.name: password},
        warnings=["A password cannot be taken back by /undo: nobody can read the old one."],
    )
    return await plan(context, link, wanted)
