"""/license forecast: whether more people, browsers, editors or programs fit, and when a shared address flips."""

from __future__ import annotations

from dataclasses import replace

from irisops.commands.license.board import community_note
from irisops.contract.chat import Command
from irisops.contract.nearest import nearest
from irisops.contract.replies import Cell, Column, Facts, Refusal, Table
from irisops.contract.wording import counted, harmless
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.models import LicenseBoard
from irisops.instance.usage import forecast
from irisops.instance.usage.forecast import ArrivalKind, Forecast, Identity, Situation, until_flip
from irisops.instance.usage.license import read_board

COLUMNS = (
    Column("how", "HOW THEY COME", grow=True, wrap=4),
    Column("units", "UNITS", "number"),
    Column("admitted", "LET IN", "number"),
    Column("free_after", "FREE AFTER", "number"),
    Column("verdict", "VERDICT", grow=True, wrap=3),
)

_WORDS: dict[str, ArrivalKind] = {
    **dict.fromkeys(("people", "person", "persons", "users", "user", "teammates", "teammate"), "people"),
    **dict.fromkeys(("browsers", "browser", "tabs", "visitors", "visitor"), "browsers"),
    **dict.fromkeys(("vscode", "editors", "editor", "vscodes"), "vscode"),
    **dict.fromkeys(("clients", "client", "connections", "connection", "programs", "program"), "clients"),
}
_ONE: dict[ArrivalKind, tuple[str, str]] = {
    "people": ("person", "people"),
    "browsers": ("browser without a login", "browsers without a login"),
    "vscode": ("VS Code", "VS Codes"),
    "clients": ("client connection", "client connections"),
}


def kind_of(word: str) -> ArrivalKind:
    """The kind that a word names. Raises `Refusal` listing the four kinds."""
    found = _WORDS.get(word.casefold())
    if found is None:
        close = nearest(word, _WORDS)
        raise Refusal(
            "NoSuchKind",
            f"{harmless(word, 40)} is not something that can be forecast.",
            "Write people, browsers, vscode or clients.",
            suggestions=[f"/license forecast 4 {_WORDS[each]}" for each in close[:1]],
        )
    return found


async def show_forecast(context: Context, command: Command) -> Replies:
    """The situation, then each way in which newcomers may connect."""
    number = int(str(command.args["number"]))
    kind = kind_of(str(command.args.get("kind", "people")))
    if not 0 < number <= forecast.MOST:
        raise Refusal(
            "BadNumber",
            f"Forecasts are for 1 to {forecast.MOST:,} newcomers.",
            "For example /license forecast 4.",
        )
    link = context.link()
    board = await read_board(link.connection, now=link.clock.now())
    situation = forecast.situation_of(board)
    if situation is None:
        raise Refusal(
            "NoForecast",
            "It is not known how many units the instance has or uses.",
            "/license shows what is known.",
        )
    address = str(command.args.get("from", ""))
    own = (link.connection.info.license_id if link.connection.info else None) or ""
    rows = ways(board, situation, kind, number, address=address, own=own)
    shortest = min(rows, key=lambda row: int(str(row["units"])))
    yield Facts(
        "forecast",
        f"{counted(number, *_ONE[kind])} more",
        {
            "kind": kind,
            "number": number,
            "in_use": situation.consumed,
            "connections": board.connections,
            "consumed": board.counts.consumed,
            "limit": situation.limit,
            "free": situation.free,
            "max_connections": situation.max_connections,
            "community": situation.community,
            "fits": shortest["admitted"] == number,
        },
        labels={"free": "Free now"},
        notes=_notes(board, situation, kind),
    )
    columns = [replace(each, title=_cost(board)) if each.name == "units" else each for each in COLUMNS]
    yield Table("ways", "If they come", columns, rows, key="how")


def _cost(board: LicenseBoard) -> str:
    return "UNITS" if board.connections is None else "CONNS"


def ways(
    board: LicenseBoard,
    situation: Situation,
    kind: ArrivalKind,
    number: int,
    *,
    address: str = "",
    own: str = "",
) -> list[dict[str, Cell]]:
    """A row per way in which newcomers of a kind may connect, by the license rules.

    Facts: license-sessions 2.1, 2.2, 2.6.
    """
    apart = forecast.each_its_own(situation, number)
    rows: list[dict[str, Cell]] = []
    if kind == "browsers":
        # Without a login each session is its own license user, whatever its address (facts: iris-license-sessions 2.1).
        return [_row("each is a holder of its own", apart, situation, number)]
    if not address:
        who = "a user" if kind == "vscode" else "an address"
        rows.append(_row(f"each from {who} of its own", apart, situation, number))
    shared = address or (own if kind == "clients" else "")
    held = forecast.identity_of(board, shared) if shared else None
    together = forecast.all_as_one(situation, number, held)
    if shared:
        how = f"all from {harmless(shared, 60)}" + (_held(held) if held else "")
    elif kind == "vscode":
        how = "all as one user from one address"
    else:
        how = "all through one shared address (a NAT, a proxy, one server)"
    rows.append(_row(how, together, situation, number, held))
    return rows


def _held(held: Identity) -> str:
    return f", which holds {counted(held.connections, 'connection')}" if held.connections else ""


def _row(
    how: str, said: Forecast, situation: Situation, number: int, held: Identity | None = None
) -> dict[str, Cell]:
    return {
        "how": how,
        "units": said.units,
        "admitted": said.admitted,
        "free_after": said.free_after,
        "flips_at": said.flips_at,
        "verdict": _verdict(said, situation, number, held),
    }


def _verdict(said: Forecast, situation: Situation, number: int, held: Identity | None) -> str:
    if not said.fits:
        missing = (
            f"only {said.admitted} fit{'s' if said.admitted == 1 else ''}" if said.admitted else "none fits"
        )
        if said.flips_at is not None:
            return f"{missing}: from no. {said.flips_at} on each of their connections costs a unit"
        return f"{missing}: {situation.free} free, {said.units} needed"
    if said.flips_at is not None:
        return f"they fit, but from no. {said.flips_at} on each of their connections costs a unit"
    if said.free_after == 0:
        return "they fit, and then the license is full"
    if held is not None and not situation.community:
        left = until_flip(held, situation.max_connections)
        if left is not None:
            return f"they fit; {counted(left - number, 'connection')} more until each costs a unit"
    return "they fit"


def _notes(board: LicenseBoard, situation: Situation, kind: ArrivalKind) -> list[str]:
    notes: list[str] = []
    if situation.community:
        notes.append(community_note(board))
        if situation.free == 1:
            notes.append(
                f"Careful: one {board.counted} is left of {situation.limit}. The next one can be the last that gets in."
            )
        elif not situation.free:
            notes.append(
                f"Careful: no {board.counted} is left of {situation.limit}. The next one is refused."
            )
    elif not board.counts.max_connections:
        notes.append(
            "It is not known how many connections of one address share a unit: each is counted as a unit here."
        )
    else:
        notes.append(
            f"Up to {situation.max_connections} connections of one address (or user at an address) share a unit; "
            f"no. {situation.max_connections + 1} makes each of them cost one, until all have closed."
        )
    if kind == "vscode":
        notes.append(
            "One web session per VS Code with extensions of 2024 or later; older ones open several, and each stays for "
            "an hour after the last request."
        )
    if kind == "people":
        notes.append("One connection each: a person with a browser and an editor is two.")
    return notes
