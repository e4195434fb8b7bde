"""All classes that an instance emulates."""

from __future__ import annotations

from irisops.simulator.classes import (
    applications,
    audit,
    config_tables,
    configuration,
    dashboard,
    databases,
    dictionary,
    events,
    indexes,  # noqa: F401 - declares ValidateIndices of %SYSTEM.OBJ
    journal,
    license,  # noqa: A004 - named as the class is
    loading,
    locks,
    mirror,
    named_settings,
    oauth,
    objects,
    privilege_lists,
    productions,
    relationships,
    resources,
    resultset,
    roles,
    services,
    sql_grants,
    sql_options,
    sql_security,
    statements,
    streams,
    system_basics,
    system_security,
    system_settings,
    tasks,
    user_lists,
    users,
    web_sessions,
)
from irisops.simulator.classes.process_query import SYSTEM_PROCESS, make_process_query, make_sys_process
from irisops.simulator.classes.registry import Registry

__all__ = ["build_registry", "user_lists"]

START_TIME_SINCE = (2025, 1)
"""The release that brought StartTimeUTC to %SYS.ProcessQuery (facts: license-sessions 4.1)."""


def build_registry(version: tuple[int, int]) -> Registry:
    """The classes of one release."""
    process_query = make_process_query(with_start_time=version >= START_TIME_SINCE)
    return Registry(
        [
            objects.REGISTERED,
            objects.PERSISTENT,
            objects.LIST,
            relationships.RELATIONSHIP,
            relationships.RESOURCE_OF_ROLE,
            resultset.RESULT_SET,
            system_basics.VERSION,
            system_basics.SYS,
            system_basics.STATUS,
            system_basics.MONITOR,
            streams.STREAM,
            streams.GLOBAL_CHARACTER,
            streams.FILE_CHARACTER,
            loading.OBJ,
            license.LICENSE,
            SYSTEM_PROCESS,
            process_query,
            make_sys_process(process_query),
            web_sessions.SESSION,
            dashboard.DASHBOARD,
            configuration.NAMESPACES,
            configuration.DATABASES,
            configuration.NAMESPACE,
            config_tables.MAP_GLOBALS,
            config_tables.MAP_ROUTINES,
            config_tables.MAP_PACKAGES,
            databases.DATABASE,
            tasks.TASK,
            locks.LOCK_QUERY,
            locks.LOCK,
            journal.SYSTEM,
            journal.FILE,
            productions.DIRECTOR,
            productions.QUEUE,
            productions.ITEM,
            productions.LOG,
            mirror.MIRROR,
            statements.CURRENT,
            users.USERS,
            roles.ROLES,
            resources.RESOURCES,
            services.SERVICES,
            applications.APPLICATIONS,
            events.EVENTS,
            named_settings.TLS,
            named_settings.LDAP,
            sql_grants.PRIVILEGES,
            sql_grants.ADMINS,
            oauth.ENDPOINT,
            oauth.SERVERS,
            oauth.CLIENTS,
            oauth.OWN_SERVER,
            audit.AUDIT,
            system_basics.SYSTEM,
            system_settings.SYSTEM,
            system_security.SECURITY,
            sql_security.SQL_SECURITY,
            sql_options.UTIL,
            privilege_lists.CATALOG_PRIVILEGES,
            privilege_lists.SQL_CATALOG_PRIVILEGES,
            *dictionary.CLASSES,
        ]
    )
