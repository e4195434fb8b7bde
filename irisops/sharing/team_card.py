"""Instructions for a teammate: ready blocks for each tool, as plain text. Pure.

Host and port are shown separately; otherwise people try localhost (facts: ngrok-keyring C2.4, C2.5).
The VS Code settings are those of facts: iris-license-sessions 8.3.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

from irisops.sharing.messages import Endpoint
from irisops.sharing.passes import TeamPass

QR_TITLE = "QR code of the web address"


@dataclass(frozen=True, slots=True)
class Block:
    """One way to connect."""

    title: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TeamCard:
    """Instructions for one teammate. It holds the password, so it is shown once and not in `repr`."""

    name: str
    blocks: tuple[Block, ...] = field(repr=False)

    def as_text(self) -> str:
        """The card as copied or saved."""
        return "\n\n".join(f"# {block.title}\n{block.text}" for block in self.blocks) + "\n"


def address_of(endpoints: Sequence[Endpoint], kind: str) -> str:
    """The public address of that kind, "" if not shared."""
    return next((endpoint.public_url for endpoint in endpoints if endpoint.kind == kind), "")


def host_port(url: str) -> tuple[str, int]:
    """Host and port of a public address; the scheme's port where none is written."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def card_for(
    team_pass: TeamPass,
    endpoints: Sequence[Endpoint],
    *,
    namespace: str,
    until: datetime,
    template: str = "",
    share: str = "",
    prefix: str = "",
    application: str = "",
) -> TeamCard:
    """The card of one teammate; `until` is shown in its own time zone.

    `prefix` begins the instance's paths on the web port (a profile's `path_prefix`): a tunnel leaves paths alone. The
    web address is that of `application`, if one is meant.
    """
    tcp, web = address_of(endpoints, "tcp"), address_of(endpoints, "http")
    page = f"{web}{prefix}{application}" + ("/" if application else "") if web else ""
    blocks = [Block("Your access", _access(team_pass, tcp, page, namespace, until, template))]
    if tcp:
        blocks += _superserver(team_pass, *host_port(tcp), namespace)
    if web:
        blocks += _web(team_pass, web, prefix, tcp, namespace, share or "irisops")
    return TeamCard(team_pass.name, tuple(blocks))


def _access(  # noqa: PLR0917 - one line of the block each
    team_pass: TeamPass, tcp: str, web: str, namespace: str, until: datetime, template: str
) -> str:
    lines = [f"user       {team_pass.name}", f"password   {team_pass.password}", f"namespace  {namespace}"]
    if tcp:
        host, port = host_port(tcp)
        lines += [f"host       {host}", f"port       {port}"]
    if web:
        lines += [f"web        {web}"]
    if template:
        lines += [f"may        {template}"]
    return "\n".join([*lines, f"until      {until:%Y-%m-%d %H:%M %Z}".rstrip()])


def _superserver(team_pass: TeamPass, host: str, port: int, namespace: str) -> list[Block]:
    user, password = team_pass.name, team_pass.password
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return [
        Block(
            "Python",
            "# pip install intersystems-irispython\n"
            "import iris\n"
            f'connection = iris.connect("{host}", {port}, "{namespace}", "{user}", "{password}")\n'
            "cursor = connection.cursor()",
        ),
        Block(
            "SQLAlchemy",
            "# pip install sqlalchemy-iris\n"
            "from sqlalchemy import create_engine\n"
            f'engine = create_engine("iris://{login}@{host}:{port}/{quote(namespace)}", pool_pre_ping=True)',
        ),
        Block("JDBC", f"jdbc:IRIS://{host}:{port}/{namespace}\nuser={user}\npassword={password}"),
        Block(
            "ODBC",
            "DRIVER={InterSystems IRIS ODBC35};"
            f"SERVER={host};PORT={port};DATABASE={namespace};UID={user};PWD={password}",
        ),
    ]


def _web(  # noqa: PLR0917 - a part of the address each
    team_pass: TeamPass, web: str, prefix: str, tcp: str, namespace: str, share: str
) -> list[Block]:
    host, port = host_port(web)
    web_server = {"scheme": urlsplit(web).scheme, "host": host, "port": port}
    server: dict[str, object] = {
        "webServer": {**web_server, "pathPrefix": prefix} if prefix else web_server,
        "username": team_pass.name,
        "description": "shared by irisops",
    }
    if tcp:
        super_host, super_port = host_port(tcp)
        server["superServer"] = {"host": super_host, "port": super_port}
    settings = {
        "intersystems.servers": {f"share-{share}": server},
        "objectscript.conn": {"active": True, "server": f"share-{share}", "ns": namespace},
    }
    return [
        Block("VS Code (settings.json; it asks for the password)", json.dumps(settings, indent=2)),
        Block(
            "Management Portal",
            f"{web}{prefix}/csp/sys/UtilHome.csp\n"
            "A free ngrok account shows a warning page first: choose Visit. Programs can send the header\n"
            "ngrok-skip-browser-warning: 1",
        ),
    ]


def qr_code(url: str) -> str:
    """A QR code of an address as text of half blocks, for a terminal with light text on a dark ground."""
    import segno  # noqa: PLC0415 - only when a web port is shared

    out = io.StringIO()
    segno.make(url, error="m").terminal(out, compact=True, border=2)
    return out.getvalue().rstrip("\n")
