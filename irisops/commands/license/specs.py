"""Commands on the license, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Plain

_LICENSE = (
    "(license|licence|licenses|licences|license unit|license units|licence units|unit|units|seat|seats)"
)
KIND = "webapp.timeout"
"""The journal's name for this kind of change."""

_command = partial(CommandSpec, group="license", needs_connection=True)

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="license",
        summary="License units: used, free, and who holds each of them",
        handler="license.board:show_license",
        plain=(
            Plain(
                "(who|what) (holds|uses|has|takes|is using|is holding|is taking|owns) [up] [all] [the|my|our|a] [iris] "
                f"{_LICENSE}"
            ),
            Plain(f"(where|why) (are|is|did) [all] [the|my|our] {_LICENSE} [gone|full|used up|exhausted|go]"),
            Plain(f"(show|list|see|display) [me] [the|my|our] [iris] {_LICENSE} [board|usage|use|holders]"),
            Plain(
                f"how many [free] {_LICENSE} "
                "(are there|are free|are left|are used|are in use|do we have|do i have|left)"
            ),
            Plain(f"{_LICENSE} [board|usage|use|holders|status]"),
            Plain(f"[the|my|our] {_LICENSE} (is|are) (full|exhausted|used up|gone)"),
            Plain(f"(is|are) [the|my|our] {_LICENSE} (full|exhausted|used up|gone)"),
            Plain(f"(are|is) (we|i|everybody) out of [iris] {_LICENSE}"),
            Plain(f"(we|i) (are|am) out of [iris] {_LICENSE}"),
            Plain("(why am|am) i locked out"),
            Plain(
                f"(when|how long until) (is|will|does|do) [the|my|our|a|an|some|next|another] [next] {_LICENSE} "
                "(free|be free|freed|come back|return|become free|available|be available)"
            ),
            Plain(
                f"how long until [the|my|our|a|an|some|next|another] [next] {_LICENSE} "
                "(is|are|gets|comes|becomes) (free|back|available)"
            ),
            Plain("(license|licence) limit exceeded"),
            Plain(
                "(when|does) [does|will|is] [the|my|our] (license|licence|key|license key) (expire|expires|run out)"
            ),
        ),
        examples=("who holds my license", "why is my license full"),
        aliases=("licence", "lic"),
        needs=("license.counts",),
        live=True,
    ),
    _command(
        name="license why",
        summary="Why a holder costs what it costs, and what is behind it",
        handler="license.why:explain",
        grammar=(Arg("holder", "holder", required=False),),
        plain=(
            Plain(
                "why (does|is) {holder} (hold|holding|use|using|take|taking|on|have) [up] [a|the|my|so many|its] "
                "[license|licence] (unit|units|license|licence)"
            ),
            Plain("(explain|open) [the] [license] holder {holder}"),
            Plain("what is behind [the] [license] [holder] {holder}"),
        ),
        examples=("why does 10.0.0.5 hold a unit",),
        aliases=("licence why",),
        needs=("license.counts",),
        live=True,
    ),
    _command(
        name="license forecast",
        summary="Whether so many more people, browsers, vscode or clients fit, and what they cost",
        handler="license.forecast:show_forecast",
        grammar=(Arg("number", "number", show="NUMBER"), Arg("kind", "text", required=False, show="KIND")),
        options={"from": "holder"},
        plain=(
            Plain(
                "(do|will|would|can|could) {number} more {kind} (fit|fit in|get in|log in|connect|come|join) "
                "[at the same time|at once|too]"
            ),
            Plain("[is there] room for {number} [more] {kind}"),
            Plain("(what|how much|how many units) (do|would|will) {number} [more] {kind} (cost|need|take)"),
            Plain("what if {number} [more] {kind} (come|connect|join|log in)"),
            Plain("forecast {number} [more] {kind}"),
        ),
        examples=("do 4 more people fit", "what if 30 more clients connect"),
        aliases=("licence forecast",),
        needs=("license.counts",),
        live=True,
    ),
    _command(
        name="license advice",
        summary="Lasting cures: the setting, its present value, what changing it does",
        handler="license.advice:show_advice",
        plain=(
            Plain(
                "how (can|do|could) (i|we) (use|need|waste|save) [less|fewer] [of] [the|my|our] "
                "[license|licence] (units|license|licence|seats)"
            ),
            Plain(
                "how (can|do|could) (i|we) (prevent|avoid|stop) [this|that|it] "
                "[from happening again|happening again|again|in future]"
            ),
            Plain("(license|licence) (advice|help|tips)"),
            Plain("(give me|any) (license|licence) (advice|tips)"),
            Plain("(fix|mend|cure|solve) [the|my|our] (license|licence) [problem]"),
        ),
        examples=("how can I save units", "fix my license"),
        aliases=("licence advice", "advice"),
        needs=("license.counts",),
    ),
    _command(
        name="license timeout",
        undo={KIND: "license.timeout:AGAIN"},
        summary="Change the session timeout of a web application",
        handler="license.timeout:change",
        grammar=(Arg("application", "text", show="APPLICATION"), Arg("seconds", "number", show="SECONDS")),
        plain=(
            Plain(
                "(set|change|make) [the] [session] timeout (of|for) {application} to {seconds} [seconds|s]"
            ),
        ),
        examples=("set the session timeout of /csp/user to 300",),
        aliases=("licence timeout",),
        changes=True,
        needs=("webapps.detail", "webapps.edit"),
    ),
    _command(
        name="locked",
        summary="Locked out by a full license: what can still be read, and how to get in",
        handler="license.locked:show_locked",
        grammar=(Arg("profile", "profile", required=False),),
        plain=(
            Plain("(i am|i'm|we are|we're) locked out [by the license]"),
            Plain("(i|we) (can't|cannot|can not) (log in|get in|connect)"),
            Plain("how (do|can) (i|we) (get in|get back in|log in) [without a unit|all the same]"),
        ),
        examples=("I am locked out",),
        needs_connection=False,
    ),
)
