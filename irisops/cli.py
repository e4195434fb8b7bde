"""The command line: `irisops`, `irisops demo`, `irisops run`, `irisops simulator`.

Subcommands are named and imported when they are chosen: `irisops --version` and `--help` cost the interpreter and
argparse.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from irisops import streams
from irisops.cli_options import Arguments, parser
from irisops.limits import no_core_dumps, pass_over_relative_folders

if TYPE_CHECKING:
    import argparse

SUBCOMMANDS = {
    None: "irisops.start:chat",
    "demo": "irisops.start:demo",
    "replay": "irisops.replay_command:replay",
    "record": "irisops.record_command:record",
    "targets": "irisops.run_command:targets",
    "run": "irisops.run_command:run",
    "evidence": "irisops.run_command:evidence",
    "export": "irisops.run_command:export",
    "diff": "irisops.run_command:diff",
    "apply": "irisops.run_command:apply",
    "mcp": "irisops.agents.serving:serve",
    "approve": "irisops.agents.approve:approve",
    "leases": "irisops.leases_watch:leases",
    "completion": "irisops.completion:completion",
}
"""Subcommand -> `module:function`, which takes the parsed options and returns the exit status."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status. Raises SystemExit for `--help` and wrong options, as argparse does."""
    streams.prepare()
    try:
        status = _main(list(sys.argv[1:] if argv is None else argv))
    except SystemExit:
        if lost := streams.flush():
            return streams.status_of(lost)
        raise
    if lost := streams.flush():
        return status or streams.status_of(lost)
    return status


def _main(arguments: list[str]) -> int:
    if arguments[:1] == ["simulator"]:
        return _simulator(arguments[1:])
    options = parser().parse_args(arguments)
    no_core_dumps()
    pass_over_relative_folders()
    status: int = _imported(SUBCOMMANDS[options.command])(options)
    return status


def _imported(name: str) -> Callable[[argparse.Namespace], int]:
    """The function named `module:function`, imported without a look for garbage: there is none among modules."""
    module, _, function = name.partition(":")
    gc.disable()
    try:
        found: Callable[[argparse.Namespace], int] = getattr(import_module(module), function)
    finally:
        gc.freeze()
        gc.enable()
    return found


def _simulator(arguments: list[str]) -> int:
    """Hand over to the simulator. `--with-parent` ends it when its standard input closes, for the demo."""
    from irisops.simulator import main as simulator  # noqa: PLC0415 - only here

    command = Arguments(prog="irisops simulator")
    simulator.add_arguments(command)
    command.add_argument("--with-parent", action="store_true", help="stop when standard input closes")
    options = command.parse_args(arguments)
    if options.with_parent:
        _stop_with_parent()
    try:
        return simulator.main(options)
    except OSError as error:  # of what it prints; the errors of its sockets end in the event loop
        return streams.lose(error)


def _stop_with_parent() -> None:
    """Watch standard input from a thread; its end means that the parent has ended, for whatever reason."""
    import signal  # noqa: PLC0415 - only here
    import threading  # noqa: PLC0415 - only here

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
