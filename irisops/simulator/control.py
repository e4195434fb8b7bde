"""Steering a running simulator: its time, who comes and goes, and what goes wrong on the wire.

`Control` is for tests in the same process. `ControlServer` offers the same over a socket on 127.0.0.1, one JSON object
per line, to whoever knows the token that the simulator printed when it started:

    {"token": "...", "do": "advance", "seconds": 600}
    {"ok": true, "result": {"now": "2026-11-24T09:10:00+00:00", ...}}

`{"do": "help"}` lists the operations. All of it runs in the event loop of the servers.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import inspect
import json
import secrets
import types
import typing
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from irisops.simulator.backend import LoginRefusedError, LoginRequest
from irisops.simulator.doubts import DoubtError
from irisops.simulator.wire.faults import (
    CLASS_METHOD_VALUE,
    END_CLIENT,
    CorruptSequence,
    Delay,
    Drop,
    Fault,
    Faults,
    Hold,
    Malformed,
    Truncate,
    import_module,
)
from irisops.simulator.wire.server import SuperServer
from irisops.simulator.world.clock import SteerableClock
from irisops.simulator.world.license import LicenseLimitExceededError
from irisops.simulator.world.login import TEXTS, Refusal
from irisops.simulator.world.scenarios.webapps import BREAKAGES, PAGES
from irisops.simulator.world.sessions import Visitor
from irisops.simulator.world.world import World

Restart = Callable[[str, int], Awaitable[World]]
"""Given a scenario's name and a seed: serve that world instead, with all connections closed; returns it."""
MAX_LINE = 64 * 1024
MAX_CONTROLLERS = 16


class ControlError(Exception):
    """The operation cannot be done; the text says why and what would do."""


