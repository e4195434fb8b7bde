"""An executable file that starts the stand-in, for callers that need the path of an agent."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import irisops

if TYPE_CHECKING:
    from irisops.simulator.agent.switches import Switches

MODULE = "irisops.simulator.agent"


def write_launcher(path: Path, switches: Switches | None = None) -> Path:
    """Write a small shell script to `path` that runs the stand-in with `switches`; returns the path.

    pyngrok identifies agents by path, so each test and each demo has its own (facts: ngrok-keyring A1.13).
    """
    package = Path(irisops.__file__).parent.parent
    lines = ["#!/bin/sh", "# A stand-in for the ngrok agent: loopback only."]
    for name, value in switches.as_environment().items() if switches else ():
        lines += [f"export {name}={shlex.quote(value)}"]
    # Isolated (-I), so that a file in the current folder cannot shadow a module. The stand-in needs only the standard
    # library and this package, whose folder comes last.
    begin = (
        f"import runpy, sys; sys.path.append({str(package)!r}); "
        f"runpy.run_module({MODULE!r}, None, '__main__', alter_sys=True)"
    )
    lines.append(f'exec {shlex.quote(sys.executable)} -I -c {shlex.quote(begin)} "$@"')
    for missing in reversed([each for each in (path.parent, *path.parents) if not each.exists()]):
        # With `parents=True` the intermediate folders would get the rights of the umask.
        missing.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path
