"""The Web Gateway in front of an instance, and what may be wrong with it (facts: iris-webapps-gateway 4.1, 5)."""

from __future__ import annotations

from configparser import ConfigParser, Error
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Fault = Literal["", "path", "rights", "pool", "proxy", "unavailable", "busy", "timeout", "address"]
"""What is wrong outside the instance: the web server hands the path to no gateway, may not read the gateway's files,
its application pool stopped, what is behind it does not answer; the gateway's server is switched off, has no
connection free, got no answer in time; its management pages are not for the client's address."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where the gateway sends a path, and what it logs in with there."""

    enabled: bool = True
    port: int = 0
    """0: that of this instance."""
    user: str = "CSPSystem"
    password: str = field(default="SYS", repr=False)
    forms: bool = True
    tls: bool = False


@dataclass(slots=True)
class WebGateway:
    """The gateway of one instance."""

    fault: Fault = ""
    connected: bool = True
    """It has connections from before: another password of its user, or its service, is noticed when they are gone."""
    file: Path | None = None
    """Its CSP.ini, read at each request; None: it sends every path to this instance."""
    superserver: int = 0
    """Port of this instance."""
    tls_alone: bool = False
    """This instance takes connections by TLS alone."""

    def way(self, path: str) -> Way:
        """Where a path is sent; paths of the file are compared with letter case."""
        if self.file is None:
            return Way()
        ini = ConfigParser(interpolation=None, strict=False, delimiters=("=",), comment_prefixes=(";", "#"))
        ini.optionxform = str  # type: ignore[assignment,method-assign]  # - documented: names keep their case
        try:
            ini.read_string(self.file.read_text(encoding="latin-1"))
        except (OSError, Error):
            return Way(enabled=False)
        fitting = [
            each.removeprefix("APP_PATH:")
            for each in ini.sections()
            if each.startswith("APP_PATH:")
            and f"{path}/".startswith(each.removeprefix("APP_PATH:").rstrip("/") + "/")
        ]
        best = max(fitting, key=len, default="/")
        server = ini.get(f"APP_PATH:{best}", "Default_Server", fallback="LOCAL")
        on = [
            ini.get("APP_PATH_INDEX", best, fallback="Enabled"),
            ini.get("SYSTEM_INDEX", server, fallback="Enabled"),
        ]
        return Way(
            "Disabled" not in on,
            int(ini.get(server, "TCP_Port", fallback="0")),
            ini.get(server, "Username", fallback=""),
            ini.get(server, "Password", fallback=""),
            ini.get("SYSTEM", "SM_Forms", fallback="Enabled") != "Disabled",
            # Both numbers stand for TLS in the vendor's texts (facts: iris-webapps-gateway 5.2).
            ini.get(server, "Connection_Security_Level", fallback="") in ("4", "10")
            and ini.has_option(server, "SSLCC_CA_Certificate_File"),
        )
