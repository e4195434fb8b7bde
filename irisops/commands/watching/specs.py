"""Commands for watching, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Plain

_RULE = (Arg("rule", "text", required=False, many=True, show="RULE"),)

_command = partial(CommandSpec, group="license")

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="watch",
        summary="Keep license, sessions or processes pinned at the top; /watch off ends it",
        handler="tool.screen:watch",
        grammar=(
            Arg("what", "text", show="license|sessions|processes|status|off"),
            Arg("filter", "filter", required=False, many=True),
        ),
        plain=(
            Plain("(watch|pin|keep an eye on|monitor|follow) [the|my] {what}"),
            Plain(
                "(stop watching|unpin|stop following|stop monitoring) [the|my] [license|sessions|processes|card]",
                {"what": "off"},
            ),
        ),
        examples=("watch the license", "stop watching"),
    ),
    _command(
        name="alert",
        summary="Ring and say so when a count crosses a limit, e.g. units>80% or free<2; without a rule, the list",
        handler="watching.alerts:alert",
        grammar=_RULE,
        plain=(
            Plain(
                "(alert|warn|tell|notify) me (when|if|once) [the] [license|licence] {figure} (are|is|go|goes|get|gets) "
                "(over|above|past|more than) {value}",
                {"rule": ["{figure}", ">", "{value}"]},
            ),
            Plain(
                "(alert|warn|tell|notify) me (when|if|once) [the] [license|licence] {figure} (are|is|go|goes|get|gets) "
                "(under|below|less than|fewer than) {value}",
                {"rule": ["{figure}", "<", "{value}"]},
            ),
            Plain(
                "(alert|warn|tell|notify) me (when|if|once) [the|my] (license|licence) is full",
                {"rule": ["free<1"]},
            ),
            Plain("(show|list) [me] [the|my|all] alerts"),
        ),
        examples=("warn me when units are over 80%", "tell me when the license is full"),
        aliases=("alerts",),
        needs_connection=True,
    ),
    _command(
        name="alert off",
        summary="End an alert, or all of them",
        handler="watching.alerts:alert_off",
        grammar=_RULE,
        plain=(Plain("(end|stop|remove|clear|forget) [all] [the|my] alerts"),),
        examples=("clear my alerts",),
        needs_connection=True,
    ),
    _command(
        name="plot",
        summary="Units, sessions or processes over time, as read since the start",
        handler="watching.plot:plot",
        grammar=(
            Arg("figure", "text", required=False, show="units|sessions|processes"),
            Arg("span", "text", required=False, show="1h"),
        ),
        plain=(
            Plain("(plot|graph|chart|draw) [the|my] [license|licence] {figure} [over time]"),
            Plain(
                "(plot|graph|chart|draw) [the|my] [license|licence] {figure} (of|for|over) [the] (last|past) hour",
                {"span": "1h"},
            ),
            Plain(
                "(plot|graph|chart|draw) [the|my] [license|licence] {figure} (of|for|over) [the] [last|past] {span}"
            ),
        ),
        examples=("plot the units", "plot sessions of the last 10m"),
        live=True,
        uses_connection=True,
    ),
)
