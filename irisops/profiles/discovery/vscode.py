"""Servers in the settings of VS Code and the editors made from it (facts: iris-license-sessions 8.3).

Read are the user's settings, those of the working folder, and those of its dev containers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from irisops.background import in_daemon_thread
from irisops.files import read_file
from irisops.profiles.discovery.found import Found, Report, Surroundings, fit_name, known_password
from irisops.profiles.host import port_number, split_host
from irisops.profiles.model import DEFAULT_PORT, fit_prefix

DEV_CONTAINERS = (
    ".devcontainer.json",
    ".devcontainer/devcontainer.json",
    ".devcontainer/*/devcontainer.json",
)
BIGGEST = 4 << 20
"""Most bytes of a settings file."""


class _UnreadableError(Exception):
    """A settings file cannot be read; the text says why, without a piece of the file: it may be a password."""


async def vscode(around: Surroundings) -> Report:
    """Servers of all settings files, read in a thread: a home folder on a network may hang."""
    try:
        return await in_daemon_thread(lambda: _read(around), around.deadline)
    except TimeoutError:
        return Report(trouble=f"VS Code's settings could not be read within {around.deadline:g} seconds.")


def _read(around: Surroundings) -> Report:
    found: list[Found] = []
    troubles: list[str] = []
    described: set[str] = set()
    wanted: dict[str, Path] = {}
    for file in _files(around):
        try:
            settings = _settings(file)
        except _UnreadableError as error:
            troubles.append(f"VS Code's {file} cannot be read: {error}.")
            continue
        found += _servers(settings, file)
        described |= set(_table(settings, "intersystems", "servers"))
        server = _text(_table(settings, "objectscript", "conn"), "server")
        if server:
            wanted.setdefault(server, file)
    troubles += [
        f"VS Code's {file} names the server {fit_name(name)}, which no settings here describe."
        for name, file in wanted.items()
        if name not in described
    ]
    return Report(tuple(found), " ".join(troubles))


def _files(around: Surroundings) -> Iterator[Path]:
    """Possible settings files, the workspace's first, as in VS Code."""
    for folder in (around.folder, *around.folder.parents):
        yield folder / ".vscode" / "settings.json"
        for pattern in ("*.code-workspace", *DEV_CONTAINERS):
            yield from sorted(folder.glob(pattern))
        if folder == around.home:
            break
    for base in _user_folders(around):
        yield base / "settings.json"
        yield from sorted(base.glob("profiles/*/settings.json"))


def _user_folders(around: Surroundings) -> Iterator[Path]:
    """Folders of user settings of VS Code and its derivatives."""
    environment, home = around.environment, around.home
    if around.platform == "win32":
        roaming = Path(environment.get("APPDATA") or home / "AppData" / "Roaming")
    elif around.platform == "darwin":
        roaming = home / "Library" / "Application Support"
    else:
        roaming = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    yield from sorted(roaming.glob("*/User"))
    yield from sorted(home.glob(".*-server*/data/Machine"))
    yield from sorted(home.glob(".*-server*/data/User"))
    yield Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "code-server" / "User"
    yield from sorted(home.glob(".var/app/*/config/*/User"))


def _settings(file: Path) -> dict[str, Any]:
    """The settings in a file, {} for a missing one. Raises `_UnreadableError`."""
    try:
        raw = read_file(file, BIGGEST + 1)
        if len(raw) > BIGGEST:
            raise _UnreadableError("it is too big")
        text = raw.decode().replace("\r\n", "\n").replace("\r", "\n")
        data = {} if is_blank(text) else loads(text)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        if file.is_dir():
            return {}
        raise _UnreadableError(error.strerror or type(error).__name__) from None
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise _UnreadableError(f"it is not JSON (line {line})" if line else "it is not JSON") from None
    if file.suffix == ".code-workspace":
        data = _table(data, "settings")
    elif file.name.endswith("devcontainer.json"):
        data = _table(data, "customizations", "vscode", "settings") or _table(data, "settings")
    return _tree(data) if isinstance(data, dict) else {}


