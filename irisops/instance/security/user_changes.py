"""State of a user, and the calls that make, change and delete one (facts: iris-security 2, 6.4).

Arrays do not cross the driver, so `Get` and `Modify` cannot be used from here: properties are set on the object and
saved, roles are added and removed by their own methods (these keep SuperUser right), a user is made by the positional
`Create`. Where users are protected objects, the helper calls `Get` and `Modify`, and SQL sets a password.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from irisops.instance.calls import ClassMethod, ObjectCall, ObjectStep, Update, Value
from irisops.instance.class_queries import rows_by
from irisops.instance.errors import InstanceError, InstanceProblem, NotAvailable, NotPermitted, Unreachable
from irisops.instance.features import Route
from irisops.instance.helper import modify_by_helper, open_or_help, read_by_helper
from irisops.instance.outcome import change_by_method, changing, check_status, save_object
from irisops.instance.routes import Instance, first_route, for_reads
from irisops.instance.security.object_state import (
    Field,
    ObjectChange,
    ObjectState,
    Step,
    changed_fields,
    missing,
)
from irisops.instance.values import as_int, as_text

USER_FIELDS: Mapping[str, Field] = {
    "full_name": Field("FullName", "text", "full name", 2048),
    "comment": Field("Comment", "text", "comment", 2048),
    "enabled": Field("Enabled", "flag", "enabled"),
    "roles": Field("Roles", "names", "roles", 64),
    "escalation_roles": Field("EscalationRoles", "names", "escalation roles", 64),
    "namespace": Field("NameSpace", "text", "namespace", 64),
    "routine": Field("Routine", "text", "routine", 64),
    "email": Field("EmailAddress", "text", "e-mail", 512),
    "expires": Field("ExpirationDate", "date", "expires"),
    "account_never_expires": Field("AccountNeverExpires", "flag", "account never expires"),
    "password_never_expires": Field("PasswordNeverExpires", "flag", "password never expires"),
    "must_change_password": Field("ChangePassword", "flag", "must change password"),
    "bad_logins": Field("InvalidLoginAttempts", "number", "bad logins since the last good one"),
}
"""(facts: iris-security 2.2)"""
PASSING = frozenset({"bad_logins"})
"""Fields that the instance changes by itself: they neither block a change nor are undone."""

_ROLE_FIELDS = ("roles", "escalation_roles")


async def read_user_state(instance: Instance, name: str) -> ObjectState | None:
    """One user with the fields of this version that can be read; None if it does not exist.

    One round trip if the Detail query has all fields, a few more if not. Where the object may not be opened, the state
    has the fields of the list alone. Raises NotPermitted (%Admin_Secure:U is needed), NotAvailable or Unreachable.
    """
    listed = await _from_detail(instance, name, by_cells=False)
    row = listed or {}
    absent = [each for each, spec in USER_FIELDS.items() if spec.property.lower() not in row]
    if not row or any(each not in _ROLE_FIELDS for each in absent):
        try:
            opened = await _from_object(instance, name, absent)
        except NotPermitted:
            if listed is None:
                listed = await _from_detail(instance, name, by_cells=True)
            if listed is None:
                raise
            return _state(listed, name, partly=True) if listed else None
        if opened is None:
            return None
        if "name" not in opened:  # by the helper, as Get does not tell it
            if not row:
                row = await _from_detail(instance, name, by_cells=True) or {}
            return _state({**row, **opened}, name, partly=True)
        row.update(opened)
    for each in (each for each in absent if each in _ROLE_FIELDS):
        names = await _list_of(instance, name, USER_FIELDS[each].property)
        if names is not None:
            row[USER_FIELDS[each].property.lower()] = ",".join(names)
    return _state(row, name)


async def _from_detail(instance: Instance, name: str, *, by_cells: bool) -> dict[str, Value] | None:
    """The user's row of Detail, by SQL or only by cells; {} without such a user, None if it cannot be read this way.

    Raises Unreachable. A cell costs a round trip, so the object is cheaper, if it may be opened.
    """
    # The argument is a list of prefixes, in which "," and "*" mean more (facts: iris-security 2.5).
    mask = "*" if any(mark in name for mark in ",*") else name

    async def attempt(route: Route) -> list[dict[str, Value]]:
        if (route.kind != "sql") is not by_cells:
            raise NotAvailable("not this way")
        return (await rows_by(instance, "users.detail", route, (mask,))).dicts()

    try:
        rows = await first_route(instance, "users.detail", attempt, again=for_reads)
    except Unreachable:
        raise
    except InstanceProblem:
        return None
    return next((each for each in rows if as_text(each.get("name")).casefold() == name.casefold()), {})


def user_state_of(row: Mapping[str, Value]) -> ObjectState | None:
    """One user from a row of Detail, keyed by lower-cased column; None if the row lacks one of the fields."""
    if any(spec.property.lower() not in row for spec in USER_FIELDS.values()):
        return None
    return _state(row, "")


async def read_user_states(instance: Instance, names: Sequence[str]) -> dict[str, ObjectState]:
    """Several users by casefolded name; missing ones are left out. Raises as `read_user_state`.

    One list for all if it has all fields, else one read each.
    """
    routes = instance.capabilities.routes("users.detail")
    if len(names) > 1 and routes and routes[0].kind == "sql":
        wanted = {name.casefold() for name in names}
        try:
            rows = (await rows_by(instance, "users.detail", routes[0])).dicts()
        except Unreachable:
            raise
        except InstanceProblem:
            rows = []
        if rows and all(spec.property.lower() in rows[0] for spec in USER_FIELDS.values()):
            states = [_state(row, "") for row in rows]
            return {each.name.casefold(): each for each in states if each.name.casefold() in wanted}
    found: dict[str, ObjectState] = {}
    for name in names:
        state = await read_user_state(instance, name)
        if state is not None:
            found[state.name.casefold()] = state
    return found


def _state(row: Mapping[str, Value], name: str, *, partly: bool = False) -> ObjectState:
    """The state of a row; `partly`: fields that it lacks could not be read, else this version has none such."""
    fields = {
        key: spec.value(row[spec.property.lower()])
        for key, spec in USER_FIELDS.items()
        if spec.property.lower() in row
    }
    unread = tuple(key for key in USER_FIELDS if key not in fields) if partly else ()
    return ObjectState("user", as_text(row.get("name")) or name, fields, unread)


async def _from_object(instance: Instance, name: str, fields: Sequence[str]) -> dict[str, Value] | None:
    """Properties that the Detail query lacks: its 34 columns are not all known (facts: iris-security 2.5).

    From the object without the lists of roles, but with the name; from the helper without the name.
    """
    wanted = [USER_FIELDS[each].property for each in fields]
    properties = ["Name", *(USER_FIELDS[each].property for each in fields if each not in _ROLE_FIELDS)]
    steps = tuple(ObjectStep("get", each) for each in properties)

    async def attempt(route: Route) -> dict[str, Value] | None:
        if route.by_helper:
            (told,) = await read_by_helper(instance, "Security.Users", (name,), wanted)
            return None if told is None else {key.lower(): value for key, value in told.items()}
        answer = await instance.call(ObjectCall("Security.Users", "%OpenId", (name.lower(),), steps))
        if not answer.found:
            return None
        return dict(zip((each.lower() for each in properties), answer.values, strict=True))

    return await open_or_help(instance, "users.read", attempt)


async def _list_of(instance: Instance, name: str, property_name: str) -> list[str] | None:
    """The elements of a list property; None if this version lacks it."""
    key = (name.lower(),)
    path = (property_name,)
    try:
        counted = await instance.call(
            ObjectCall("Security.Users", "%OpenId", key, (ObjectStep("invoke", "Count", path=path),))
        )
        count = as_int(counted.values[0]) or 0 if counted.found else 0
        steps = tuple(ObjectStep("invoke", "GetAt", (at,), path) for at in range(1, count + 1))
        answer = await instance.call(ObjectCall("Security.Users", "%OpenId", key, steps))
    except Unreachable:
        raise
    except (InstanceError, NotPermitted):
        return None
    return [as_text(each) for each in answer.values]


# Changes


def user_steps(change: ObjectChange, password: str = "") -> list[Step]:
    """The calls that make a change of a user, in order.

    `password` is set if it is not empty; a creation needs one.
    """
    before, after = change.before, change.after
    if after is None:
        name = change.name
        return [_method(f"Security.Users.Delete {name}", "users.delete", "Delete", (name,))]
    if before is None:
        return _creating(after, change.origin, password)
    changed = changed_fields(before, after)
    steps: list[Step] = []
    scalars = [each for each in changed if each not in _ROLE_FIELDS]
    if scalars or password:
        steps.append(_saving(after, scalars, password))
    if "roles" in changed:
        steps += _roles(after.name, before.names("roles"), after.names("roles"))
    if "escalation_roles" in changed:
        steps += _escalation(after.name, before.names("escalation_roles"), after.names("escalation_roles"))
    return steps


def _creating(after: ObjectState, origin: str, password: str) -> list[Step]:
    if origin:
        # NewFullName, then both kinds of SQL privileges, then the password (facts: iris-security 2.3).
        args: tuple[Value, ...] = (origin, after.name, after.text("full_name"), 1, 1, password)
        first = _method(f"Security.Users.Copy {origin} to {after.name}", "users.copy", "Copy", args)
        steps = [first]
        if after.flag("must_change_password"):
            steps.append(_saving(after, ["must_change_password"], ""))
        return steps
    # Enabled and ChangePassword are given in full: an empty one is 0, which disables (facts: iris-security 2.4).
    args = (
        after.name,
        ",".join(after.names("roles")),
        password,
        after.text("full_name"),
        after.text("namespace"),
        after.text("routine"),
        after.text("expires"),
        int(after.flag("must_change_password")),
        int(after.flag("enabled")),
        after.text("comment"),
        "1",
    )
    steps = [_method(f"Security.Users.Create {after.name}", "users.create", "Create", args)]
    rest = [
        each
        for each in ("email", "account_never_expires", "password_never_expires")
        if after.fields.get(each) not in (None, "", False)
    ]
    if rest:
        steps.append(_saving(after, rest, ""))
    return steps + _escalation(after.name, (), after.names("escalation_roles"))


def _saving(after: ObjectState, fields: Sequence[str], password: str) -> Step:
    """Set properties on the object and save it: one change for the instance.

    Where the object is protected, SQL sets a password (the last resort but one, as the statement's text holds it), and
    the helper anything.

    UNVERIFIED: that %Save of the object has all side effects of Modify, such as the audit event (facts:
    iris-security 11, question 16). Settle: change FullName this way and look at the audit log.

    UNVERIFIED: that the count of bad logins may be set; it is no read-only property (facts: iris-security 2.2).
    Settle: lock a throwaway user out, /unlock it, log in.
    """
    name = after.name
    feature = "users.edit" if fields else "users.password"
    steps = [step for each in fields for step in USER_FIELDS[each].steps(after, each)]
    if password:
        steps.append(ObjectStep("set", "PasswordExternal", (password,)))
    labels = [USER_FIELDS[each].property for each in fields] + (["password"] if password else [])

    async def run(instance: Instance) -> None:
        async def attempt(route: Route) -> None:
            if route.by_helper:
                values = {
                    USER_FIELDS[each].property: USER_FIELDS[each].documented(after, each) for each in fields
                }
                await modify_by_helper(instance, "Security.Users", name, values, password)
            elif route.kind == "statement":  # (facts: iris-security 4.1)
                await instance.call(Update(f"ALTER USER {identifier(name)} PASSWORD {literal(password)}"))
            elif not await save_object(instance, "Security.Users", name.lower(), steps):
                raise InstanceError(f"User {name} does not exist.", "/users lists those that do.", code=838)

        await changing(open_or_help(instance, feature, attempt))

    probe = ObjectCall("Security.Users", "%OpenId", (name.lower(),))
    return Step(f"%Save of {name}: {', '.join(labels)}", run, feature, probe)


def _method(label: str, feature: str, method: str, args: tuple[Value, ...]) -> Step:
    return Step(label, lambda instance: change_by_method(instance, feature, "Security.Users", method, args))


def _roles(user: str, held: tuple[str, ...], wanted: tuple[str, ...]) -> list[Step]:
    """Add before removing, so that a user whose role is replaced is never without both."""
    steps = []
    for method, names in (("AddRoles", missing(wanted, held)), ("RemoveRoles", missing(held, wanted))):
        if names:
            label = f"Security.Users.{method} {user}: {','.join(names)}"
            steps.append(Step(label, partial(_change_roles, user=user, method=method, names=names)))
    return steps


async def _change_roles(instance: Instance, user: str, method: str, names: tuple[str, ...]) -> None:
    adding = method == "AddRoles"

    async def attempt(route: Route) -> None:
        if route.kind == "method":
            answer = await instance.call(ClassMethod("Security.Users", method, (user, ",".join(names))))
            await check_status(instance, answer.value, f"Security.Users.{method}")
            return
        listed = ",".join(identifier(each) for each in names)
        text = f"GRANT {listed} TO" if adding else f"REVOKE {listed} FROM"
        await instance.call(Update(f"{text} {identifier(user)}"))

    feature = "users.add_role" if adding else "users.remove_role"
    await changing(first_route(instance, feature, attempt))


def identifier(name: str) -> str:
    """A delimited SQL identifier: quotes doubled, so that no name can end it. Raises ValueError for a NUL."""
    if "\0" in name:
        raise ValueError("a name cannot hold a NUL character")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string of SQL: quotes doubled, so that no text can end it."""
    return "'" + text.replace("'", "''") + "'"


def _escalation(user: str, held: tuple[str, ...], wanted: tuple[str, ...]) -> list[Step]:
    steps = []
    for method, names in (
        # UNVERIFIED: a comma list by value, seen for AddRoles alone (facts: iris-security 2.3). It is read back.
        # Settle: AddEscalationRoles("name", "R1,R2") through the driver, then look at the user.
        ("AddEscalationRoles", missing(wanted, held)),
        ("RemoveEscalationRoles", missing(held, wanted)),
    ):
        if names:
            label = f"Security.Users.{method} {user}: {','.join(names)}"
            steps.append(_method(label, "users.escalation", method, (user, ",".join(names))))
    return steps


async def check_new_password(instance: Instance, name: str, password: str) -> str:
    """Why the instance's policy refuses a password, "" if it accepts it. Changes nothing (facts: iris-security 5).

    If the check cannot be called the answer is "": the instance then decides when the password is set.
    """
    try:
        # UNVERIFIED: that a client may call it; where it may not, the change itself reports #845.
        # Settle: classMethodValue("%SYSTEM.Security", "ValidatePassword", "x", "name") through the driver.
        answer = await instance.call(ClassMethod("%SYSTEM.Security", "ValidatePassword", (password, name)))
        await check_status(instance, answer.value, "%SYSTEM.Security.ValidatePassword")
    except Unreachable:
        raise
    except InstanceError as error:
        return error.message if error.code in (845, 952, 958) else ""
    except InstanceProblem:
        return ""
    return ""


async def unknown_namespaces(instance: Instance, names: Sequence[str]) -> list[str]:
    """Names that are no namespace. If the instance cannot tell, they count as namespaces."""
    absent = []
    for name in names:
        try:
            # (facts: iris-license-sessions 4.4)
            answer = await instance.call(ClassMethod("%SYS.Namespace", "Exists", (name,)))
        except Unreachable:
            raise
        except InstanceProblem:
            continue
        if as_int(answer.value) == 0:
            absent.append(name)
    return absent
