"""One container of IRIS under Docker or Podman, as its engine on this machine tells it. Nothing runs in the container.

Of its environment only what names a folder is kept: a password may stand there. Docker and Podman word `inspect` alike.

UNVERIFIED: that Podman's `inspect` has State.Health, Mounts and Config.Env under these names. Settle: podman inspect of
a container of intersystems/iris-community.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from irisops.background import in_daemon_thread
from irisops.profiles.discovery.engines import engine_of
from irisops.profiles.discovery.found import Surroundings
from irisops.profiles.programs import ProgramError, ask, locate

DEADLINE = 10.0
"""Seconds for one question to the engine."""
ACTING = 120.0
"""Seconds for a command that a person has agreed to."""
LOG_LINES = 40
IRISOWNER = 51773
"""The user of the image, by number (facts: iris-license-sessions 8.2)."""
DATA_DIRECTORY = "ISC_DATA_DIRECTORY"
ENGINES = ("docker", "podman")
_LEAST_FREE = 1 << 30
"""Bytes on the disk of the data below which the space is told as short."""
_GIVEN = {
    "--password-file": "a password file",
    "IRIS_PASSWORD": "IRIS_PASSWORD",
    "ISC_CPF_MERGE_FILE": "a merge file",
}


class ContainerProblem(Exception):  # noqa: N818 - the engine's refusal, told to a person
    """The engine cannot be asked, or refuses; the text says why, `cure` what to do."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.cure = cure


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or a volume of the engine in the container. `owner` and `mode` of a folder on this machine."""

    kind: str
    source: str
    inside: str
    writable: bool
    owner: int | None = None
    mode: int | None = None
    free: int | None = None
    """Bytes free on its disk."""


@dataclass(frozen=True, slots=True)
class Container:
    """What the engine tells of a container. `password` names how one was given, "" if none was."""

    engine: str
    name: str
    image: str
    status: str
    health: str
    exit_code: int | None
    error: str
    out_of_memory: bool
    restarts: int
    data: str
    """ISC_DATA_DIRECTORY."""
    key: str
    """The path after --key."""
    password: str
    mounts: tuple[Mount, ...] = ()
    log: tuple[str, ...] = field(default=(), repr=False)

    @property
    def up(self) -> bool:
        """True if it runs."""
        return self.status == "running"

    @property
    def community(self) -> bool:
        """True for an image of Community Edition, by its name."""
        return "community" in self.image

    def mount_of(self, path: str) -> Mount | None:
        """The mount that holds a path of the container: the innermost one."""
        holding = [each for each in self.mounts if path and _below(path, each.inside)]
        return max(holding, key=lambda each: len(each.inside), default=None)


@dataclass(frozen=True, slots=True)
class Failure:
    """A known failure: what is wrong, the exact command or what to do, and whether irisops can run it after a yes.

    `argv` is that command, empty where it is for a person alone.
    """

    name: str
    what: str
    command: str
    argv: tuple[str, ...] = ()
    fatal: bool = True
    """False for what is only worth knowing."""


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


async def read_container(around: Surroundings, engine: str, name: str) -> Container:
    """Ask the engine for one container and the end of its log. Raises `ContainerProblem`."""
    told = await _asked(around, engine, "inspect", "--type", "container", name)
    try:
        raw = dict(json.loads(told)[0])
    except (ValueError, TypeError, LookupError):
        raise ContainerProblem(
            f"{engine} gave no description of {name} that can be read.", f"Try: {engine} inspect {name}"
        ) from None
    try:
        log = await _asked(around, engine, "logs", "--tail", str(LOG_LINES), name)
    except ContainerProblem:
        log = ""  # an engine may keep no log; the rest is worth as much
    made = _container(engine, name, raw, log.splitlines())
    try:
        return await in_daemon_thread(lambda: _looked_at(made, around), around.deadline)
    except TimeoutError:
        return made  # a folder on a network may hang


def _looked_at(made: Container, around: Surroundings) -> Container:
    """The container with what this machine tells of its folders, if its engine runs here. Reads files."""
    if engine_of(made.engine, around).remote:
        return made
    return replace(made, mounts=tuple(_seen(each) for each in made.mounts))


async def _asked(around: Surroundings, engine: str, *words: str) -> str:
    program = locate(engine, around.environment)
    if program is None:
        raise ContainerProblem(f"{engine} is not installed here.", "/discover shows what there is.")
    try:
        return await ask([program, *words], around.environment, DEADLINE)
    except ProgramError as error:
        said = error.said or str(error)
        raise ContainerProblem(
            f"{engine} {words[0]}: {said}", f"{engine} ps --all lists its containers."
        ) from None


async def run_command(around: Surroundings, argv: Sequence[str]) -> str:
    """Run a command that a person has agreed to; what it printed. Raises `ContainerProblem`."""
    program = locate(argv[0], around.environment)
    if program is None:
        raise ContainerProblem(f"{argv[0]} is not installed here.", "/discover shows what there is.")
    try:
        return await ask([program, *argv[1:]], around.environment, ACTING)
    except ProgramError as error:
        raise ContainerProblem(
            f"{shlex.join(argv[:2])} {error}{f': {error.said}' if error.said else ''}.",
            "Nothing was repeated.",
        ) from None


def _container(engine: str, name: str, raw: Mapping[str, Any], log: Sequence[str]) -> Container:
    state, config = _part(raw, "State"), _part(raw, "Config")
    health = _part(state, "Health") or _part(state, "Healthcheck")
    environment = dict(str(line).partition("=")[::2] for line in config.get("Env") or () if "=" in str(line))
    words = [str(each) for each in (raw.get("Args") or config.get("Cmd") or ())]
    options = {word.partition("=")[0] for word in words}
    given = {name: _GIVEN[name] for name in _GIVEN if name in environment or name in options}
    mounts = tuple(
        Mount(
            str(each.get("Type", "")),
            str(each.get("Source", "")),
            str(each.get("Destination", "")),
            each.get("RW") is not False,
        )
        for each in raw.get("Mounts") or ()
        if isinstance(each, dict)
    )
    code = state.get("ExitCode")
    return Container(
        engine,
        name,
        str(config.get("Image") or raw.get("ImageName") or ""),
        str(state.get("Status") or "").casefold(),
        str(health.get("Status") or "").casefold(),
        code if isinstance(code, int) else None,
        str(state.get("Error") or ""),
        state.get("OOMKilled") is True,
        raw["RestartCount"] if isinstance(raw.get("RestartCount"), int) else 0,
        environment.get(DATA_DIRECTORY, ""),
        _after(words, "--key"),
        " and ".join(given.values()),
        mounts,
        tuple(log[-LOG_LINES:]),
    )


def _part(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = raw.get(name)
    return found if isinstance(found, dict) else {}


def _after(words: Sequence[str], option: str) -> str:
    """The value of an option: `--key X` or `--key=X`."""
    for at, word in enumerate(words):
        if word == option:
            return words[at + 1] if at + 1 < len(words) else ""
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return ""


def _seen(mount: Mount) -> Mount:
    """A folder of this machine with its owner, its mode and the space on its disk; others as they are."""
    if mount.kind != "bind":
        return mount
    try:
        found = Path(mount.source).stat()
        free = shutil.disk_usage(mount.source).free
    except OSError:
        return mount
    return Mount(
        mount.kind, mount.source, mount.inside, mount.writable, found.st_uid, found.st_mode & 0o777, free
    )


# What is wrong

_SAID: tuple[tuple[str, re.Pattern[str], str, str], ...] = (
    # (facts: iris-operations 6, 10; iris-license-sessions 2.6, 8.2)
    (
        "license",
        re.compile(r"Community License expired|Invalid Community Edition license", re.IGNORECASE),
        "the key in the image of Community Edition has expired, or this machine has more cores than it allows",
        "pull a newer tag of the image and create the container again; for its cores, --cpuset-cpus=0-19 --cpus=20",
    ),
    (
        "space",
        re.compile(r"no space left on device", re.IGNORECASE),
        "the disk is full",
        "{engine} system df; {engine} system prune frees what no container uses",
    ),
    (
        "permission",
        re.compile(r"permission denied|not writable", re.IGNORECASE),
        "a folder cannot be written by the user of the image",
        "",
    ),
    (
        "password",
        re.compile(r"password change required", re.IGNORECASE),
        "a password must be changed before the account can log in",
        "",
    ),
)


def failures(found: Container) -> list[Failure]:
    """What is known to be wrong, the worst first, each with its exact command."""
    name = shlex.quote(found.name)
    made: list[Failure] = []
    starts = {
        "exited": "start",
        "created": "start",
        "stopped": "start",
        "configured": "start",
        "paused": "unpause",
    }
    act = starts.get(found.status)
    text = "\n".join(found.log)
    said = {key: pattern.search(text) for key, pattern, _, _ in _SAID}
    if act is not None:
        code = f" (status {found.exit_code})" if found.exit_code and act == "start" else ""
        made.append(
            Failure(
                act,
                f"it does not run: {found.status}{code}",
                f"{found.engine} {act} {name}",
                (found.engine, act, found.name),
            )
        )
    elif found.status not in ("running", ""):
        made.append(
            Failure("restarts", f"it does not run: {found.status}", f"{found.engine} logs --tail 200 {name}")
        )
    if found.out_of_memory:
        made.append(
            Failure("memory", "the kernel ended it for want of memory", "give it more memory: --memory")
        )
    for key, _, what, command in _SAID:
        if said[key] and command:
            made.append(Failure(key, f"its log says: {what}", command.replace("{engine}", found.engine)))
    made += _of_data(found, denied=bool(said["permission"]))
    if said["password"] or (found.up and not found.password):
        made.append(_password(found, told=bool(said["password"])))
    if found.up and found.health == "unhealthy":
        made.append(
            Failure("health", "its health check fails", f"{found.engine} exec {name} iris list", fatal=True)
        )
    made += _of_key(found)
    return made


def _of_data(found: Container, *, denied: bool) -> list[Failure]:
    """What is wrong with the durable directory (facts: iris-operations 9)."""
    if not found.data:
        advice = f"create it again with -v FOLDER:/durable --env {DATA_DIRECTORY}=/durable/iris"
        return [
            Failure(
                "durable", "no durable directory: removing the container loses all data", advice, fatal=False
            )
        ]
    mount = found.mount_of(found.data)
    if mount is None:
        what = f"{found.data} is in no volume: removing the container loses all data"
        return [
            Failure("durable", what, f"create it again with -v FOLDER:{PurePosixPath(found.data).parent}")
        ]
    made: list[Failure] = []
    if not mount.writable:
        made.append(Failure("durable", f"{mount.inside} is mounted read-only", "create it again without :ro"))
    elif _closed(mount) or (denied and mount.kind == "bind"):
        what = f"{mount.source} belongs to user {mount.owner} ({mount.mode or 0:03o}); the image writes as {IRISOWNER}"
        if mount.owner is None:
            what = f"{mount.source} cannot be looked at from here; the image writes as user {IRISOWNER}"
        source = shlex.quote(mount.source)
        made.append(Failure("durable", what, f"sudo chown -R {IRISOWNER}:{IRISOWNER} {source}"))
    if mount.free is not None and mount.free < _LEAST_FREE:
        what = f"{mount.free >> 20} MB are left on the disk of {mount.source}"
        made.append(Failure("space", what, f"df -h {shlex.quote(mount.source)}"))
    return made


def _closed(mount: Mount) -> bool:
    """True for a folder of this machine in which the user of the image may not write, as far as its mode tells."""
    if mount.owner is None or mount.mode is None:
        return False
    return not (mount.owner == IRISOWNER and mount.mode & 0o200) and not mount.mode & 0o002


def _password(found: Container, *, told: bool) -> Failure:
    """The password-change state (facts: iris-license-sessions 7.4)."""
    call = '##class(Security.Users).UnExpireUserPasswords("*")'
    argv = (found.engine, "exec", found.name, "iris", "session", "IRIS", "-U", "%SYS", call)
    what = (
        "its log says: a password must be changed before the account can log in"
        if told
        else "no password was given at its start: the first login must change that of _SYSTEM, which the driver cannot"
    )
    return Failure("login", what, shlex.join(argv), argv, fatal=told)


def _of_key(found: Container) -> list[Failure]:
    """What is wrong with the license key (facts: iris-operations 9)."""
    if found.key:
        mount = found.mount_of(found.key)
        if mount is None:
            what = f"the key {found.key} is in no mount of the container"
            return [Failure("key", what, f"create it again with -v FOLDER:{PurePosixPath(found.key).parent}")]
        if mount.kind == "bind" and mount.owner is not None:
            path = Path(mount.source + found.key[len(mount.inside.rstrip("/")) :])
            if not path.exists():
                return [
                    Failure(
                        "key",
                        f"there is no {path} on this machine, which should be the key",
                        f"cp iris.key {shlex.quote(str(path))}",
                    )
                ]
        return []
    if found.community or not found.image:
        return []
    return [
        Failure(
            "key",
            "no license key was given at its start",
            "create it again with … --key /external/iris.key",
            fatal=False,
        )
    ]
