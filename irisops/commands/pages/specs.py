"""What can be typed about the way to a page, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Keyword, Plain

_GRAMMAR = (
    Arg("address", "application", required=False, show="http://HOST/PAGE|/PAGE"),
    Keyword("as"),
    Arg("user", "user", required=False),
)
_command = partial(CommandSpec, group="access", grammar=_GRAMMAR)
_WHAT = "[the] [my] [our] [page|url|application|app|site|service|api]"
_CODE = "(404|403|401|500|503|405|blank page|an error|login page)"

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="explain web",
        summary="The way of a request to a page, stage by stage up to the first that is broken, and its cure",
        handler="pages.explain:explain",
        plain=(
            Plain("why is (my|the|our) [web] page (blank|empty|white)"),
            Plain("why do (i|we) (get|see) [a|an] [http] [error] " + _CODE),
            Plain(
                "why [do|does|did] [i|we|it] [get|gets|see|give|gives] [a|an] [http] [error] "
                + _CODE
                + " (on|from|at|for|in) "
                + _WHAT
                + " {address}"
            ),
            Plain(f"why is {_WHAT} {{address}} (blank|empty|white|down|broken|not working|not answering)"),
            Plain(f"why does {_WHAT} {{address}} not (open|answer|load|respond)"),
            Plain(f"what is wrong with {_WHAT} {{address}}"),
            Plain(f"explain the way to {_WHAT} {{address}}"),
            Plain(f"explain the way to {_WHAT} {{address}} as [the] [user] {{user}}"),
        ),
        examples=(
            "why is my page blank",
            "why 404 on /api/shop",
            "why does /csp/user not open",
        ),
        uses_connection=True,
    ),
    _command(
        name="explain live",
        summary="The stages on the way to a page while somebody clicks: what is refused appears",
        handler="pages.explain:watch",
        plain=(
            Plain(f"watch {_WHAT} {{address}} while i click"),
            Plain(f"watch what happens (on|at|to) {_WHAT} {{address}}"),
        ),
        examples=("watch /csp/user while i click",),
        needs_connection=True,
        needs=("users.list", "roles.list"),
        live=True,
    ),
)