def _tree(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with dotted names split into tables: `objectscript.conn.host` becomes `host` in `conn`.

    UNVERIFIED: that VS Code takes a setting apart at each dot, so that both spellings mean the same. Settle: write
    `"objectscript.conn.host"` into settings.json and look at the status bar.
    """
    tree: dict[str, Any] = {}
    for key, value in settings.items():
        *names, last = str(key).split(".")
        table = tree
        for name in names:
            inner = table.get(name)
            if not isinstance(inner, dict):
                inner = table[name] = {}
            table = inner
        before = table.get(last)
        both = isinstance(before, dict) and isinstance(value, dict)
        table[last] = before | value if both else value
    return tree


def _servers(settings: dict[str, Any], file: Path) -> Iterator[Found]:
    for name, server in _table(settings, "intersystems", "servers").items():
        if not str(name).startswith("/") and isinstance(server, dict):  # `/default` is not a server
            yield _seen_from(file, _server(str(name), server, file))
    connection = _table(settings, "objectscript", "conn")
    if not connection.get("server") and {"host", "port", "docker-compose"} & connection.keys():
        yield _seen_from(file, _inline(connection, file))


def _seen_from(file: Path, found: Found) -> Found:
    """A finding of a dev container's settings: localhost and short names there mean other hosts."""
    if not file.name.endswith("devcontainer.json"):
        return found
    return replace(found, state=found.state or "as seen inside the dev container", aside=True)


def _server(name: str, server: dict[str, Any], file: Path) -> Found:
    web, superserver = _table(server, "webServer"), _table(server, "superServer")
    web_host = _text(web, "host") or "127.0.0.1"
    described = _text(server, "description")
    found = Found(
        name=fit_name(name),
        source="VS Code",
        host=_text(superserver, "host") or web_host,
        port=_port(superserver, "port") or DEFAULT_PORT,
        port_assumed=_port(superserver, "port") is None,
        user=_resolved(server.get("username")).strip(),
        web_port=_port(web, "port"),
        web_scheme="https" if _text(web, "scheme") == "https" else "http",
        path_prefix=fit_prefix(_text(web, "pathPrefix")),
        about=f"{described}, {file}" if described else str(file),
        password=known_password(str(file), _resolved(server.get("password"))),
    )
    if found.host.casefold() != web_host.casefold():
        # A profile has one host, the superserver's; a web server on another host is left out.
        found = replace(found, web_port=None, web_scheme="http", path_prefix="")
    return _with_host(found, found.host)


def _inline(connection: dict[str, Any], file: Path) -> Found:
    """`objectscript.conn` with its own address. Its port is the web server's; the superserver's is not given.

    Without a host it is the extension's default, localhost.
    """
    found = Found(
        name="vscode-localhost",
        source="VS Code",
        host="localhost",
        port=DEFAULT_PORT,
        port_assumed=True,
        user=_resolved(connection.get("username")).strip(),
        web_port=_port(connection, "port"),
        web_scheme="https" if connection.get("https") is True else "http",
        path_prefix=fit_prefix(_text(connection, "pathPrefix")),
        about=str(file),
        password=known_password(str(file), _resolved(connection.get("password"))),
    )
    if connection.get("active") is False:
        found = replace(found, state="switched off in VS Code", aside=True)
    if connection.get("docker-compose"):
        # A compose service may publish any port; Docker's own list is better.
        said = "The settings name a Docker Compose service, not a superserver port."
        return _unplaced(found, said, "Start the service; it is then found as a container.")
    return _with_host(found, _text(connection, "host") or "localhost", named=True)


def _with_host(found: Found, text: str, *, named: bool = False) -> Found:
    """The finding with the host of a field; an invalid field is reported.

    `named`: the finding takes its name from the host.
    """
    host = split_host(text)
    if host is None or host.port or host.scheme:
        said = (
            "The settings name the host by a variable, which is not resolved here."
            if "${" in text
            else "The settings hold no host name or address where the host should be."
        )
        return _unplaced(replace(found, host=""), said, "Type it instead: /profile add.")
    return replace(found, host=host.host, name=fit_name(f"vscode-{host.host}") if named else found.name)


def _unplaced(found: Found, problem: str, cure: str) -> Found:
    """The finding without ports, which cannot become a profile."""
    return replace(found, port=None, port_assumed=False, web_port=None, problem=problem, cure=cure)


def _table(data: Any, *keys: str) -> dict[str, Any]:
    """The table at these keys, empty if missing."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    return value.strip() if isinstance(value, str) else ""


def _resolved(value: object) -> str:
    """A text; "" for one with editor variables such as `${env:USER}`, which are not resolved."""
    return value if isinstance(value, str) and "${" not in value else ""


def _port(data: dict[str, Any], key: str) -> int | None:
    value = data.get(key)
    whole = isinstance(value, int | str) and not isinstance(value, bool)
    return port_number(str(value)) if whole else None


_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<comma>,)|(?P<blank>\s+)|(?P<other>.)',
    re.DOTALL,
)


def is_blank(text: str) -> bool:
    """True if it holds only blanks and comments, like an unused settings file."""
    pieces = _TOKEN.finditer(text.removeprefix("\ufeff"))
    return all(piece.lastgroup in ("comment", "blank") for piece in pieces)


def loads(text: str) -> Any:
    """Parse JSON with comments and trailing commas. Raises `ValueError`, also for an unclosed comment."""
    kept: list[str] = []
    waiting = ""
    """A comma with the blanks after it, dropped if a closing bracket follows."""
    last = "["
    """The previous piece; a comma right after an opening bracket is an error."""
    for found in _TOKEN.finditer(text.removeprefix("\ufeff")):
        kind, piece = found.lastgroup, found.group()
        if kind == "comment":
            piece = " "
        if kind in ("comment", "blank"):
            if waiting:
                waiting += piece
            else:
                kept.append(piece)
            continue
        if waiting:
            kept.append(waiting[1:] if piece in ("}", "]") else waiting)
            waiting = ""
        if kind == "comma" and last not in ("[", "{"):
            waiting = ","
        else:
            kept.append(piece)
        last = piece
    kept.append(waiting)
    return json.loads("".join(kept))
