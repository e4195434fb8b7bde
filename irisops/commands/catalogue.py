"""All commands in the order in which `/help` lists them. A new noun's module is added here and nowhere else."""

from __future__ import annotations

from irisops.commands import help as help_command
from irisops.commands import local
from irisops.commands.spec import CommandSpec, Registry

ALL: tuple[CommandSpec, ...] = (
    *help_command.SPECS,
    *local.SPECS,
)


def default_registry() -> Registry:
    """The registry of the product."""
    return Registry(ALL)
