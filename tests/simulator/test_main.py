"""The simulator as a program: output, services, end."""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import logging
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from irisops.simulator.main import Options, add_arguments, faults_shown_on, main, serve
from irisops.simulator.wire.frames import HEADER_SIZE
from tests.simulator.classes.instance import START


@contextmanager
def program(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """`python -m irisops.simulator`, and the line of JSON that it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "irisops.simulator", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_stops_on_a_signal(number: signal.Signals) -> None:
    with program("--scenario", "quiet") as (process, line):
        assert set(line) == {"superserver", "web", "username", "password"}
        socket.create_connection(("127.0.0.1", line["superserver"]), timeout=10).close()
        with urllib.request.urlopen(
            f"http://127.0.0.1:{line['web']}/api/monitor/metrics", timeout=10
        ) as answer:
            assert b"iris_license_consumed" in answer.read()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, "", "")


def arguments(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(options)


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(arguments("--port", str(taken.getsockname()[1]))) == 1
    assert "Choose another --port" in capsys.readouterr().err


def test_help_names_scenarios_and_accounts(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments("--help")
    text = capsys.readouterr().out
    for word in ("clinic", "operator", "reader", "Practice-3!", "--iris-version", "--control-port"):
        assert word in text


def test_unverified_rules_are_listed_with_what_settles_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments("--unverified")) == 0
    text = capsys.readouterr().out
    assert "classes/web_sessions.py" in text
    assert text.count("Settle: ") == text.count("  Settle: ")
    assert "Settle: \n" not in text


async def test_the_version_decides_what_is_emulated() -> None:
    for version in ("2024.1", "2026.1"):
        running = await serve(Options(version=version, scenario="quiet", web_port=None))
        try:
            assert f" {version} (Build " in running.runtime.version_text
            assert json.loads(running.announcement())["web"] is None
        finally:
            await running.stop()


async def test_restarting_with_other_data_keeps_ports_and_account_and_drops_connections() -> None:
    running = await serve(Options(scenario="quiet", control_port=0))
    try:
        before = json.loads(running.announcement())
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(bytes.fromhex("0200000001000000000000004853") + b"\x45\x00")
        await reader.readexactly(HEADER_SIZE)
        old = running.world
        await running.control.restart("hackathon", 7)
        while await reader.read(1024):
            pass
        writer.close()
        assert running.world is not old
        assert running.runtime.world is running.world
        assert running.superserver.backend is running.runtime
        assert json.loads(running.announcement()) == before
    finally:
        await running.stop()


async def test_the_same_seed_makes_the_same_world() -> None:
    class Fixed:
        def now(self) -> Any:
            return START

    listed: list[list[tuple[str, str]]] = []
    for seed in (1, 1, 2):
        running = await serve(Options(scenario="hackathon", seed=seed, web_port=None, clock=Fixed()))
        listed.append([(session.id, session.client_ip) for session in running.world.sessions.values()])
        await running.stop()
    assert listed[0] == listed[1]
    assert listed[0] != listed[2]


async def test_a_port_that_fails_leaves_none_open() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            await serve(Options(scenario="quiet", web_port=taken.getsockname()[1]))


def test_a_fault_is_shown_though_irisops_keeps_its_log_off_the_terminal() -> None:
    shown = io.StringIO()
    logger = logging.getLogger("irisops.simulator.wire.session")
    with faults_shown_on(shown):
        logger.error("request %r failed", b"DQ", exc_info=KeyError("planted"))
    logger.error("nobody listens any more")
    assert shown.getvalue() == "request b'DQ' failed\nKeyError: 'planted'\n"