class Control:
    """Everything that a test or the demo may do to a running simulator."""

    def __init__(
        self,
        world: World,
        faults: Faults | None = None,
        superserver: SuperServer | None = None,
        restart: Restart | None = None,
    ) -> None:
        """Without `faults`, `superserver` or `restart`, the operations that need them raise `ControlError`."""
        self.world = world
        self._faults = faults
        self._superserver = superserver
        self._restart = restart

    # -- time ---------------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """The time, and the counts of units, sessions, processes and connections."""
        self.world.tick()
        counts = self.world.license_counts()
        clock = self.world.clock
        return {
            "now": self.world.now().isoformat(),
            "frozen": isinstance(clock, SteerableClock) and clock.frozen,
            "limit": counts.limit,
            "consumed": counts.consumed,
            "available": counts.available,
            "sessions": len(self.world.sessions),
            "processes": len(self.world.processes),
            "connections": len(self._superserver.connections) if self._superserver else 0,
        }

    def advance(self, seconds: float) -> dict[str, Any]:
        """Let so many seconds go by at once; all that falls due in them happens, in order."""
        clock = self._clock()
        try:
            clock.advance(seconds)
        except ValueError as error:
            raise ControlError(str(error)) from None
        return self.status()

    def freeze(self) -> dict[str, Any]:
        """Stop the world's clock."""
        self._clock().freeze()
        return self.status()

    def thaw(self) -> dict[str, Any]:
        """Let the world's clock run on."""
        self._clock().thaw()
        return self.status()

    async def restart(self, scenario: str, seed: int = 1) -> dict[str, Any]:
        """Start over with another scenario; all connections are closed, the accounts stay the same."""
        if self._restart is None:
            raise ControlError("This simulator cannot restart with other data.")
        try:
            self.world = await self._restart(scenario, seed)
        except ValueError as error:
            raise ControlError(str(error)) from None
        return self.status()

    # -- people -------------------------------------------------------------------------------------------------------

    def open_session(
        self, application: str = "/csp/user", client_ip: str = "10.1.1.1", username: str = "", pages: int = 1
    ) -> str:
        """Open a web session, as the first page of a visit does; returns its id."""
        self.world.tick()
        try:
            return self.world.open_session(application, Visitor(client_ip, username), pages=pages).id
        except KeyError:
            known = ", ".join(self.world.applications.names())
            raise ControlError(f"There is no application {application!r}. Choose one of: {known}.") from None
        except LicenseLimitExceededError:
            raise ControlError("No license unit is free. End a session first, or advance the time.") from None

    def close_session(self, session: str, admin: bool = False) -> bool:
        """End a web session: at once, as by logging out, or as an administrator does, 2 s later. False: unknown id."""
        self.world.tick()
        return self.world.end_session(session) if admin else self.world.logout_session(session)

    def fill_license(self, leave: int = 0) -> int:
        """Open anonymous sessions until only `leave` units are free; returns how many it took."""
        if leave < 0:
            raise ControlError("leave must be 0 or more.")
        opened = 0
        while self.world.license.room > leave:
            self.open_session(client_ip=f"10.99.{opened // 250}.{1 + opened % 250}", pages=2)
            opened += 1
        return opened

    def terminate(self, pid: int) -> bool:
        """End a process; its connection drops. False: no such process, or a system process."""
        self.world.tick()
        return self.world.terminate_process(pid)

    def fail_logins(self, username: str, times: int = 1, client_ip: str = "10.1.1.66") -> int:
        """Try a wrong password so many times; returns the account's count of invalid attempts."""
        for _ in range(times):
            request = LoginRequest(
                "USER", username, secrets.token_hex(8), "", "", "control", client_ip, 50123
            )
            with contextlib.suppress(LoginRefusedError):
                self.world.login(request)
        user = self.world.user(username)
        return user.invalid_login_attempts if user else 0

    def refusal_text(self, reason: str, text: str | None = None) -> str:
        """What the connect reply says for a reason; without `text` the socket just closes. Returns the former text."""
        try:
            wanted = Refusal(reason)
        except ValueError:
            known = ", ".join(each.value for each in Refusal)
            raise ControlError(f"There is no reason {reason!r}. Choose one of: {known}.") from None
        former = self.world.refusal_texts[wanted]
        self.world.refusal_texts[wanted] = text
        return former or ""

    # -- what is not known of a real instance --------------------------------------------------------------------------

    def doubt(self, name: str, value: str) -> str:
        """Do this from now on in a doubt (`irisops simulator --doubt list` shows them); returns the value."""
        try:
            self.world.doubts = self.world.doubts.choose(f"{name}={value}")
        except DoubtError as error:
            raise ControlError(str(error)) from None
        return value

    def break_page(self, what: str) -> str:
        """Break the way to a page of the scenario webapps; returns the page that shows it."""
        found = BREAKAGES.get(what)
        if found is None:
            raise ControlError(f"There is no breakage {what!r}. Choose one of: {', '.join(BREAKAGES)}.")
        if self.world.application(PAGES) is None:
            raise ControlError("This needs the scenario webapps.")
        found.make(self.world)
        return found.page

    # -- the wire -----------------------------------------------------------------------------------------------------

    def drop_connections(self, reset: bool = False) -> int:
        """Drop all open connections now, with RST if `reset`; returns how many there were."""
        if self._superserver is None:
            raise ControlError("This control has no superserver.")
        connections = list(self._superserver.connections)
        for connection in connections:
            connection.drop(reset=reset)
        return len(connections)

    def refuse_connections(self, on: bool = True) -> bool:
        """Reset new connections as soon as they are accepted, or stop doing so."""
        self._wire().refuse_connections = on
        return on

    def drop(self, times: int | None = 1, reset: bool = False, before: bool = False) -> None:
        """Drop the connection instead of the next replies; with `before`, the requests are not run."""
        self._inject(Drop(reset=reset, before=before), times)

    def delay(self, seconds: float, times: int | None = 1) -> None:
        """Send the next replies so many seconds late. `times` null means all, until `clear_faults`."""
        self._inject(Delay(seconds), times)

    def stall(self, times: int | None = 1) -> None:
        """Do not answer the next requests, until `clear_faults`."""
        self._inject(Hold(), times)

    def truncate(self, keep: int, times: int | None = 1, close: bool = True) -> None:
        """Send only the first `keep` bytes of the next replies, and close the connection if `close`."""
        self._inject(Truncate(keep, close=close), times)

    def corrupt_sequence(self, times: int | None = 1) -> None:
        """Send the next replies with a wrong sequence number."""
        self._inject(CorruptSequence(), times)

    def malform(self, payload: str = "", times: int | None = 1) -> None:
        """Replace the payload of the next replies by these bytes, in hexadecimal; empty crashes driver 5.4.1."""
        try:
            self._inject(Malformed(bytes.fromhex(payload)), times)
        except ValueError:
            raise ControlError("payload must be hexadecimal, two digits a byte.") from None

    def end_client(self, times: int | None = 1) -> None:
        """Tell the clients of the next native calls to end: driver 5.4.1 does, with status 0."""
        self._inject(END_CLIENT, times, CLASS_METHOD_VALUE)

    def import_module(self, name: str, times: int | None = 1) -> None:
        """Tell the clients of the next native calls to import a module: driver 5.4.1 does."""
        self._inject(import_module(name), times, CLASS_METHOD_VALUE)

    def clear_faults(self) -> None:
        """The wire works normally again, stalled replies go out, and refusals have their usual texts."""
        self._wire().clear()
        self.world.refusal_texts.update(TEXTS)

    def _clock(self) -> SteerableClock:
        clock = self.world.clock
        if not isinstance(clock, SteerableClock):
            raise ControlError("This world's clock cannot be steered.")
        return clock

    def _wire(self) -> Faults:
        if self._faults is None:
            raise ControlError("This control has no wire to break.")
        return self._faults

    def _inject(self, fault: Fault, times: int | None, opcode: bytes | None = None) -> None:
        if times is not None and times < 1:
            raise ControlError("times must be 1 or more, or null for all.")
        self._wire().inject(fault, times=times, opcode=opcode)


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    operation.__name__: operation
    for operation in (
        Control.status,
        Control.advance,
        Control.freeze,
        Control.thaw,
        Control.restart,
        Control.open_session,
        Control.close_session,
        Control.fill_license,
        Control.terminate,
        Control.fail_logins,
        Control.refusal_text,
        Control.doubt,
        Control.break_page,
        Control.drop_connections,
        Control.refuse_connections,
        Control.drop,
        Control.delay,
        Control.stall,
        Control.truncate,
        Control.corrupt_sequence,
        Control.malform,
        Control.end_client,
        Control.import_module,
        Control.clear_faults,
    )
}


