"""Commands on users and roles, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Keyword, Plain

USER = {
    "full_name": "text",
    "comment": "text",
    "enabled": "flag",
    "roles": "text",
    "escalation_roles": "text",
    "namespace": "text",
    "routine": "text",
    "email": "text",
    "expires": "text",
    "account_never_expires": "flag",
    "password_never_expires": "flag",
    "must_change_password": "flag",
}
"""Options of /user as `key=value`. A password is never an option: lines are kept in the history."""

ROLE = {
    "description": "text",
    "privileges": "text",
    "granted_roles": "text",
    "escalation_only": "flag",
}
ROLE_CHANGES = {"add": "text", "remove": "text"}
"""`add=RESOURCE:RW` and `remove=RESOURCE` change the privileges of an existing role."""


_GRAMMAR_ROLES = Arg("roles", "role", many=True, show="ROLE")
_USERS = Arg("users", "user", many=True, show="USER")

_command = partial(CommandSpec, group="access", needs_connection=True)

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="users",
        summary="Users with their roles; filter and sort by words (role=%All enabled=yes)",
        handler="accounts.lists:show_users",
        grammar=(Arg("filter", "filter", required=False, many=True),),
        plain=(
            Plain("(show|list|see|display) [me] [all] [the|my] [instance] (users|accounts|people)"),
            Plain("(users|accounts|all users)"),
            Plain("(who|which users) (can|may) log in"),
            Plain("(which users|what users|who) (exist|exists|are there|is there)"),
            Plain(
                "(show|list) [me] [all] [the] (users|accounts) (with|in|holding|having) [the] [role] {role}",
                {"filter": ["role={role}"]},
            ),
            Plain("who (has|holds|is in) [the] role {role}", {"filter": ["role={role}"]}),
            Plain(
                "(who are|show|list) [the] (superusers|administrators|admins|super users)",
                {"filter": ["role=%All"]},
            ),
            Plain("(users|accounts) (with|having|holding) [the] [role] {role}", {"filter": ["role={role}"]}),
            Plain(
                "(which|what) (users|accounts) (have|hold) [the] [role] {role}", {"filter": ["role={role}"]}
            ),
            Plain("who (has|holds) [the] {role} [role]", {"filter": ["role={role}"]}),
            Plain("(what|which) roles (does|has|did) [the] [user] {user}", {"filter": ["name={user}"]}),
            Plain("(what|which) roles does [the] [user] {user} (have|hold)", {"filter": ["name={user}"]}),
            Plain("(show|list) [me] [the] roles of [the] [user] {user}", {"filter": ["name={user}"]}),
            Plain("(show|list) [me] {user's} roles", {"filter": ["name={user}"]}),
            Plain("(who has|who holds) %all", {"filter": ["role=%All"]}),
            Plain("(show|list) [me] [the|all] disabled (users|accounts)", {"filter": ["enabled=no"]}),
            Plain("(show|list) [me] [the|all] enabled (users|accounts)", {"filter": ["enabled=yes"]}),
            Plain("how many (users|accounts) (are there|do we have|exist)"),
        ),
        examples=("show users", "who are the superusers"),
        needs=("users.list",),
        live=True,
    ),
    _command(
        name="roles",
        summary="Roles with their privileges and the roles granted to them",
        handler="accounts.lists:show_roles",
        grammar=(Arg("filter", "filter", required=False, many=True),),
        plain=(
            Plain("(show|list|see|display) [me] [all] [the|my] [instance] roles"),
            Plain("(roles|all roles)"),
            Plain("(which|what) roles (are there|exist|do we have)"),
            Plain("how many roles (are there|do we have|exist)"),
            Plain("(show|list) [me] [all] [the] roles (with|on|for|about) [resource|the resource] {filter}"),
        ),
        examples=("show roles",),
        needs=("roles.list",),
        live=True,
    ),
    _command(
        name="grant",
        summary="Give a role to a user, after showing what that means",
        handler="accounts.role_change:grant",
        grammar=(_GRAMMAR_ROLES, Keyword("to"), Arg("user", "user")),
        plain=(
            Plain("(give|grant|add|assign) [the] [role|roles] {roles} to [the] [user|account] {user}"),
            Plain("(give|grant|add|assign) [the] {roles} (role|roles) to [the] [user|account] {user}"),
            Plain("(give|grant|assign) [the] [user|account] {user} [the] {roles} (role|roles)"),
            Plain("(give|grant|assign) [the] [user|account] {user} [the] [role|roles] {roles}"),
            Plain("put [the] [user] {user} (in|into) [the] [role] {roles}"),
            Plain(
                "make [the] [user] {user} [a|an] (superuser|super user|admin|administrator)",
                {"roles": ["%All"]},
            ),
            Plain("let [the] [user] {user} (have|use|hold) [the] [role|roles] {roles}"),
        ),
        examples=("give appuser %SQL", "make appuser a superuser"),
        changes=True,
        needs=("users.list", "users.add_role"),
    ),
    _command(
        name="revoke",
        summary="Take a role from a user, after showing what that means",
        handler="accounts.role_change:revoke",
        grammar=(_GRAMMAR_ROLES, Keyword("from"), Arg("user", "user")),
        plain=(
            Plain(
                "(take|revoke|remove|strip|withdraw|drop) [away] [the] [role|roles] {roles} [away] from "
                "[the] [user|account] {user}"
            ),
            Plain(
                "(take|revoke|remove|strip|withdraw|drop) [away] [the] {roles} (role|roles) [away] from "
                "[the] [user|account] {user}"
            ),
            Plain("(take|revoke|remove|drop) [away] {user's} [role|roles] {roles}"),
            Plain("(strip) [the] [user] {user} of [the] [role|roles] {roles}"),
            Plain(
                "[the] [user] {user} (should not|must not|shall not|shouldn't) (have|hold) [the] [role] {roles}"
            ),
        ),
        examples=("take %SQL from appuser",),
        changes=True,
        needs=("users.list", "users.remove_role"),
    ),
    _command(
        name="user",
        undo={"user": "accounts.kinds:USER"},
        summary="A user: opens its form (read-only: a card), or takes full_name= roles= expires= …",
        handler="accounts.user_editor:edit",
        grammar=(Arg("user", "user"),),
        options=USER,
        plain=(
            Plain("(edit|open|change|modify) [the] (user|account) {user}"),
            Plain("(edit|open|change|modify) [the] {user's} (account|user)"),
        ),
        examples=("edit the user appuser",),
        changes=True,
        shows=True,
        needs=("users.list",),
    ),
    _command(
        name="user add",
        summary="Make a user: opens a form, or takes template= roles= full_name= …",
        handler="accounts.user_editor:add",
        grammar=(Arg("name", "text", required=False),),
        options={"template": "text", **USER},
        plain=(
            Plain("(add|create|make|new) [a] [new] (user|account)"),
            Plain("(add|create|make) [a] [new] (user|account) [called|named] {name}"),
            Plain("(add|create|make) [a] [new] {template} (user|account) [called|named] {name}"),
        ),
        examples=("create a user", "create a developer account named kim"),
        aliases=("user create",),
        changes=True,
        needs=("users.list", "users.create"),
    ),
    _command(
        name="user copy",
        summary="Make a user like another, with its roles and SQL privileges",
        handler="accounts.user_edit_many:copy",
        grammar=(Arg("user", "user"), Keyword("to"), Arg("name", "text", show="NEW")),
        plain=(
            Plain("(copy|duplicate|clone) [the] [user|account] {user} (to|as) {name}"),
            Plain("(create|make|add) [a] [new] [user|account] {name} like {user}"),
        ),
        examples=("copy appuser to appuser2",),
        changes=True,
        needs=("users.list", "users.copy"),
    ),
    _command(
        name="user delete",
        summary="Delete users; /undo makes them again, but for the password",
        handler="accounts.user_edit_many:delete",
        grammar=(_USERS,),
        plain=(
            Plain("(delete|remove|drop) [the] (user|users|account|accounts) {users}"),
            Plain("(delete|remove|drop) {users's} account"),
        ),
        examples=("delete the user appuser",),
        aliases=("user remove",),
        changes=True,
        needs=("users.list", "users.delete"),
    ),
    _command(
        name="enable",
        summary="Let users log in again",
        handler="accounts.user_edit_many:enable",
        grammar=(_USERS,),
        plain=(
            Plain("(enable|reactivate) [the] [user|users|account|accounts] {users}"),
            Plain("let [the] [user] {users} log in [again]"),
        ),
        examples=("let appuser log in again",),
        changes=True,
        needs=("users.list", "users.edit"),
    ),
    _command(
        name="disable",
        summary="Keep users from logging in, without deleting them",
        handler="accounts.user_edit_many:disable",
        grammar=(_USERS,),
        plain=(Plain("(disable|deactivate|suspend the user) [the] [user|users|account|accounts] {users}"),),
        examples=("disable the user appuser",),
        changes=True,
        needs=("users.list", "users.edit"),
    ),
    _command(
        name="unlock",
        summary="Let users log in again after bad passwords",
        handler="accounts.user_edit_many:unlock",
        grammar=(_USERS,),
        plain=(Plain("unlock [the] [user|users|account|accounts] {users}"),),
        examples=("unlock the user appuser",),
        changes=True,
        needs=("users.list", "users.edit"),
    ),
    _command(
        name="password",
        summary="Set a user's password: asks for it, or makes one with generate=yes and shows it once",
        handler="accounts.user_edit_many:password",
        grammar=(Arg("user", "user"),),
        options={"generate": "flag"},
        plain=(
            Plain("(set|change|reset) [the] password (of|for) [the] [user] {user}"),
            Plain("(set|change|reset) {user's} password"),
            Plain("(generate|make) [a] [new] password for [the] [user] {user}", {"generate": "yes"}),
        ),
        examples=("reset the password of appuser",),
        changes=True,
        needs=("users.list", "users.edit"),
    ),
    _command(
        name="role",
        undo={"role": "accounts.kinds:ROLE"},
        summary="A role: opens its form (read-only: a card), or takes add=RESOURCE:RW remove= description= …",
        handler="accounts.role_editor:edit",
        grammar=(Arg("role", "role"),),
        options={**ROLE, **ROLE_CHANGES},
        plain=(Plain("(edit|open|change|modify) [the] role {role}"),),
        examples=("edit the role Clerk",),
        changes=True,
        shows=True,
        needs=("roles.list",),
    ),
    _command(
        name="role add",
        summary="Make a role: opens a form, or takes privileges=RESOURCE:RW,… granted_roles= …",
        handler="accounts.role_editor:add",
        grammar=(Arg("name", "text", required=False),),
        options=ROLE,
        plain=(
            Plain("(add|create|make|new) [a] [new] role"),
            Plain("(add|create|make) [a] [new] role [called|named] {name}"),
        ),
        examples=("create a role called Clerk",),
        aliases=("role create",),
        changes=True,
        needs=("roles.list", "roles.create"),
    ),
    _command(
        name="role copy",
        summary="Make a role like another, with its privileges and granted roles",
        handler="accounts.role_editor:copy",
        grammar=(Arg("role", "role"), Keyword("to"), Arg("name", "text", show="NEW")),
        plain=(Plain("(copy|duplicate|clone) [the] role {role} (to|as) {name}"),),
        examples=("copy the role %Developer to Programmer",),
        changes=True,
        needs=("roles.list", "roles.copy"),
    ),
    _command(
        name="role delete",
        summary="Delete a role, after showing what that takes from whom",
        handler="accounts.role_editor:delete",
        grammar=(Arg("role", "role"),),
        plain=(Plain("(delete|remove|drop) [the] role {role}"),),
        examples=("delete the role Clerk",),
        aliases=("role remove",),
        changes=True,
        needs=("roles.list", "roles.delete"),
    ),
    _command(
        name="role members",
        summary="Who holds a role, directly or through which role",
        handler="accounts.role_editor:members",
        grammar=(Arg("role", "role"),),
        plain=(
            Plain("(show|list) [me] [the] members of [the] [role] {role}"),
            Plain("who is a member of [the] [role] {role}"),
        ),
        examples=("show the members of %Developer",),
        needs=("users.list", "roles.list"),
        live=True,
    ),
    _command(
        name="templates",
        summary="Templates for new users: what each grants and why",
        handler="accounts.templates:show_templates",
        plain=(
            Plain("(show|list) [me] [the|all] [user] templates"),
            Plain("(which|what) templates (are there|exist|do we have)"),
        ),
        examples=("show templates",),
        needs_connection=False,
    ),
)
