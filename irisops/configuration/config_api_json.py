"""Documents of the package config-api (`lscalese/iris-config-api`) as a configuration (facts: iris-config-as-text 6).

A service is a class without `Config.`; it has objects by name, and its keys are those of Create and Modify. A key that
nobody knows is refused: the package itself passes over a misspelled one in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from irisops.configuration.imported import MOST, Collected, Imported, ImportProblem, imported_value
from irisops.configuration.kinds import SYSTEM_NAME, ConfigKind
from irisops.configuration.model import Unread
from irisops.configuration.values import NoValueError, Value
from irisops.contract.nearest import nearest
from irisops.contract.wording import harmless

_SERVICES: Mapping[str, str] = {
    "Security.System": "system",
    "Security.Resources": "resources",
    "Security.Roles": "roles",
    "Security.Users": "users",
    "Security.Services": "services",
    "Security.Applications": "applications",
    "Security.SSLConfigs": "tls",
    "Databases": "databases",
    "Namespaces": "namespaces",
}
_MAPS = ("MapGlobals", "MapRoutines", "MapPackages")
_DEFAULTS = "Defaults"
_ELSEWHERE: Mapping[str, frozenset[str]] = {
    "users": frozenset({"PhoneNumber", "PhoneProvider", "Attributes", "Flags", "AutheEnabled", "SuperUser"}),
    "roles": frozenset({"SQLPrivileges", "SQLAdminPrivilegeSet"}),
    "resources": frozenset({"Type"}),
    "services": frozenset({"Description", "Public"}),
    "applications": frozenset({"TwoFactorEnabled", "ClientApplications", "Routines", "HyperEvent"}),
    "databases": frozenset({"SectionHeader", "CPFName", "Comments"}),
    "namespaces": frozenset(
        {"SectionHeader", "CPFName", "Comments", "Interop", "Library", "SysGlobals", "SysRoutines"}
    ),
}
"""Properties of a class that irisops does not compare (facts: iris-security 2.2, 3; iris-config-as-text 5)."""
_VARIABLE = re.compile(r"\$\{([^${}]*)\}")
_ROUNDS = 10
"""Most times that variables in variables are replaced."""


def config_api(data: bytes, source: str) -> Imported:
    """The configuration in the document. `source` names it. Raises `ImportProblem`."""
    if len(data) > MOST:
        raise ImportProblem(f"It has more than {MOST // 1_000_000} MB.")
    document = _document(data)
    variables = _variables(document.pop(_DEFAULTS, {}))
    found = Collected()
    maps: dict[str, dict[str, list[str]]] = {}
    for service, content in document.items():
        if service in _MAPS:
            for namespace, entries in _objects(service, content, variables):
                maps.setdefault(namespace.upper(), {})[service] = list(_mappings(service, entries, variables))
        elif service not in _SERVICES:
            found.aside[harmless(service, 80)] = None
        elif _SERVICES[service] == "system" and not any(isinstance(each, dict) for each in content.values()):
            _keep(found, found.kind("system"), SYSTEM_NAME, content, variables)
        else:
            kind = found.kind(_SERVICES[service])
            for name, properties in _objects(service, content, variables):
                _keep(found, kind, name, properties, variables)
    _add_maps(found, maps)
    if not found.objects:
        raise ImportProblem(
            "This is not a config-api document: it has none of the services that irisops compares."
        )
    return found.result(source)


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise ImportProblem(f"It is no JSON: {harmless(problem, 200)}.") from None
    if not isinstance(document, dict) or not all(isinstance(each, dict) for each in document.values()):
        raise ImportProblem("This is not a config-api document: services with objects are missing.")
    return document


def _variables(defaults: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in defaults.items() if isinstance(value, str)}


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    """The text with variables replaced; those that only the instance knows stay. Raises `ImportProblem`."""
    for _ in range(_ROUNDS):
        new = _VARIABLE.sub(lambda match: variables.get(match[1], match[0]), text)
        if new == text:
            return text
        if len(new) > MOST:
            break
        text = new
    raise ImportProblem("Its variables refer to one another without end.")


def _objects(
    service: str, content: Mapping[str, Any], variables: Mapping[str, str]
) -> Iterator[tuple[str, Any]]:
    for name, properties in content.items():
        if not isinstance(properties, list if service in _MAPS else dict):
            raise ImportProblem(f"{harmless(service, 80)} {harmless(name, 80)} is no object of config-api.")
        yield _expanded(name, variables), properties


def _keep(
    found: Collected, kind: ConfigKind, name: str, properties: Mapping[str, Any], variables: Mapping[str, str]
) -> None:
    values: dict[str, Value] = {}
    shown = f"{kind.noun} {harmless(name, 80)}"
    for key, raw in properties.items():
        known = kind.named(key)
        if found.hides(kind, key):
            continue
        if known is None:
            if key not in _ELSEWHERE.get(kind.name, ()) and key != "Name":
                raise ImportProblem(f"{shown}: {_unknown(kind, key)}")
            if key != "Name":
                found.aside[f"{key} of {kind.plural}"] = None
            continue
        if not isinstance(raw, str | int):
            raise ImportProblem(f"{shown}: {key} must be text or a number.")
        text = _expanded(raw, variables) if isinstance(raw, str) else raw
        if isinstance(text, str) and (unset := _VARIABLE.search(text)):
            reason = (
                f"The file has the variable {harmless(unset[0], 80)} there, which only the instance knows."
            )
            found.unread.append(Unread(kind.name, reason, name, key))
            continue
        try:
            values[key] = imported_value(known, text)
        except NoValueError as problem:
            raise ImportProblem(f"{shown}: {problem}.") from None
    found.add(kind, name, values)


def _unknown(kind: ConfigKind, key: str) -> str:
    close = nearest(key, [known.name for known in kind.readable])
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"the property {harmless(key, 80)} is not known.{hint}"


def _mappings(service: str, entries: list[Any], variables: Mapping[str, str]) -> Iterator[str]:
    for entry in entries:
        parts = [entry.get(key) for key in ("Name", "Database")] if isinstance(entry, dict) else [None]
        if not all(isinstance(part, str) and part for part in parts):
            raise ImportProblem(f"A mapping of {service} has no name or no database.")
        yield " = ".join(_expanded(str(part), variables) for part in parts)


def _add_maps(found: Collected, maps: Mapping[str, Mapping[str, list[str]]]) -> None:
    """The mappings of the namespaces, also of those that the document names nowhere else."""
    if not maps:
        return
    kind = found.kind("namespaces")
    for name, tables in maps.items():
        values: dict[str, Value] = {}
        for table, entries in tables.items():
            known = kind.named(table)
            if known is None:
                raise KeyError(table)
            try:
                values[table] = known.canonical(entries)
            except NoValueError as problem:
                raise ImportProblem(f"namespace {harmless(name, 80)}: {problem}.") from None
        found.add(kind, name, values)
