"""Instance, version and this tool's own process."""

from __future__ import annotations

import re
from typing import NamedTuple

from irisops.instance.calls import Answer, Caller, ClassMethod
from irisops.instance.capabilities import Capabilities, dictionary_query
from irisops.instance.errors import InstanceProblem, NoAnswer, NotAvailable
from irisops.instance.models import SystemInfo
from irisops.instance.values import as_int, number_of, text_of

_VERSION = re.compile(r"\b(\d{4}\.\d+(?:\.\d+)*(?:[A-Z]\b)?)")
_BUILD = re.compile(r"\(Build ([^)]*)\)")
_SYSTEM = re.compile(r" for (?:UNIX|Windows|Linux|OpenVMS|macOS|Mac OS)\b.*")
_EDITION = re.compile(r"\[(Health|HealthConnect):")
_EDITIONS = {"Health": "IRIS for Health", "HealthConnect": "Health Connect"}
# UNVERIFIED: `[HealthConnect:2.1.0]` behind the date is in public reports, `[Health:3.4.0]` is from memory.
# Settle: evidence version, of IRIS for Health.
_VERSION_CALL = ClassMethod("%SYSTEM.Version", "GetVersion")
_PID_CALL = ClassMethod("%SYSTEM.SYS", "ProcessID")
_NAME_CALL = ClassMethod("%SYS.System", "GetInstanceName")
"""(facts: iris-license-sessions 4.4)"""


class Version(NamedTuple):
    """The parts of `$ZVERSION`; "" for one that is not there."""

    product: str
    platform: str
    number: str
    build: str


def parse_version(zversion: str) -> Version:
    """`IRIS for UNIX (Ubuntu ...) 2024.1.6 (Build 825U) Tue ...` in parts (facts: iris-license-sessions 5.3)."""
    found = _VERSION.search(zversion)
    build = _BUILD.search(zversion)
    head = zversion[: found.start()] if found else zversion
    name, paren, platform = head.partition("(")
    product = _SYSTEM.sub("", name.strip())
    edition = _EDITION.search(zversion)
    if edition and product == "IRIS":
        product = _EDITIONS[edition[1]]
    if not found:
        # Unknown format: no part of it is certain.
        product = "IRIS" if zversion.startswith("IRIS") else ""
    return Version(
        product,
        platform.strip().removesuffix(")") if paren and found else "",
        found.group(1) if found else "",
        build.group(1) if build else "",
    )


def make_info(
    zversion: str, namespace: str, pid: int | None, license_id: str | None, name: str | None
) -> SystemInfo:
    """The record of an instance from the values read."""
    version = parse_version(zversion)
    return SystemInfo(
        zversion=zversion,
        product=version.product,
        version=version.number,
        build=version.build,
        platform=version.platform,
        namespace=namespace,
        pid=pid,
        license_id=license_id,
        instance_name=name,
    )


DICTIONARY_SECONDS = 10.0
"""For the class-dictionary check alone: it is optional, and the first compilation of its query may be slow."""


class DictionarySlow(Exception):  # noqa: N818 - a condition to go on after, not an error
    """The class-dictionary check gave no answer in time; the driver process that waits for it is of no more use."""


async def read_at_connect(
    caller: Caller, namespace: str, login_trips: int, *, dictionary_seconds: float | None = DICTIONARY_SECONDS
) -> tuple[SystemInfo, Capabilities]:
    """The first reads of a connection: version, own process, the class-dictionary check, license id, units, name.

    At most eight round trips with the login's own (`login_trips`): the last reads are skipped if the login or the
    dictionary took more. Without `dictionary_seconds` the dictionary is not asked. Raises DictionarySlow or
    Unreachable; any other failure leaves its field empty.
    """
    version, pid = await caller.batch([_VERSION_CALL, _PID_CALL])
    dictionary: Answer | Exception = NotAvailable("the class dictionary gave no answer in time")
    if dictionary_seconds is not None:
        try:
            (dictionary,) = await caller.batch([dictionary_query()], deadline=dictionary_seconds)
        except NoAnswer:
            raise DictionarySlow from None
    if isinstance(dictionary, Answer) and dictionary.rows is not None:
        capabilities = Capabilities.from_rows(dictionary.rows, namespace)
    else:
        said = (
            dictionary.message if isinstance(dictionary, InstanceProblem) else "the dictionary gave no rows"
        )
        capabilities = Capabilities(namespace=namespace, note=said)
    more = [ClassMethod("%SYSTEM.License", "GetUserId"), ClassMethod("%SYSTEM.License", "KeyLicenseUnits")]
    name_asked = capabilities.has("%SYS.System", "GetInstanceName")
    if name_asked:
        more.append(_NAME_CALL)
    spent = login_trips + sum(
        each.round_trips for each in (version, pid, dictionary) if isinstance(each, Answer)
    )
    answers = await caller.batch(more[: max(0, 8 - spent)])
    license_id, units, name, *_ = [*(text_of(answer) for answer in answers), "", "", ""]
    capabilities.license_units = as_int(units)
    for feature, answer in zip(("system.version", "system.pid"), (version, pid), strict=True):
        capabilities.heard(feature, answer)
    if name_asked and len(answers) == len(more):
        capabilities.heard("system.name", answers[-1])
    return (
        make_info(text_of(version), namespace, number_of(pid), license_id or None, name or None),
        capabilities,
    )
