"""Servers in VS Code's settings, of the person and of the folder they work in (facts: iris-license-sessions 8.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irisops.daemon_thread import in_daemon_thread
from irisops.profiles.discovery import jsonc
from irisops.profiles.discovery.found import Found, Report, StoredPassword, Surroundings, fit_name

PRODUCTS = ("Code", "Code - Insiders", "VSCodium", "Cursor")
REMOTE = (".vscode-server", ".vscode-server-insiders", ".vscodium-server", ".cursor-server")
SUPERSERVER = 1972
"""The port where superServer names none."""
BIGGEST = 4 << 20
"""Bytes of a settings file that is still read."""


@dataclass(frozen=True, slots=True)
class _Broken:
    file: Path
    why: str


async def vscode(around: Surroundings) -> Report:
    """All settings files, read in a thread: a home folder on a network may hang."""
    try:
        return await in_daemon_thread(lambda: _read(around), around.deadline)
    except TimeoutError:
        return Report(trouble=f"VS Code's settings could not be read within {around.deadline:g} seconds.")


def _read(around: Surroundings) -> Report:
    found: list[Found] = []
    troubles: list[str] = []
    for file in _files(around):
        settings = _settings(file)
        if isinstance(settings, _Broken):
            troubles.append(f"VS Code's {settings.file} cannot be read: {settings.why}.")
        else:
            found += _servers(settings, file)
    return Report(tuple(found), " ".join(troubles))


def _files(around: Surroundings) -> Iterator[Path]:
    """Settings files that exist: the workspace's first, as VS Code ranks them."""
    for folder in (around.folder, *around.folder.parents):
        yield from (file for file in [folder / ".vscode" / "settings.json"] if file.is_file())
        yield from sorted(file for file in folder.glob("*.code-workspace") if file.is_file())
        if folder == around.home:
            break
    for base in _user_folders(around):
        yield from (file for file in [base / "settings.json"] if file.is_file())
        yield from sorted(base.glob("profiles/*/settings.json"))


def _user_folders(around: Surroundings) -> Iterator[Path]:
    environment = around.environment
    if around.platform == "win32":
        roaming = Path(environment.get("APPDATA") or around.home / "AppData" / "Roaming")
    elif around.platform == "darwin":
        roaming = around.home / "Library" / "Application Support"
    else:
        roaming = Path(environment.get("XDG_CONFIG_HOME") or around.home / ".config")
    for product in PRODUCTS:
        yield roaming / product / "User"
    for server in REMOTE:
        yield around.home / server / "data" / "Machine"
        yield around.home / server / "data" / "User"


def _settings(file: Path) -> dict[str, Any] | _Broken:
    try:
        if file.stat().st_size > BIGGEST:
            return _Broken(file, "it is too big")
        data = jsonc.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        return _Broken(file, error.strerror or type(error).__name__)
    except (ValueError, RecursionError) as error:
        # Only where it is wrong is told: the words around may be a password.
        line = getattr(error, "lineno", None)
        return _Broken(file, f"it is not JSON (line {line})" if line else "it is not JSON")
    if isinstance(data, dict) and file.suffix == ".code-workspace":
        data = data.get("settings", {})
    return data if isinstance(data, dict) else {}


def _servers(settings: dict[str, Any], file: Path) -> Iterator[Found]:
    servers = settings.get("intersystems.servers")
    if isinstance(servers, dict):
        for name, server in servers.items():
            if not str(name).startswith("/") and isinstance(server, dict):  # `/default` is no server
                yield _server(str(name), server, file)
    connection = settings.get("objectscript.conn")
    if (
        isinstance(connection, dict)
        and isinstance(connection.get("host"), str)
        and not connection.get("server")
    ):
        yield _inline(connection, file)


def _server(name: str, server: dict[str, Any], file: Path) -> Found:
    web = _table(server, "webServer")
    superserver = _table(server, "superServer")
    host = _text(superserver, "host") or _text(web, "host") or "127.0.0.1"
    described = _text(server, "description")
    return Found(
        name=fit_name(name),
        source="VS Code",
        host=host,
        port=_port(superserver, "port") or SUPERSERVER,
        user=_text(server, "username"),
        web_port=_port(web, "port"),
        web_scheme="https" if _text(web, "scheme") == "https" else "http",
        about=f"{described}, {file}" if described else str(file),
        password=_password(server, file),
    )


def _inline(connection: dict[str, Any], file: Path) -> Found:
    """`objectscript.conn` with an address of its own. Its port is the web server's; the superserver's is not in it."""
    host = _text(connection, "host")
    compose = connection.get("docker-compose")
    return Found(
        name=fit_name(f"vscode-{host}"),
        source="VS Code",
        host=host,
        # A compose service publishes any port; Docker's own list tells it better.
        port=None if isinstance(compose, dict) else SUPERSERVER,
        user=_text(connection, "username"),
        web_port=_port(connection, "port"),
        web_scheme="https" if connection.get("https") is True else "http",
        about=str(file),
        problem="The settings name a Docker Compose service, not a superserver port." if compose else "",
        cure="Start the service; it is then found as a container." if compose else "",
        password=_password(connection, file),
    )


def _password(table: dict[str, Any], file: Path) -> StoredPassword | None:
    password = table.get("password")
    if not isinstance(password, str) or not password:
        return None

    async def read() -> str | None:
        return password

    return StoredPassword(str(file), read)


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    return value.strip() if isinstance(value, str) else ""


def _port(data: dict[str, Any], key: str) -> int | None:
    value = data.get(key)
    fits = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535
    return value if fits else None
