"""Commands on shares, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import LINE, Arg, CommandSpec, Keyword, Plain


def _plain_shares() -> tuple[Plain, ...]:
    """`share WHAT [with N people] [for TIME]`, in both orders and with the units of time that people write."""
    whats: tuple[tuple[str, dict[str, str]], ...] = (
        ("[this|the|my|our] everything", {"what": "both"}),
        ("[this|the|my|our] (instance|iris|database|laptop)", {}),  # its form asks which port
        ("[the|my|our] [web] (app|application) {app}", {"what": "web"}),
        ("[the|my|our] {what}", {}),
    )
    people = "with {people} [other] (people|teammates|persons|colleagues|friends|developers)"
    times: tuple[tuple[str, dict[str, str]], ...] = (
        ("for (an|one) hour", {"time": "1h"}),
        ("for {number} (hours|hour|hrs)", {"time": "{number}h"}),
        ("for {number} (minutes|minute|mins|min)", {"time": "{number}m"}),
        ("for {time}", {}),
    )
    found = []
    for what, is_what in whats:
        found += [Plain(f"share {what} {people}", is_what)]
        for time, is_time in times:
            args = is_what | is_time
            found += [
                Plain(f"share {what} {time} {people}", args),
                Plain(f"share {what} {people} {time}", args),
                Plain(f"share {what} {time}", args),
            ]
        if "{what}" not in what:
            found += [Plain(f"share {what}", is_what)]
    return (
        *found,
        Plain("how (do|can) (i|we) share [it|this|the|my] [iris|instance|database]", {"what": "help"}),
    )


_command = partial(CommandSpec, group="sharing")

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="share",
        summary="Open a checked ngrok tunnel, with a pass for each teammate, until a deadline",
        handler="sharing.opening:share",
        grammar=(
            Arg("what", required=False, show="superserver|web|both|help"),
            Keyword("for"),
            Arg("time", required=False, show="2h"),
            Keyword("people"),
            Arg("people", "number", required=False, show="4"),
            Keyword("as"),
            Arg("template", required=False, show="sql-read|sql|developer|rest"),
            Keyword("namespace"),
            Arg("namespace", required=False, show="USER"),
        ),
        options={
            "app": "application",
            "allow": "text",
            "oauth": "text",
            "url": "text",
            "agent": "file",
            "install": "flag",
            "probe": "flag",
            "outlive": "flag",
        },
        plain=_plain_shares(),
        examples=(
            "share superserver for 2h with 4 people",
            "share my database",
            "share the app /csp/user for 2 hours",
        ),
        changes=True,
        uses_connection=True,
    ),
    _command(
        name="share after",
        summary="Look at the instance again before a share; with a command, first put right by its plan what was found",
        handler="sharing.opening:after",
        grammar=(Arg("command", LINE, required=False, show="/COMMAND"),),
        changes=True,
        needs_connection=True,
    ),
    _command(
        name="tunnels",
        summary="Open tunnels, their connections, and who is on",
        handler="sharing.live:tunnels",
        plain=(
            Plain("(which|what) [tunnels|shares] (is|are) (open|shared)"),
            Plain("who is on [the] (tunnel|tunnels|share)"),
        ),
        examples=("what is shared", "who is on the tunnel"),
        live=True,
    ),
    _command(
        name="unshare",
        summary="End a share: addresses, accounts, sessions, everything it made",
        handler="sharing.live:unshare",
        at_once=True,
        grammar=(Arg("share", required=False, show="SHARE|all"),),
        plain=(
            Plain("(stop|end) sharing", {"share": "all"}),
            Plain("close [all] [the] (tunnel|tunnels|share|shares)", {"share": "all"}),
        ),
        examples=("stop sharing",),
    ),
    _command(
        name="extend",
        summary="Move a share's deadline, by a span or to a time of day",
        handler="sharing.live:extend",
        grammar=(Arg("time", show="1h|18:30"), Arg("share", required=False)),
        plain=(Plain("(extend|prolong) [the] (share|tunnel|sharing) (by|for|until) {time}"),),
        examples=("extend the share by 1h",),
        changes=True,
    ),
    _command(
        name="kick",
        summary="Send one teammate away: delete the pass, end its sessions and processes",
        handler="sharing.live:kick",
        grammar=(Arg("name", "guest", show="guest-fox-1"),),
        plain=(Plain("(kick|send) {name} [away|out]"),),
        examples=("kick guest-fox-1",),
        changes=True,
    ),
    _command(
        name="card",
        summary="Save one teammate's connection card to a new file; qr shows the web address as a QR code",
        handler="sharing.live:save_card",
        grammar=(Arg("name", "guest", show="guest-fox-1"), Arg("file", "file", show="FILE|qr")),
    ),
    _command(
        name="leases",
        summary="What shares have made and not yet taken back, of every irisops on this machine",
        handler="sharing.live:show_leases",
    ),
    _command(
        name="leases clear",
        summary="Take down what was left behind by a crash or an instance out of reach",
        handler="sharing.live:clear_leases",
        at_once=True,
        grammar=(Arg("lease", required=False),),
    ),
)
