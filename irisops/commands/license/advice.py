"""/license advice: settings that keep the license from filling up."""

from __future__ import annotations

from dataclasses import replace

from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Cell, Column, Done, Table
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import or_note
from irisops.instance.usage.advice import Cure, advise
from irisops.instance.usage.license import client_processes, read_board
from irisops.instance.usage.sessions import list_sessions
from irisops.instance.usage.sessions_timeout import list_timeouts, probe_timeout

COLUMNS = (
    Column("number", "NO.", "number"),
    Column("title", "WHAT TAKES UNITS", grow=True, wrap=5),
    Column("setting", "SETTING", wrap=4, hide_under=110),
    Column("present", "NOW", wrap=5),
    Column("proposed", "BETTER", grow=True, wrap=5),
    Column("units", "SAVES", "number"),
    Column("consequence", "WHAT THAT MEANS", grow=True, wrap=9, hide_under=150),
    Column("command", "TYPE", wrap=2, hide_under=180),
)


async def show_advice(context: Context, _command: Command) -> Replies:
    """The cures that apply, those that save most first."""
    link = context.link()
    board = await read_board(link.connection, now=link.clock.now())
    notes: list[str] = []
    unsaid = "cannot be read, so nothing is said about them"
    found_sessions = list_sessions(link.connection, remade=link.kept_sessions())
    sessions = await or_note(found_sessions, notes, f"Sessions {unsaid}")
    found_processes = client_processes(link.connection)
    processes = await or_note(found_processes, notes, f"Processes {unsaid}")
    timeouts = list_timeouts(link.connection, {session.application for session in sessions or ()})
    applications = await or_note(timeouts, notes, f"Settings of the applications {unsaid}")
    own = (link.connection.info.license_id if link.connection.info else None) or ""
    cures = advise(board, sessions, processes, applications, own_license_id=own)
    unread = [*notes, *board.notes]
    if not cures:
        said = "no unit is held longer than it is used" if not unread else "but not everything could be read"
        yield Done("advice", f"Nothing stands out{':' if not unread else ','} {said}.", details=unread)
        return
    refused: list[str] = []
    if timed := next((cure.application for cure in cures if cure.seconds is not None), ""):
        await or_note(probe_timeout(link.connection, timed), refused, "This account cannot change a timeout")
    if refused:
        cures = [replace(cure, seconds=None) for cure in cures]
        notes += refused
    rows: list[dict[str, Cell]] = [
        {
            "number": number,
            "title": cure.title,
            "setting": cure.setting,
            "present": cure.present,
            "proposed": cure.proposed,
            "units": cure.units,
            "consequence": cure.consequence,
            "command": command_of(cure),
        }
        for number, cure in enumerate(cures, 1)
    ]
    yield Table(
        "advice",
        "What would help",
        COLUMNS,
        rows,
        key="number",
        notes=[
            *(f"{number}.{_HOW[cure.kind]}" for number, cure in enumerate(cures, 1) if cure.kind in _HOW),
            *notes,
        ],
        actions=[("enter", "do it", "{!command}")] if any(command_of(cure) for cure in cures) else [],
    )


def command_of(cure: Cure) -> str:
    """The command that does it; "" where only a person can."""
    if cure.kind == "timeout" and cure.seconds is not None:
        return f"/license timeout {quote(cure.application)} {cure.seconds}"
    if cure.kind == "cookies":
        return f"/sessions sweep {quote(cure.license_id)}"
    if cure.kind == "close" and len(cure.pids) == 1:
        return f"/process terminate {cure.pids[0]}"
    if cure.kind in ("flip", "close"):
        return f"/license why {quote(cure.license_id)}"
    return ""


_HOW = {
    "login": " In the portal: System Administration, Security, Applications, Web Applications, Security Settings.",
    "key": " Copy the key there, then in %SYS: write $SYSTEM.License.Upgrade()",
}
