"""A configuration as files: TOML, one file for each object in a folder for each kind, and `instance.toml` on top.

Equal configurations give equal bytes: keys in the order of the kind, lists one item a line, no defaults.
"""

from __future__ import annotations

import hashlib
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from irisops.configuration.kinds import BY_NAME, KINDS, ConfigKind
from irisops.configuration.model import (
    FORMAT,
    ConfigObject,
    Configuration,
    Unread,
    keyed,
    non_default,
    secrets_of,
    with_defaults,
)
from irisops.configuration.values import NoValueError, Value
from irisops.contract.nearest import nearest

TOP = "instance.toml"
SECRET = {"secret": "set by hand"}
"""What stands in the place of a secret."""
_HEAD = (
    "# The configuration of an instance, written by irisops. It holds no secrets.\n"
    "# What is under [[unread]] is not known: that it is missing here does not mean that there is none.\n"
)
_SUFFIX = ".toml"
_LONGEST = 180
"""Characters of a file's name before its suffix: file systems allow 255 bytes."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-.")
_RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{at}" for port in ("com", "lpt") for at in range(10)))
)
"""Names that Windows does not allow, with any suffix."""


class TextError(ValueError):
    """A file that is no part of a configuration. `path` is relative to its folder; the message is a sentence."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


# Names of files


def file_name(name: str) -> str:
    """The name of an object's file: lower case, all but plain letters and digits percent-encoded.

    Objects whose names differ only in letter case are the same one for an instance (facts: iris-security 1). A long
    name is cut off and made unique by its digest.
    """
    low = name.lower()
    coded = "".join(
        character
        if character in _PLAIN and not (character == "." and at in (0, len(low) - 1))
        else "".join(f"%{byte:02x}" for byte in character.encode())
        for at, character in enumerate(low)
    )
    if coded.partition(".")[0] in _RESERVED:
        coded = f"%{ord(coded[0]):02x}{coded[1:]}"
    if len(coded) > _LONGEST:
        coded = f"{coded[:_LONGEST]}~{hashlib.sha256(low.encode()).hexdigest()[:16]}"
    return f"{coded}{_SUFFIX}"


def path_of(kind: str, name: str) -> str:
    """The path of an object's file in the folder, with slashes."""
    return f"{kind}/{file_name(name)}"


# Writing


def files_of(configuration: Configuration) -> dict[str, str]:
    """All files of a configuration: path -> text, sorted. Raises `NoValueError` for text that UTF-8 cannot hold."""
    found = {TOP: top_text(configuration)}
    for kind in KINDS:
        for each in configuration.of(kind.name).values():
            found[path_of(kind.name, each.name)] = object_text(kind, each)
    return {path: found[path] for path in sorted(found)}


def top_text(configuration: Configuration) -> str:
    """The text of `instance.toml`: what the folder is about, and what is not known."""
    lines = [
        f"format = {FORMAT}",
        f"instance = {quoted(configuration.instance)}",
        f"version = {quoted(configuration.version)}",
        f"kinds = {_listed(configuration.kinds)}",
    ]
    order = {kind.name: at for at, kind in enumerate(KINDS)}
    for each in sorted(
        set(configuration.unread),
        key=lambda one: (order[one.kind], one.name.lower(), one.name, one.property, one.reason),
    ):
        lines += ["", "[[unread]]", f"kind = {quoted(each.kind)}"]
        lines += [f"name = {quoted(each.name)}"] if each.name else []
        lines += [f"property = {quoted(each.property)}"] if each.property else []
        lines.append(f"reason = {quoted(each.reason)}")
    absent = [
        (kind.name, configuration.absent[kind.name]) for kind in KINDS if configuration.absent.get(kind.name)
    ]
    if absent:
        lines += ["", "# Properties that this version of the instance does not have.", "[absent]"]
        lines += [f"{kind} = {_listed(sorted(names))}" for kind, names in absent]
    return _HEAD + "\n".join(lines) + "\n"


def object_text(kind: ConfigKind, each: ConfigObject) -> str:
    """The text of one object."""
    lines = [f"Name = {quoted(each.name)}"]
    lines += [
        f"{quoted(name) if ' ' in name else name} = {_value(value)}"
        for name, value in non_default(kind, each).items()
    ]
    lines += [f'{secret.name} = {{ secret = "{SECRET["secret"]}" }}' for secret in secrets_of(kind, each)]
    return "\n".join(lines) + "\n"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return _listed(value) if isinstance(value, tuple) else quoted(value)


def _listed(values: Iterable[str]) -> str:
    items = "".join(f"    {quoted(each)},\n" for each in values)
    return f"[\n{items}]" if items else "[]"


_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def quoted(text: str) -> str:
    """A TOML string on one line. Characters that nobody sees, or that turn the direction of text, are escaped.

    Raises `NoValueError` for half of a surrogate pair, which no UTF-8 text can hold.
    """
    return f'"{"".join(_character(each) for each in text)}"'


