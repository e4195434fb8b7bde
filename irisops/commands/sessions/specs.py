"""Commands on web sessions, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Plain

_SESSIONS = "(session|sessions|web session|web sessions|browser sessions|browsers)"

_command = partial(CommandSpec, group="license", needs_connection=True)

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="locked free",
        summary="Locked out: end the web session missed least, over the web port of IRIS 2026.2 or newer",
        handler="sessions.free:free_without_login",
        grammar=(Arg("profile", "profile", required=False),),
        plain=(
            Plain("(free|end) [me] (a unit|a session) without [a] login [on {profile}]"),
            Plain("(free|make room on) the license (from outside|without a login)"),
        ),
        examples=("free a unit without a login",),
        changes=True,
        needs_connection=False,
    ),
    _command(
        name="sessions",
        summary="Web sessions with application, user, license holder and when they expire",
        handler="sessions.listing:show_sessions",
        grammar=(Arg("filter", "filter", required=False, many=True),),
        plain=(
            Plain(
                "(show|list|see|display) [me] [all] [the|my] [open|active] (sessions|web sessions|browsers)"
            ),
            Plain("(sessions|web sessions|open sessions|active sessions)"),
            Plain(
                "(show|list|see) [me] [all] [the] (sessions|web sessions) (of|by|for|from) [user|the user] {user}",
                {"filter": ["user={user}"]},
            ),
            Plain("(show|list|see) [me] {user's} (sessions|web sessions)", {"filter": ["user={user}"]}),
            Plain(
                "(which|what) (sessions|web sessions) (expire|end|run out|time out) (soon|next|first)",
                {"filter": ["sort=left"]},
            ),
            Plain("who is on [here|it|now|the instance]"),
            Plain("who is (logged in|signed in|online|connected) [in|on|with|by] [the|a] [web|browser]"),
            Plain("how many (sessions|web sessions|browsers) (are there|are open|are active|do we have)"),
        ),
        examples=("show sessions", "who is online"),
        needs=("sessions.list",),
        live=True,
        group="instance",
    ),
    _command(
        name="sessions end",
        undo={"sessions.end": "sessions.ending:AGAIN"},
        summary="End web sessions: by id, user, application, holder, address, or words as of /sessions; or all",
        handler="sessions.end:end",
        grammar=(Arg("filter", "filter", many=True, show="WHICH"),),
        plain=(
            Plain(
                f"(end|close|kill|stop|terminate|log out|drop) [all] [the] [web] {_SESSIONS} "
                "(of|by|on|from|for|at) [user|the user|application|address|holder] {who}",
                {"filter": ["{who}"]},
            ),
            Plain(
                f"(end|close|kill|stop|terminate|drop) [all] [the] [web] {_SESSIONS} without [a] login",
                {"filter": ["anonymous"]},
            ),
            Plain(
                f"(end|close|kill|stop|terminate|drop) all [the] [web] {_SESSIONS}",
                {"filter": ["all"]},
            ),
            Plain("(end|close|kill|terminate) [the] [web] session {who}", {"filter": ["{who}"]}),
            Plain(
                f"(end|close|kill|stop|terminate|drop) [all] [of] {{who's}} [web] {_SESSIONS}",
                {"filter": ["{who}"]},
            ),
            Plain("(log out|log off|sign out) [the] user {who} [from the web]", {"filter": ["{who}"]}),
        ),
        examples=("end the sessions of appuser", "end the sessions on /csp/user"),
        aliases=("session end",),
        changes=True,
        needs=("sessions.list",),
    ),
    _command(
        name="sessions leaks",
        summary="Clients that open a session per call, and how many they left behind",
        handler="sessions.end:show_leaks",
        grammar=(Arg("who", "holder", required=False),),
        plain=(
            Plain("(who|what|which client) (is leaking|leaks) [sessions|web sessions|units|license units]"),
        ),
        examples=("who is leaking sessions",),
        needs=("sessions.list",),
    ),
    _command(
        name="sessions sweep",
        summary="Find clients that open a session per call, and end what they left behind",
        handler="sessions.end:sweep",
        grammar=(Arg("who", "holder", required=False),),
        plain=(
            Plain(
                "(sweep|clean up|sweep up|clear out|find|end) [all] [the] "
                "(leak|leaks|leaked sessions|leaking sessions|abandoned sessions|stale sessions|orphans)"
            ),
            Plain("(sweep|clean up|sweep up) [the] (sessions|web sessions)"),
            Plain(
                "(end|close|kill|stop|terminate|drop|remove|clear) [all] [the] "
                "(unused|closed|forgotten|abandoned|leaked|leaking|left over|leftover|dead) "
                "(sessions|web sessions|browser sessions|browsers)"
            ),
        ),
        examples=("end the leaked sessions",),
        changes=True,
        needs=("sessions.list",),
    ),
    _command(
        name="license free",
        summary="Offer to end the web session that is missed least, to get a unit back",
        handler="sessions.free:free",
        plain=(
            Plain(
                "(free|free up|release|give back|get back|give me|get me|i need) [up] "
                "(a|one|some|another) [license|licence] (unit|units|seat|license|licence)"
            ),
            Plain(
                "(free|free up|release|clear) [up] [some|all|the|my|our] [unused|idle] [license|licence] "
                "(unit|units|seats|licenses|licences|license|licence)"
            ),
            Plain(
                "(free|free up|release) [up] [all] [the] [license|licence] (units|seats|licenses|licences) "
                "(of|held by|from) [the] "
                "(closed|forgotten|idle|abandoned|old|unused) (browsers|sessions|web sessions|browser sessions)"
            ),
            Plain("(make|get) [some] room [on|in] [the|my] [license|licence]"),
            Plain("(let|get) me (in|back in)"),
        ),
        examples=("free a unit",),
        aliases=("licence free",),
        changes=True,
        needs=("sessions.list",),
    ),
)
