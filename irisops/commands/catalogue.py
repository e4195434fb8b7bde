"""All commands in the order in which `/help` lists them. A new noun's module is added here and nowhere else."""

from __future__ import annotations

from irisops.commands import (
    alerts,
    compare,
    connect,
    denied,
    discover,
    doctor,
    dormant,
    explain,
    grants,
    history,
    license_advice,
    license_forecast,
    license_locked,
    license_timeout,
    license_why,
    local,
    on,
    plot,
    processes,
    processes_act,
    processes_detail,
    profiles,
    role_edit,
    roles,
    secrets,
    sessions,
    sessions_end,
    sessions_sweep,
    share,
    status,
    templates,
    user_edit,
    users,
    watch,
    whocan,
)
from irisops.commands import help as help_command
from irisops.commands import license as license_command
from irisops.commands.spec import CommandSpec, Registry

ALL: tuple[CommandSpec, ...] = (
    *help_command.SPECS,
    *status.SPECS,
    *license_command.SPECS,
    *license_why.SPECS,
    *license_forecast.SPECS,
    *license_advice.SPECS,
    *license_timeout.SPECS,
    *license_locked.SPECS,
    *sessions.SPECS,
    *sessions_end.SPECS,
    *sessions_sweep.SPECS,
    *processes.SPECS,
    *processes_detail.SPECS,
    *processes_act.SPECS,
    *watch.SPECS,
    *alerts.SPECS,
    *plot.SPECS,
    *users.SPECS,
    *roles.SPECS,
    *grants.SPECS,
    *explain.SPECS,
    *whocan.SPECS,
    *compare.SPECS,
    *denied.SPECS,
    *dormant.SPECS,
    *user_edit.SPECS,
    *role_edit.SPECS,
    *templates.SPECS,
    *share.SPECS,
    *history.SPECS,
    *connect.SPECS,
    *profiles.SPECS,
    *on.SPECS,
    *discover.SPECS,
    *secrets.SPECS,
    *doctor.SPECS,
    *local.SPECS,
)


def default_registry() -> Registry:
    """The registry of the product."""
    return Registry(ALL)
