"""Promises of the screen's code: no clash with Textual's private names, no private names of others."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator

import pytest
from textual.message_pump import MessagePump

import irisops.app
import irisops.ui

_ASSIGNED = re.compile(r"self\.(_\w+)(?::[^=\n]+)? = ")
# What Textual itself writes into every subclass.
_GIVEN = re.compile(
    r"_(inherit_\w+|css_type_names?|merged_bindings|reactives|computes|decorated_handlers|on_\w+)$"
)


def widget_classes() -> Iterator[type[MessagePump]]:
    modules = [irisops.app]
    modules += [
        importlib.import_module(info.name)
        for info in pkgutil.walk_packages(irisops.ui.__path__, "irisops.ui.")
    ]
    for module in modules:
        for value in vars(module).values():
            if (
                inspect.isclass(value)
                and value.__module__ == module.__name__
                and issubclass(value, MessagePump)
            ):
                yield value


def private_names(cls: type) -> set[str]:
    """Private names that a class defines or assigns."""
    names = {name for name in vars(cls) if name.startswith("_")}
    with contextlib.suppress(OSError, TypeError):  # built-in classes have no source
        names |= set(_ASSIGNED.findall(inspect.getsource(cls)))
    # Declaring a reactive of one's own, or one of a base anew, is the public way; it makes this name.
    names -= {f"_default_{name}" for name in vars(cls)}
    return {name for name in names if not name.startswith("__") and not _GIVEN.match(name)}


@pytest.mark.parametrize("cls", list(widget_classes()), ids=lambda cls: cls.__name__)
def test_no_private_name_of_textual_is_used_by_accident(cls: type[MessagePump]) -> None:
    """A widget attribute named like one of Textual's own private ones breaks it silently."""
    theirs: set[str] = set()
    for base in cls.__mro__[1:]:
        if base.__module__.startswith("textual"):
            theirs |= private_names(base)
    assert not private_names(cls) & theirs
