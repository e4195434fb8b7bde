"""All commands in the order of `/help`. A new noun is added here only."""

from __future__ import annotations

from irisops.commands.access import specs as access
from irisops.commands.accounts import specs as accounts
from irisops.commands.assistant import specs as assistant
from irisops.commands.configuration import specs as configuration
from irisops.commands.gateway import specs as gateway
from irisops.commands.helper import specs as helper
from irisops.commands.history import specs as history
from irisops.commands.license import specs as licensing
from irisops.commands.operations import specs as operations
from irisops.commands.pages import specs as pages
from irisops.commands.processes import specs as processes
from irisops.commands.profiles import specs as profiles
from irisops.commands.recording import specs as recording
from irisops.commands.security import specs as security
from irisops.commands.sessions import specs as sessions
from irisops.commands.sharing import specs as sharing
from irisops.commands.tool import specs as tool
from irisops.commands.watching import specs as watching
from irisops.engine.spec import CommandSpec, Registry

ALL: tuple[CommandSpec, ...] = (
    *tool.SPECS,
    *licensing.SPECS,
    *sessions.SPECS,
    *processes.SPECS,
    *operations.SPECS,
    *watching.SPECS,
    *recording.SPECS,
    *access.SPECS,
    *pages.SPECS,
    *accounts.SPECS,
    *security.SPECS,
    *configuration.SPECS,
    *gateway.SPECS,
    *sharing.SPECS,
    *history.SPECS,
    *profiles.SPECS,
    *helper.SPECS,
    *assistant.SPECS,
)


def default_registry() -> Registry:
    """The registry of the product."""
    return Registry(ALL)
