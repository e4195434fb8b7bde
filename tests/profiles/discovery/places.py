"""A made-up machine: a home, a working folder, and programs with scripted output."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from irisops.profiles.discovery.found import Surroundings

QLIST = (
    "IRIS^/usr/irissys^2025.2.0.227.0^running, since Mon Nov 23 08:00:00 2026^iris.cpf^1972^52773^62972^ok^IRIS^^^\n"
    "OLD^/opt/old^2018.1.1.643.0^down, last used Fri May 13 22:07:02 2016^iris.cpf^56772^0^62972^^^\n"
)


class Machine:
    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.work = self.home / "work" / "project"
        self.bin = root / "bin"
        for folder in (self.work, self.bin):
            folder.mkdir(parents=True)
        self.environment: dict[str, str] = {"PATH": str(self.bin), "HOME": str(self.home)}

    def program(self, name: str, script: str) -> None:
        file = self.bin / name
        file.write_text(f"#!/bin/sh\nPATH={os.defpath}\n{script}\n")
        file.chmod(0o755)

    def prints(self, name: str, text: str) -> None:
        output = self.bin / f"{name}.out"
        output.write_text(text)
        self.program(name, f'cat "{output}"')

    def settings(self, text: str | dict[str, Any], file: Path | None = None) -> Path:
        file = file or self.home / ".config" / "Code" / "User" / "settings.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text if isinstance(text, str) else json.dumps(text))
        return file

    def around(self, *, ports: tuple[int, ...] = (), deadline: float = 10) -> Surroundings:
        return Surroundings(self.home, self.work, self.environment, "linux", ports, deadline)
