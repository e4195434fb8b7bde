"""What can be typed about access: commands as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Plain

_WHAT = (
    "[the] [database|resource|application] {what} [database|resource|application|page|data|global|globals]"
)
_USER = "[the] [user] {user}"
_MAY = f"(can|may|could|is) {_USER} [allowed to]"
_MAY_NOT = f"why (can't|cannot|can not|may not|can’t) {_USER}"
_ALLOWED = "(can|may|is allowed to)"
_READ = "(read|see|view)"
_WRITE = "(write|write to|change|modify|update)"
_OPEN = "(open|enter|access|reach|get into)"
_LOG_IN = "(log in|login|log on|connect|get in|sign in)"
KIND = "audit.refusals"
"""The journal's name for this kind of change."""
_GRAMMAR = (
    Arg("age", "age", required=False, show="90d"),
    Arg("filter", "filter", required=False, many=True),
)

_command = partial(CommandSpec, group="access", needs_connection=True)

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="explain",
        undo={"sql.privilege": "access.sql_change:AGAIN"},
        summary="Whether a user may do something and through which role; if not, the smallest fix (fix=yes plans it)",
        handler="access.explain:explain",
        of_address=("explain web", "explain live"),
        grammar=(
            Arg("user", "user"),
            Arg("what", "resource", required=False, show="RESOURCE[:PERM]|/web/app|sql"),
            Arg("object", "text", required=False, show="SCHEMA.TABLE"),
        ),
        options={"access": "text", "in": "text", "namespace": "text", "narrow": "flag", "fix": "flag"},
        plain=(
            Plain(f"(can|may|does|is|could) {_USER} [allowed to] {_READ} {_WHAT}", {"access": "R"}),
            Plain(f"{_MAY} {_WRITE} {_WHAT}", {"access": "W"}),
            Plain(f"{_MAY} use sql", {"what": "sql"}),
            Plain(f"{_MAY} use {_WHAT}", {"access": "U"}),
            Plain(f"{_MAY} {_OPEN} {_WHAT}"),
            Plain(
                f"{_MAY} (select|query|read) (from|table|from table) {{object}}",
                {"what": "sql", "access": "select"},
            ),
            Plain(f"{_MAY} insert into [table] {{object}}", {"what": "sql", "access": "insert"}),
            Plain(f"{_MAY_NOT} {_READ} {_WHAT}", {"access": "R"}),
            Plain(f"{_MAY_NOT} {_WRITE} {_WHAT}", {"access": "W"}),
            Plain(f"{_MAY_NOT} use {_WHAT}", {"access": "U"}),
            Plain(f"{_MAY_NOT} {_OPEN} {_WHAT}"),
            Plain(
                f"{_MAY_NOT} (select|query) [from] [table] {{object}}", {"what": "sql", "access": "select"}
            ),
            Plain(f"why (can|may) {_USER} {_READ} {_WHAT}", {"access": "R"}),
            Plain(f"why (can|may) {_USER} {_WRITE} {_WHAT}", {"access": "W"}),
            Plain(f"why (can|may) {_USER} (use|open|enter|access|reach) {_WHAT}"),
            Plain(f"(why|how) does {_USER} (have|hold|get) [access to] {_WHAT}"),
            Plain("explain [the] [access] [of] {user} to " + _WHAT),
            Plain(f"(does|has) {_USER} (have|got) access to {_WHAT}"),
            Plain(f"what (can|may) {_USER} (do|access|use|open)"),
            Plain(f"(what|which) privileges does {_USER} (have|hold)"),
            Plain("(show|list) [me] {user's} privileges"),
        ),
        examples=(
            "can appuser read the payroll database",
            "why can't appuser open /csp/sys",
            "can appuser select from HR.Person",
        ),
        needs=("users.list", "roles.list"),
    ),
    _command(
        name="who-can",
        summary="Everybody who holds a privilege or may open a web application, and through which role",
        handler="access.who_can:who_can",
        grammar=(
            Arg("what", "resource", show="RESOURCE[:PERM]|/web/app"),
            Arg("filter", "filter", required=False, many=True),
        ),
        options={"access": "text"},
        plain=(
            Plain(
                f"(who|which users|who all) {_ALLOWED} {_READ} [the] {{what}} [database|resource|data]",
                {"access": "R"},
            ),
            Plain(
                f"(who|which users|who all) {_ALLOWED} {_WRITE} [the] {{what}} [database|resource|data]",
                {"access": "W"},
            ),
            Plain(f"(who|which users) {_ALLOWED} use [the] {{what}} [resource]", {"access": "U"}),
            Plain(
                f"(who|which users) {_ALLOWED} {_OPEN} [the] {{what}} [application|page|database|resource]"
            ),
            Plain("who has access to [the] {what} [database|resource|application]"),
        ),
        examples=("who can write the user database", "who can use %Admin_Secure"),
        aliases=("whocan", "who can"),
        needs=("users.list", "roles.list"),
        live=True,
    ),
    _command(
        name="compare",
        summary="What one user or role may do and the other may not",
        handler="access.compare:compare",
        grammar=(Arg("first", "user", show="A"), Arg("second", "user", show="B")),
        options={"namespace": "text"},
        plain=(
            Plain(
                "compare [the] [user|users|role|roles] {first} (with|and|to|against) [the] [user|role] {second}"
            ),
            Plain(
                "(what is|what are) [the] (difference|differences) between [the] [user|users] {first} "
                "and [the] [user] {second}"
            ),
            Plain("(difference|differences) between [the] [user|users] {first} and [the] [user] {second}"),
            Plain("what (can|may) {first} do that {second} (can't|cannot|can not|may not|can’t)"),
            Plain("how (does|do) {first} differ from {second}"),
        ),
        examples=("compare appuser with reader",),
        needs=("users.list", "roles.list"),
        live=True,
    ),
    _command(
        name="denied",
        summary="Newest refusals by cause: who, what was missing, the smallest fix; follows live",
        handler="access.denied:show_denied",
        grammar=(Arg("filter", "filter", required=False, many=True),),
        plain=(
            Plain("(who|what) (was|is|gets|got) [being] (denied|refused|rejected)"),
            Plain(
                f"why (can't|cannot|can not|couldn't|can’t|couldn’t) {_USER} {_LOG_IN}",
                {"filter": ["user={user}"]},
            ),
            Plain(f"why (can|could) {_USER} not {_LOG_IN}", {"filter": ["user={user}"]}),
            Plain(
                "(show|list) [me] [the|all] [recent|newest|last] (denials|refusals|denied|access denied|refused logins)"
            ),
            Plain("(denials|refusals|access denied|protect errors|protect|permission denied)"),
            Plain("(why|what) (was|is) [it|that|access] (denied|refused|forbidden)"),
            Plain(
                "why (do|did) (i|we|they) get [a|an] (protect|protect error|access denied|permission denied)"
            ),
            Plain("(failed|refused) logins", {"filter": ["event=LoginFailure"]}),
            Plain("(show|list) [me] [the] (failed|refused) logins", {"filter": ["event=LoginFailure"]}),
            Plain("who failed to log in", {"filter": ["event=LoginFailure"]}),
            Plain("what was {user} (denied|refused)", {"filter": ["user={user}"]}),
        ),
        examples=("what was denied", "show failed logins"),
        needs=("audit.list",),
        live=True,
    ),
    _command(
        name="denied fix",
        summary="One refusal in full, and the smallest change that ends it",
        handler="access.denied:fix_denied",
        grammar=(Arg("id", "text", show="ID"),),
        plain=(Plain("fix [the] (denial|refusal) {id}"),),
        needs=("audit.list",),
    ),
    _command(
        name="denied enable",
        undo={KIND: "access.denied_enable:AGAIN"},
        summary="Have every kind of refusal recorded in the audit log",
        handler="access.denied_enable:enable",
        plain=(
            Plain("(enable|switch on|turn on|start) (auditing|the audit log)"),
            Plain("record [all] [the] (refusals|denials)"),
        ),
        examples=("enable auditing",),
        changes=True,
        needs=("audit.events", "security.settings", "audit.enable"),
    ),
    _command(
        name="users dormant",
        summary="Accounts not used for so long: last login, days until a limit ends them",
        handler="access.dormant:show_dormant",
        grammar=_GRAMMAR,
        plain=(
            Plain("(show|list) [me] [the|all] (dormant|unused|stale|idle|inactive) (users|accounts)"),
            Plain("(dormant|unused|stale|idle|inactive) (users|accounts)"),
            Plain("(which|what) (users|accounts) (are|were) (dormant|unused|stale|inactive|not used)"),
            Plain("(users|accounts) [that were|that are] (not used|unused) (for|in|since) {age} [days]"),
            Plain("who (has not|hasn't|did not|didn't) (logged in|log in) (for|in) [the last] {age} [days]"),
            Plain(
                "(which|what) (users|accounts) (were|have been|are) (not used|unused) (for|in) [the last] {age} [days]"
            ),
            Plain(
                "(which|what|show|list) (users|accounts) [were|have] never [been] (used|logged in)",
                {"filter": ["never_used=yes"]},
            ),
            Plain("who has never logged in", {"filter": ["never_used=yes"]}),
        ),
        examples=("show unused accounts", "who has not logged in for 90 days"),
        aliases=("dormant",),
        needs=("users.list",),
        live=True,
    ),
    _command(
        name="dormant disable",
        summary="Disable the enabled accounts that nobody used for so long, as one change",
        handler="access.dormant:disable_dormant",
        grammar=_GRAMMAR,
        plain=(
            Plain("disable [all] [the] (dormant|unused|stale|inactive) (users|accounts)"),
            Plain("disable [all] [the] (users|accounts) [that were] (not used|unused) (for|in) {age} [days]"),
        ),
        examples=("disable accounts not used for 90 days",),
        aliases=("users disable-dormant",),
        changes=True,
        needs=("users.list", "users.detail"),
    ),
)
