"""Native requests: class methods, objects, routines and globals (facts: wire-protocol 4, 5, 6).

Every reply is complete: the value, then one item per by-reference argument. The driver reads past the end of a shorter
one and may crash its interpreter, so an incomplete answer of the backend is reported, never sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from irisops.simulator.backend import Argument, BackendSession, ByRef, ThrownError, Value
from irisops.simulator.wire import collation
from irisops.simulator.wire.listitem import EMPTY, encode, encode_all
from irisops.simulator.wire.reader import ItemReader

GATEWAY = "%Net.Remote.Gateway"
"""Class of the client's own calls; answered here, because they concern only the connection."""

WITH_VALUE = 1
"""Bit of an order mode: return the node's value along with the subscript (facts: wire-protocol 6)."""

GLOBAL_OPERATIONS = {
    0x41: "get",
    0x42: "set",
    0x43: "kill",
    0x45: "order",
    0x46: "increment",
    0x49: "defined",
    0x4E: "lock",
    0x4F: "unlock",
    0x50: "unlock_all",
    0x51: "tstart",
    0x52: "tcommit",
    0x53: "trollback",
    0x54: "trollback_one",
    0x55: "tlevel",
}
"""First byte of the opcode -> operation of `BackendSession.global_operation`."""

_WITHOUT_NAME = frozenset({"unlock_all", "tstart", "tcommit", "trollback", "trollback_one", "tlevel"})
_REPLY_ITEMS = {"get": 1, "increment": 1, "defined": 1, "lock": 1, "tlevel": 1}


class BackendFaultError(Exception):
    """The backend's answer must not reach the driver: a bug in the simulator."""


class NativeRequests:
    """Answers the native requests of one connection."""

    def __init__(self, backend: BackendSession) -> None:
        self._backend = backend
        self._handlers: dict[int, Callable[[ItemReader], bytes]] = {
            0x48: self._function,
            0x4B: self._class_method,
            0x4C: self._class_method_void,
            0x5A: self._procedure,
            0x5B: self._invoke,
            0x5C: self._invoke_void,
            0x5D: self._get_property,
            0x5E: self._set_property,
        }

    def answer(self, code: int, payload: bytes) -> bytes:
        """The reply's payload for a request whose opcode begins with `code`.

        Raises `ThrownError`, whose text is the reply; `RequestError` and `ListItemError` for a malformed request;
        `BackendFaultError`; `EncodeError`.
        """
        handler = self._handlers.get(code)
        if handler is not None:
            return handler(ItemReader(payload))
        operation = GLOBAL_OPERATIONS.get(code)
        if operation is None:
            raise ThrownError(f"<UNIMPLEMENTED> the simulator does not know native request {code:02X}")
        return self._global(operation, ItemReader(payload))

    # --- calls ----------------------------------------------------------------------------------------------------

    def _class_method(self, reader: ItemReader) -> bytes:
        value, args = self._call_class(reader)
        return encode(value) + _by_reference(args)

    def _class_method_void(self, reader: ItemReader) -> bytes:
        _, args = self._call_class(reader)
        return _by_reference(args)

    def _call_class(self, reader: ItemReader) -> tuple[Value, Sequence[Argument]]:
        class_name, method = reader.text(), reader.text()
        args = reader.arguments(reader.count())
        if class_name == GATEWAY:
            return self._gateway(method, args), args
        return self._backend.class_method(class_name, method, args), args

    def _function(self, reader: ItemReader) -> bytes:
        # UNVERIFIED: by-reference arguments of a function or procedure come back as those of a class method do.
        # Settle: run createIRIS(c).function("Label", "Routine", r) with an IRISReference r on a routine that sets it.
        label, routine, args = self._routine(reader)
        return encode(self._backend.function(label, routine, args)) + _by_reference(args)

    def _procedure(self, reader: ItemReader) -> bytes:
        label, routine, args = self._routine(reader)
        self._backend.function(label, routine, args)
        return _by_reference(args)

    def _routine(self, reader: ItemReader) -> tuple[str, str, Sequence[Argument]]:
        label, routine = reader.text(), reader.text()
        return label, routine, reader.arguments(reader.count())

    def _gateway(self, method: str, args: Sequence[Argument]) -> Value:
        """The client's own calls; an error here would surface in an unrelated call of its user."""
        texts = [collation.subscript_text(arg.value if isinstance(arg, ByRef) else arg) for arg in args]
        if method == "%ReleaseObjects" and len(texts) == 1:
            # UNVERIFIED: the result is 1; the driver ignores it. Settle: call the method and print the result.
            self._backend.release(
                [int(word) for word in texts[0].split(",") if word.isascii() and word.isdigit()]
            )
            return 1
        if method == "%SubscriptSortOrder" and len(texts) == 3:
            return collation.compare(texts[1], texts[2])
        raise ThrownError(f"<METHOD DOES NOT EXIST> *{method},{GATEWAY}")

    # --- objects --------------------------------------------------------------------------------------------------

    def _invoke(self, reader: ItemReader) -> bytes:
        value, args = self._call_object(reader)
        return encode(value) + _by_reference(args)

    def _invoke_void(self, reader: ItemReader) -> bytes:
        _, args = self._call_object(reader)
        return _by_reference(args)

    def _call_object(self, reader: ItemReader) -> tuple[Value, Sequence[Argument]]:
        oref, method = reader.oref(), reader.text()
        args = reader.arguments(reader.count())
        return self._backend.invoke(oref, method, args), args

    def _get_property(self, reader: ItemReader) -> bytes:
        return encode(self._backend.get_property(reader.oref(), reader.text()))

    def _set_property(self, reader: ItemReader) -> bytes:
        self._backend.set_property(reader.oref(), reader.text(), reader.value())
        return b""

    # --- globals, locks, transactions ------------------------------------------------------------------------------

    def _global(self, operation: str, reader: ItemReader) -> bytes:
        if operation in _WITHOUT_NAME:
            name, subscripts = "", []
        else:
            # '^g' and 'g' are the same global; the client sends the name as typed (facts: wire-protocol 6).
            name = reader.text().removeprefix("^")
            subscripts = [collation.subscript_text(value) for value in reader.values(reader.count())]
        rest = reader.rest()
        reply = self._backend.global_operation(operation, name, subscripts, rest)
        if operation == "order":
            return _order_reply(reply, rest)
        needed = _REPLY_ITEMS.get(operation, 0)
        if len(reply) < needed:
            raise BackendFaultError(f"global {operation} answered {len(reply)} items, {needed} are needed")
        return encode_all(reply[:needed])


def _by_reference(args: Sequence[Argument]) -> bytes:
    return encode_all(arg.value for arg in args if isinstance(arg, ByRef))


def _order_reply(reply: Sequence[Value], rest: Sequence[Value]) -> bytes:
    """The next subscript as a string, `02 01` at the end, and the node's value if the mode requests it."""
    mode = rest[0] if rest else 0
    if not reply:
        raise BackendFaultError("global order answered nothing; it must give a subscript or the empty string")
    subscript = collation.subscript_text(reply[0])
    key = encode(subscript) if subscript else EMPTY
    if not (isinstance(mode, int) and mode & WITH_VALUE):
        return key
    return key + encode(reply[1] if len(reply) > 1 and subscript else None)
