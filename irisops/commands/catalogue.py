"""All commands in the order in which `/help` lists them. A new noun's module is added here and nowhere else."""

from __future__ import annotations

from irisops.commands.access import compare, denied, denied_enable, dormant, explain
from irisops.commands.access import who_can as whocan
from irisops.commands.accounts import grants, role_edit, roles, templates, user_edit, users
from irisops.commands.helper import managing as helper
from irisops.commands.history import history
from irisops.commands.license import advice as license_advice
from irisops.commands.license import board as license_command
from irisops.commands.license import forecast as license_forecast
from irisops.commands.license import locked as license_locked
from irisops.commands.license import timeout as license_timeout
from irisops.commands.license import why as license_why
from irisops.commands.processes import act as processes_act
from irisops.commands.processes import detail as processes_detail
from irisops.commands.processes import listing as processes
from irisops.commands.profiles import connect, discover, profiles, secrets
from irisops.commands.profiles import connection_test as profile_test
from irisops.commands.profiles import files as profile_files
from irisops.commands.security import apps, resources, services
from irisops.commands.sessions import end as sessions_end
from irisops.commands.sessions import listing as sessions
from irisops.commands.sessions import rescue as sessions_rescue
from irisops.commands.sessions import sweep as sessions_sweep
from irisops.commands.sharing import share
from irisops.commands.tool import doctor, on, screen, settings, status
from irisops.commands.tool import help as help_command
from irisops.commands.watching import alerts, plot, watch
from irisops.engine.spec import CommandSpec, Registry

ALL: tuple[CommandSpec, ...] = (
    *help_command.SPECS,
    *status.SPECS,
    *license_command.SPECS,
    *license_why.SPECS,
    *license_forecast.SPECS,
    *license_advice.SPECS,
    *license_timeout.SPECS,
    *license_locked.SPECS,
    *sessions_rescue.SPECS,
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
    *denied_enable.SPECS,
    *dormant.SPECS,
    *user_edit.SPECS,
    *role_edit.SPECS,
    *templates.SPECS,
    *services.SPECS,
    *apps.SPECS,
    *resources.SPECS,
    *share.SPECS,
    *history.SPECS,
    *connect.SPECS,
    *profiles.SPECS,
    *profile_test.SPECS,
    *profile_files.SPECS,
    *on.SPECS,
    *discover.SPECS,
    *secrets.SPECS,
    *doctor.SPECS,
    *helper.SPECS,
    *settings.SPECS,
    *screen.SPECS,
)


def default_registry() -> Registry:
    """The registry of the product."""
    return Registry(ALL)
