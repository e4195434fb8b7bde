"""Names of things in `irisops.commands`, resolved at first use.

A table of all commands is needed at the start, the modules behind it are not: `"accounts.user_edit:edit"` costs nothing
until somebody edits a user.
"""

from __future__ import annotations

from importlib import import_module


def resolve(name: str) -> object:
    """What `module:attribute` stands for, the module relative to `irisops.commands`.

    Raises ImportError or AttributeError for a name of nothing (a test resolves every name that is declared).
    """
    module, _, attribute = name.partition(":")
    return getattr(import_module(f"irisops.commands.{module}"), attribute)