class ControlServer:
    """The control socket. `token` is what each line must carry; it is made here and shown to nobody but the starter."""

    def __init__(self, control: Control, host: str = "127.0.0.1", port: int = 0) -> None:
        self._control = control
        self._host = host
        self._wanted = port
        self.token = secrets.token_urlsafe(24)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"ControlServer({self._host})"

    @property
    def port(self) -> int:
        """The port that it listens on. Raises RuntimeError before `start` and after `stop`."""
        if self._server is None:
            raise RuntimeError("the control server is not running")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen. Raises OSError if the port is taken."""
        self._server = await asyncio.start_server(self._accept, self._host, self._wanted, limit=MAX_LINE)

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._server is None:
            return
        self._server.close()
        # Not by cancelling the tasks: asyncio's streams of Python 3.11 log a cancelled one as an error.
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one line: `{"ok": true, "result": ...}` or `{"ok": false, "error": "..."}`."""
        try:
            result = self._run(self._admitted(line))
            return {"ok": True, "result": await result if inspect.isawaitable(result) else result}
        except ControlError as error:
            return _refused(str(error))

    def _admitted(self, line: bytes) -> dict[str, Any]:
        """The request in a line, without its token. Raises `ControlError` for a wrong one."""
        try:
            request = json.loads(line)
        except ValueError:
            request = None
        if not isinstance(request, dict):
            raise ControlError("Send one JSON object per line.")
        token = request.pop("token", None)
        if not isinstance(token, str) or not hmac.compare_digest(token.encode(), self.token.encode()):
            raise ControlError("The token is missing or wrong. The simulator printed it when it started.")
        return request

    def _run(self, request: dict[str, Any]) -> Any:
        name = request.pop("do", None)
        if name == "help":
            return describe()
        operation = OPERATIONS.get(name) if isinstance(name, str) else None
        if operation is None:
            raise ControlError(
                f"There is no operation {name!r}. Choose one of: help, {', '.join(OPERATIONS)}."
            )
        return operation(self._control, **_checked(operation, request))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            while len(self._writers) <= MAX_CONTROLLERS:
                line = await reader.readline()
                if not line:
                    return
                writer.write(json.dumps(await self.answer(line)).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass  # the controller went away
        except ValueError:  # a line longer than the limit
            writer.write(json.dumps(_refused(f"A line has at most {MAX_LINE} bytes.")).encode() + b"\n")
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def describe() -> dict[str, dict[str, str]]:
    """Each operation: what it does, and its arguments with their types and defaults."""
    return {
        name: {
            "does": inspect.getdoc(operation) or "",
            "arguments": ", ".join(
                str(each) for each in list(inspect.signature(operation).parameters.values())[1:]
            ),
        }
        for name, operation in OPERATIONS.items()
    }


def _checked(operation: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments, if names and types are those of the operation. Raises `ControlError`."""
    parameters = dict(list(inspect.signature(operation).parameters.items())[1:])
    hints = typing.get_type_hints(operation)
    for name, value in arguments.items():
        if name not in parameters:
            raise ControlError(
                f"There is no argument {name!r}. The arguments are: {', '.join(parameters) or 'none'}."
            )
        if not _fits(value, hints[name]):
            raise ControlError(f"The argument {name!r} must be {parameters[name].annotation}.")
    missing = [
        name for name, each in parameters.items() if each.default is each.empty and name not in arguments
    ]
    if missing:
        raise ControlError(f"The argument {missing[0]!r} is missing.")
    return arguments


def _fits(value: object, hint: Any) -> bool:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if isinstance(value, bool):
        return bool in kinds
    return any(isinstance(value, (int, float) if kind is float else kind) for kind in kinds)


def _refused(error: str) -> dict[str, Any]:
    return {"ok": False, "error": error}