def _character(each: str) -> str:
    if each in _SHORT:
        return _SHORT[each]
    category = unicodedata.category(each)
    if category == "Cs":
        raise NoValueError("text with half of a surrogate pair fits no file")
    if category in ("Cc", "Cf", "Zl", "Zp", "Co", "Cn"):
        return f"\\u{ord(each):04X}" if ord(each) < 0x10000 else f"\\U{ord(each):08X}"
    return each


# Reading


def configuration_of(files: Mapping[str, str]) -> Configuration:
    """The configuration in the files of a folder: path, with slashes -> text. Raises `TextError`."""
    if TOP not in files:
        raise TextError(TOP, "it is missing, so this folder is no export")
    top = read_top(files[TOP])
    found: dict[str, dict[str, ConfigObject]] = {kind: {} for kind in top.objects}
    listed: dict[str, list[tuple[str, ConfigObject]]] = {kind: [] for kind in top.objects}
    for path in sorted(files):
        if path == TOP:
            continue
        folder, slash, _name = path.partition("/")
        if not slash or folder not in BY_NAME:
            raise TextError(path, "no kind of object has such files")
        if folder not in listed:
            raise TextError(path, f"instance.toml does not name {folder} among its kinds")
        listed[folder].append((path, read_object(BY_NAME[folder], path, files[path], top)))
    for kind, some in listed.items():
        keys: set[str] = set()
        for path, each in some:
            if each.key in keys:
                raise TextError(
                    path, "another file has an object of this name: letter case makes no difference"
                )
            keys.add(each.key)
        found[kind] = keyed(each for _, each in some)
    return replace(top, objects=found)


def read_top(text: str) -> Configuration:
    """`instance.toml`: a configuration of its kinds, without objects yet. Raises `TextError`."""
    raw = _parsed(TOP, text)
    if raw.get("format") != FORMAT:
        raise TextError(TOP, f"its format is {raw.get('format')!r}; this version of irisops reads {FORMAT}")
    _refuse_unknown(TOP, raw, ("format", "instance", "version", "kinds", "unread", "absent"))
    kinds = _strings(raw.get("kinds"), "kinds")
    _refuse_unknown(TOP, dict.fromkeys(kinds), [kind.name for kind in KINDS])
    entries = raw.get("unread", [])
    absent = raw.get("absent", {})
    if not isinstance(entries, list) or not isinstance(absent, dict):
        raise TextError(TOP, "unread must be a list of tables, and absent a table")
    return Configuration(
        {kind: {} for kind in kinds},
        _string(raw.get("instance", ""), "instance"),
        _string(raw.get("version", ""), "version"),
        tuple(_unread(each) for each in entries),
        {_kind(kind): _strings(names, kind) for kind, names in absent.items()},
    )


def _unread(raw: object) -> Unread:
    if not isinstance(raw, dict):
        raise TextError(TOP, "unread must be a list of tables")
    _refuse_unknown(TOP, raw, ("kind", "reason", "name", "property"))
    return Unread(
        _kind(_string(raw.get("kind"), "kind")),
        _string(raw.get("reason"), "reason"),
        _string(raw.get("name", ""), "name"),
        _string(raw.get("property", ""), "property"),
    )


def _kind(name: str) -> str:
    _refuse_unknown(TOP, {name: None}, [kind.name for kind in KINDS])
    return name


def read_object(kind: ConfigKind, path: str, text: str, top: Configuration) -> ConfigObject:
    """One object. What `top` says is unread or absent is left out of its values. Raises `TextError`.

    A key that the kind does not have is refused: a misspelled one must not be passed over in silence.
    """
    raw = _parsed(path, text)
    name = raw.pop("Name", None)
    if not isinstance(name, str) or not name:
        raise TextError(path, "Name is missing")
    _refuse_unknown(path, raw, [known.name for known in kind.properties])
    values: dict[str, Value] = {}
    try:
        for known in kind.properties:
            if known.name in raw and not (known.type == "secret" and raw[known.name] == SECRET):
                values[known.name] = known.canonical(raw[known.name])
        absent = top.absent.get(kind.name, ())
        unknown = [
            known.name
            for known in kind.readable
            if known.name not in values
            and (known.name in absent or any(each.covers(kind.name, name, known.name) for each in top.unread))
        ]
        return ConfigObject(name, with_defaults(kind, values, unknown))
    except NoValueError as problem:
        raise TextError(path, f"{problem}") from None


def _parsed(path: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as problem:  # TOMLDecodeError, and numbers longer than Python converts
        raise TextError(path, f"this is no TOML: {problem}") from None
    except RecursionError:
        raise TextError(path, "it nests too deep") from None


def _refuse_unknown(path: str, raw: Mapping[str, object], known: Iterable[str]) -> None:
    names = list(known)
    for key in raw:
        if key not in names:
            close = nearest(key, names)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise TextError(path, f"{key!r} is not known here{hint}")


def _string(value: object, key: str) -> str:
    if not isinstance(value, str):
        raise TextError(TOP, f"{key} must be text")
    return value


def _strings(value: object, key: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TextError(TOP, f"{key} must be a list of texts")
    return tuple(_string(each, key) for each in value)
