"""Orders of a server that the driver would obey, noticed before they take effect.

Driver 5.4.1 imports a module by name if a server says so in the middle of a call, and the call shows nothing of it;
what a server can order after that is not known (facts: iris-operations 4). Python asks the first finder for each
import, and tells an audit hook of each program about to be started and of each file about to be opened. None of this is
a wall for code that runs already: it ends the process at the first step, and gives the person a line to read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn

_DEEDS = ("ctypes.", "os.", "pty.", "shutil.", "socket.", "subprocess.", "webbrowser.")
"""Audit events that neither the driver, whose network is compiled code, nor this process brings about once it has been
loaded. `open` for writing is one more."""

_HARMLESS = frozenset({"os.add_dll_directory", "os.listdir", "os.putenv", "os.scandir", "os.unsetenv"})
"""Events that an import of the standard library or of the driver's own parts may bring about."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

LONGEST_NAME = 80
"""Characters of a module's name, which the server chose."""

End = Callable[[str], NoReturn]
"""Ends the process; gets what a server ordered, as words after "told the driver to"."""


class _FirstFinder:
    """Asked before all other finders. An audit hook does not hear of what `importlib.import_module` imports."""

    def __init__(self, end: End) -> None:
        self._end = end
        self._known = sys.stdlib_module_names | {name.partition(".")[0] for name in sys.modules}

    def find_spec(self, fullname: str, _path: object = None, _target: object = None, /) -> None:
        """Never finds anything."""
        if fullname.partition(".")[0] not in self._known:
            self._end(f"import the module {fullname[:LONGEST_NAME]!r}")


def deed(event: str, args: tuple[object, ...]) -> str:
    """What an audit event shows a server to have ordered, as words after "told the driver to"; "" if nothing."""
    if event == "open":
        flags = args[2] if len(args) > 2 else 0  # path, mode, flags
        return "write a file" if isinstance(flags, int) and flags & _WRITES else ""
    if event.startswith(_DEEDS) and event not in _HARMLESS:
        return f"do what Python calls {event}"
    return ""


def watch(end: End) -> None:
    """Call `end` with the first order. Nothing but the end of the process ends the watch.

    Modules of the standard library and of packages already loaded may still be imported: the driver loads its parts
    when it first needs them.
    """

    def hook(event: str, args: tuple[object, ...]) -> None:
        if ordered := deed(event, args):
            end(ordered)

    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, _FirstFinder(end))
    sys.addaudithook(hook)
