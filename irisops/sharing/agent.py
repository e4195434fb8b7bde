"""The ngrok agent through pyngrok, made safe: own deadlines, no token on argv or disk, nothing on the terminal.

Runs in the keeper process alone. pyngrok can block for ever in several ways (facts: ngrok-keyring A1.7-A1.9), always
waiting for its agent, and what unblocks it is the agent's end. So every call of pyngrok is made in one thread of its
own, and a missed deadline kills the agent, whose pid is in a file that its start script writes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from irisops.files import read_file
from irisops.sharing import procs
from irisops.sharing.agent_api import ENDPOINTS, NOT_FOUND, AgentApi, endpoint_path
from irisops.sharing.agent_files import (
    PID_FILE,
    allow_local_calls,
    config_text,
    private_file,
    quiet_pyngrok,
    write_launcher,
)
from irisops.sharing.errors import (
    AgentFailed,
    AgentMissing,
    AgentSilent,
    AuthtokenMissing,
    PolicyNotApplied,
    SharingProblem,
    explain,
    redact,
)
from irisops.sharing.finder import AgentBinary
from irisops.sharing.messages import (
    USUAL_DEADLINES,
    Deadlines,
    Endpoint,
    EndpointFigures,
    EndpointSpec,
    LogLine,
)
from irisops.sharing.policy import as_option, same_policy
from irisops.sharing.procs import ProcessId

if TYPE_CHECKING:
    from pyngrok.conf import PyngrokConfig
    from pyngrok.log import NgrokLog
    from pyngrok.process import NgrokProcess

T = TypeVar("T")

LOG_LINES = 200
LOG_WIDTH = 4000
"""Most characters of a log line; a real one has a few hundred."""
OFFLINE_LINES = 5
"""Failed attempts to reach ngrok, about seven seconds, after which a start is given up (facts: A9)."""


class Agent:
    """One agent process with its endpoints. Methods block up to their deadline and can be called from any thread.

    `runtime` is a private folder that outlives the agent; nothing secret is written to it.
    """

    def __init__(
        self,
        binary: AgentBinary,
        token: str,
        runtime: Path,
        *,
        on_start: Callable[[ProcessId], None] = lambda _process: None,
        deadlines: Deadlines = USUAL_DEADLINES,
        token_in_memory: bool = sys.platform == "linux" and hasattr(os, "memfd_create"),
    ) -> None:
        if not binary.path.is_file():
            # pyngrok would download an agent without asking (facts: A7).
            raise AgentMissing(f"The ngrok agent {binary.path} is gone.")
        self._binary = binary
        self._token = token
        self._token_in_memory = token_in_memory
        self._runtime = runtime
        self._deadlines = deadlines
        self._on_start = on_start
        # One thread for the agent's whole life: the death signal fires when the thread that forked ends (facts: A2.7).
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="irisops agent")
        self._config: PyngrokConfig | None = None
        self._process: NgrokProcess | None = None
        self._memory: int | None = None
        self._identity: ProcessId | None = None
        self._endpoints: dict[str, Endpoint] = {}
        self._lock = threading.Lock()
        self._stopped = False
        self._failed_attempts = 0
        self.log: deque[LogLine] = deque(maxlen=LOG_LINES)

    def __repr__(self) -> str:
        return f"Agent({self._binary.path}, {len(self._endpoints)} endpoints)"

    @property
    def identity(self) -> ProcessId | None:
        """The agent's process, None before it runs."""
        return self._identity

    @property
    def running(self) -> bool:
        """True if the agent runs. Asks the system, never pyngrok, whose polls would start a new one (facts: A1.16)."""
        return procs.is_running(self._identity)

    @property
    def endpoints(self) -> list[Endpoint]:
        """Open endpoints of this agent, in a registry of our own, as pyngrok's is shared (facts: A1.15)."""
        return list(self._endpoints.values())

    # start

    def start(self) -> None:
        """Start the agent and wait for its session. Raises the named SharingProblem; then no agent is left."""
        if not self._token:
            raise AuthtokenMissing("ngrok wants an authtoken, and none was given.")
        quiet_pyngrok()
        allow_local_calls(os.environ)
        try:
            self._start_once(by_environment=not self._token_in_memory)
        except SharingProblem as problem:
            self._kill()
            # UNVERIFIED: that a real agent reads its config file from /proc/PID/fd/N, where the token is in memory
            # alone. Settle: `/share web` with a real agent 3.30 or newer on Linux. Where it does not, the session
            # has no token (4018) or the file is reported as unreadable; then the environment is used, which only this
            # user can read.
            unread = problem.code == 4018 or "configuration file" in problem.detail
            if self._memory is None or not unread:
                raise
            self._forget_memory()
            try:
                self._start_once(by_environment=True)
            except SharingProblem:
                self._kill()
                raise

    def _start_once(self, *, by_environment: bool) -> None:
        from pyngrok import conf, process  # noqa: PLC0415 - 80 ms that only a share needs

        config = self._write_config(by_environment=by_environment)
        launcher = write_launcher(self._runtime, self._binary.path)
        self._config = conf.PyngrokConfig(
            ngrok_path=str(launcher),
            config_path=str(config),
            monitor_thread=True,  # an agent whose output nobody reads stalls (facts: A1.12)
            log_event_callback=self._took_line,
            # Our own deadline comes first: its error is clearer.
            startup_timeout=int(self._deadlines.start) + 5,
            max_logs=LOG_LINES,
        )
        # A token in the environment of irisops would go onto the agent's command line (facts: A5.1).
        self._config.auth_token = None
        self._config.api_key = None
        given = self._config

        def begin() -> NgrokProcess:
            if not by_environment:
                return process.get_process(given)
            os.environ["NGROK_AUTHTOKEN"] = self._token
            try:
                return process.get_process(given)
            finally:
                os.environ.pop("NGROK_AUTHTOKEN", None)

        self._refuse_when_stopped()
        self._process = self._run(begin, self._deadlines.start, "The ngrok agent did not come up")
        self._refuse_when_stopped()
        self._note_identity()
        if self._memory is not None:
            # The session is established: remove the token from the file, even from one in memory.
            os.pwrite(self._memory, config_text().encode().ljust(os.fstat(self._memory).st_size), 0)

    def _refuse_when_stopped(self) -> None:
        """Raise if another thread called `stop` while the agent started."""
        if self._stopped:
            raise AgentFailed("The ngrok agent was stopped while it started.")

    def _write_config(self, *, by_environment: bool) -> Path:
        """The agent's private config: in memory with the token on Linux, else a 0600 file without it."""
        if not by_environment and sys.platform == "linux":
            self._memory = os.memfd_create("irisops-ngrok", os.MFD_CLOEXEC)
            os.write(self._memory, config_text(self._token).encode())
            return Path(f"/proc/{os.getpid()}/fd/{self._memory}")
        path = self._runtime / "ngrok.yml"
        private_file(path, config_text(), 0o600)
        return path

    @property
    def _pid_file(self) -> Path:
        return self._runtime / PID_FILE

    def _note_identity(self) -> ProcessId | None:
        """Identify the agent by the pid in its file; calls `on_start` once."""
        with self._lock:
            if self._identity is None:
                with contextlib.suppress(OSError, ValueError):
                    self._identity = procs.identify(int(read_file(self._pid_file, 20)))
                    self._on_start(self._identity)
            return self._identity

    # log

    def _took_line(self, log: NgrokLog) -> None:
        """Handle a log line on pyngrok's thread. Must not raise: the monitor would die and the agent stall (A1.11)."""
        try:
            identity = self._note_identity()
            if self._stopped and identity is not None:
                procs.send(identity, signal.SIGTERM)  # `stop` came before the pid was known
            self._give_up_offline(log.line)
            text = redact(log.line, (self._token,))[:LOG_WIDTH]
            self.log.append(LogLine(datetime.now(UTC), log.lvl, text))
        except Exception as error:  # noqa: BLE001 - it becomes a line of the log
            told = f"irisops could not take a line of the agent: {type(error).__name__}"
            self.log.append(LogLine(datetime.now(UTC), "ERROR", told))

    def _give_up_offline(self, line: str) -> None:
        """End an agent without internet, which would retry for ever; its end frees pyngrok during the start."""
        if self._process is None and "failed to reconnect session" in line:
            self._failed_attempts += 1
            if self._failed_attempts >= OFFLINE_LINES and self._identity is not None:
                procs.send(self._identity, signal.SIGKILL)

    # calls under a deadline

    def _run(self, work: Callable[[], T], deadline: float, missed: str) -> T:
        """Run `work` in the agent's thread. At the deadline (seconds) the agent is killed, which frees the thread."""
        future: Future[T] = self._thread.submit(work)
        try:
            return future.result(deadline)
        except FutureTimeoutError:
            if future.done():
                raise self._named(future.exception()) from None  # a TimeoutError of the work itself
            self._kill()
            with contextlib.suppress(Exception):  # unblocked by the agent's end; our error is raised instead
                future.result(self._deadlines.stop)
            raise self._silent(missed, deadline) from None
        except Exception as error:  # noqa: BLE001 - pyngrok lets YAML, attribute and OS errors through (facts: A4)
            raise self._named(error) from None

    def _silent(self, missed: str, deadline: float) -> SharingProblem:
        """The problem for a missed deadline, with the agent's last error if there is one."""
        said = next((line.text for line in reversed(self.log) if line.level in {"ERROR", "CRITICAL"}), "")
        if said:
            known = explain(said, (self._token,))
            if not isinstance(known, AgentFailed):
                return known
        last = self.log[-1].text if self.log else ""
        return AgentSilent(f"{missed} within {deadline:g} seconds, so it was stopped.", detail=last)

    def _named(self, error: BaseException | None) -> SharingProblem:
        """The named problem for an error of pyngrok during the start."""
        if isinstance(error, SharingProblem):
            return error
        texts = [
            str(getattr(error, "body", "") or ""),
            str(getattr(error, "ngrok_error", "") or ""),
            str(error),
        ]
        if not any(texts[:2]):
            # An agent reports a refused config as plain text, not as a log line (facts: A9).
            texts += [line.text for line in self.log if line.text.startswith("ERROR")]
        return explain("\n".join(filter(None, texts)), (self._token,))

    def _request(
        self,
        path: str,
        *,
        method: str = "GET",
        body: Mapping[str, object] | None = None,
        deadline: float | None = None,
    ) -> Mapping[str, Any]:
        """Call the agent's API. Raises the named problem; AgentFailed if the agent has ended."""
        process, limit = self._process, deadline or self._deadlines.call
        if process is None or process.api_url is None or not self.running:
            raise AgentFailed("The ngrok agent is no longer running.", "/unshare, then share again.")
        api = AgentApi(process.api_url, self._token)
        return self._run(
            lambda: api.call(method, path, limit, body), limit + 2.0, "The ngrok agent did not answer"
        )

    # endpoints

    def open(self, spec: EndpointSpec) -> Endpoint:
        """Open an endpoint and check that its policy is in force. Raises the named problem and closes it."""
        options: dict[str, object] = {
            "name": spec.name,
            "upstream": {"url": spec.upstream},
            "inspect": False,
        }
        if spec.policy is not None:
            options["traffic_policy"] = as_option(spec.policy)
        if spec.url or spec.kind == "tcp":
            options["url"] = spec.url or "tcp://"  # any address of that kind (facts: A4.1)
        path = endpoint_path(spec.name)
        try:
            made = self._request(ENDPOINTS, method="POST", body=options, deadline=self._deadlines.create)
            url = made.get("url") or made.get("public_url")
            if not isinstance(url, str) or not url:
                raise AgentFailed("The ngrok agent opened a tunnel without an address.")
        except SharingProblem:
            self._close_by_name(spec.name)  # it may have come up after the request timed out (facts: A4.10)
            raise
        endpoint = Endpoint(spec.name, spec.kind, url, spec.upstream, str(made.get("x_loopback") or ""))
        self._endpoints[spec.name] = endpoint
        told = self._request(path).get("traffic_policy")
        if spec.policy is not None and not same_policy(spec.policy, told):
            self.close(spec.name)
            raise PolicyNotApplied(
                f"The agent opened {spec.name} without the restrictions that were asked for, so it was closed."
            )
        return endpoint

    def close(self, name: str) -> None:
        """Delete an endpoint; a missing one is no error. Raises the named problem if the agent refuses."""
        found = self._endpoints.pop(name, None)
        if found is not None and self.running:
            try:
                self._request(endpoint_path(name), method="DELETE")
            except SharingProblem as problem:
                if self.running and f"HTTP {NOT_FOUND}" not in problem.detail:
                    raise

    def _close_by_name(self, name: str) -> None:
        if not self.running:
            return
        with contextlib.suppress(SharingProblem):
            self._request(endpoint_path(name), method="DELETE")

    def figures(self) -> list[EndpointFigures]:
        """Connections of each open endpoint. Raises AgentFailed or AgentSilent."""
        shown = []
        for endpoint in self.endpoints:
            told: object = self._request(endpoint_path(endpoint.name))
            for key in ("metrics", "conns"):
                told = told.get(key) if isinstance(told, Mapping) else None
            counts = told if isinstance(told, Mapping) else {}
            now, total = (
                each if isinstance(each := counts.get(key), int) else None for key in ("gauge", "count")
            )
            shown.append(EndpointFigures(endpoint.name, endpoint.public_url, now, total))
        return shown

    def status(self) -> str:
        """State of the agent's session: `online`, `reconnecting`, ... Raises AgentFailed or AgentSilent."""
        return str(self._request("/api/status").get("status", ""))[:100]

    # stop

    def stop(self) -> None:
        """Delete the endpoints and end the agent, by force if needed. Safe to call twice."""
        self._stopped = True
        for name in list(self._endpoints):
            with contextlib.suppress(SharingProblem):  # the agent's end takes the endpoint down anyway
                self.close(name)
        identity = self._note_identity()
        if identity is not None:
            procs.stop(identity, self._deadlines.stop)
        self._reap()
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._forget_memory()
        for name in ("ngrok.yml", "ngrok-agent", "agent.pid", "agent.err"):
            (self._runtime / name).unlink(missing_ok=True)

    def _kill(self) -> None:
        identity = self._note_identity()
        if identity is not None:
            procs.stop(identity, 0.0)
        self._reap()
        self._endpoints.clear()
        self._identity, self._process = None, None

    def _reap(self) -> None:
        """Reap the ended child."""
        if self._process is not None:
            with contextlib.suppress(Exception):
                self._process.proc.wait(self._deadlines.stop)

    def _forget_memory(self) -> None:
        if self._memory is not None:
            os.close(self._memory)
            self._memory = None
