"""Object access to the records of the world: which property stands for which field, and what may be saved in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from irisops.simulator.classes.dates import from_horolog_day, horolog_day
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.objects import Instance, new_list
from irisops.simulator.classes.status import StatusError
from irisops.simulator.classes.values import as_integer, as_text

NO_PASSWORD = "\x00"  # noqa: S105 - the mark of none
"""What the transient PasswordExternal holds until it is set (facts: iris-security 2.2, 10.12)."""


class Kind(Enum):
    """How a property's logical value stands in the record."""

    TEXT = "%String"
    YES_NO = "Security.Datatype.BooleanYN"
    INTEGER = "%Integer"
    DATE = "%Date"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a record class. `attribute` is the record's; "" keeps the value beside the record.

    `maximum` is MAXLEN of a text, MAXVAL of a number; 0 means none.
    """

    name: str
    attribute: str = ""
    kind: Kind = Kind.TEXT
    maximum: int = 0
    minimum: int | None = None
    read_only: bool = False
    required: bool = False
    initial: str | int = ""
    type: str = ""
    since: tuple[int, int] = (0, 0)


def declare(cls: ClassDef, fields: Iterable[Field]) -> None:
    """Declare the properties of the fields on a class."""
    for each in fields:
        cls.property(
            each.name,
            each.type or ("%String" if each.kind is Kind.LIST else each.kind.value),
            collection="list" if each.kind is Kind.LIST else "",
            read_only=each.read_only,
            required=each.required,
            maximum_length=each.maximum if each.kind is Kind.TEXT else 0,
            initial=each.initial,
            since=each.since,
        )


def load(instance: Instance, record: object, fields: Iterable[Field], extra: dict[str, Any]) -> None:
    """Fill an object from a record. `extra` holds the values of the fields that the record does not have."""
    for each in fields:
        if each.attribute:
            instance.values[each.name] = _logical(each.kind, getattr(record, each.attribute))
        elif each.kind is Kind.LIST:
            instance.values[each.name] = new_list(extra.get(each.name, ()))
        else:
            instance.values[each.name] = extra.get(each.name, each.initial)


def validated(instance: Instance, fields: Iterable[Field]) -> dict[str, Any]:
    """The values of an object by property, checked as `%ValidateObject` does and converted to the record's types.

    Raises `StatusError` for the first that is not legal.
    """
    return {
        each.name: _checked(instance, each, instance.values.get(each.name, each.initial))
        for each in fields
        if not each.read_only
    }


def store(
    record: object, values: dict[str, Any], fields: Iterable[Field], extra: dict[str, Any]
) -> list[str]:
    """Put checked values into a record; returns the names of the properties that changed."""
    changed: list[str] = []
    for each in fields:
        if each.name not in values:
            continue
        value = values[each.name]
        if each.attribute:
            if getattr(record, each.attribute) != value:
                setattr(record, each.attribute, value)
                changed.append(each.name)
        elif extra.get(each.name, [] if each.kind is Kind.LIST else each.initial) != value:
            extra[each.name] = value
            changed.append(each.name)
    return changed


def yes_no(value: object) -> str:
    """A BooleanYN as class queries and SQL show it (facts: iris-security 1)."""
    return "Yes" if value else "No"


def parse_date(value: object) -> date | None:
    """An expiration date: "" for none, ODBC `YYYY-MM-DD`, or $HOROLOG days. Raises #944 (facts: iris-security 2.2)."""
    text = as_text(value).strip()
    if not text:
        return None
    try:
        return from_horolog_day(int(text)) if text.isdigit() else date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise StatusError(944) from None


def check_boolean(property_name: str, value: object) -> bool:
    """0 or 1. Raises #5001 in the words that were measured (facts: iris-security 1.1)."""
    text = as_text(value)
    if text in ("0", "1"):
        return text == "1"
    raise StatusError(
        5001,
        f"Datatype value '{text}' is not a valid boolean > Datatype validation failed on property '{property_name}'",
    )


def _logical(kind: Kind, value: Any) -> Any:
    if kind is Kind.LIST:
        return new_list(value)
    if kind is Kind.YES_NO:
        return int(bool(value))
    if kind is Kind.DATE:
        return "" if value is None else horolog_day(value)
    return value


def _checked(instance: Instance, spec: Field, value: Any) -> Any:
    property_name = f"{instance.cls.name}:{spec.name}"
    if spec.kind is Kind.LIST:
        return _checked_list(spec, value.items)
    text = as_text(value)
    if spec.required and not text:
        raise StatusError(5659, property_name)
    if spec.kind is Kind.YES_NO:
        return check_boolean(property_name, value)
    if spec.kind is Kind.DATE:
        return parse_date(value)
    if spec.kind is Kind.INTEGER:
        return _checked_integer(property_name, spec, text)
    if spec.maximum and len(text) > spec.maximum:
        raise StatusError(7201, _shortened(text), spec.maximum)
    return text


def _checked_list(spec: Field, items: list[str]) -> list[str]:
    for item in items:
        if spec.maximum and len(item) > spec.maximum:
            raise StatusError(7201, _shortened(item), spec.maximum)
    return list(items)


def _checked_integer(property_name: str, spec: Field, text: str) -> int:
    if text and not text.lstrip("-").isdigit():
        raise StatusError(5802, property_name, _shortened(text))
    number = as_integer(text)
    if spec.minimum is not None and number < spec.minimum:
        raise StatusError(7203, number, spec.minimum)
    if spec.maximum and number > spec.maximum:
        raise StatusError(7204, number, spec.maximum)
    return number


def _shortened(text: str) -> str:
    return text if len(text) <= 64 else f"{text[:61]}..."
