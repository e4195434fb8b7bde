"""TLS configurations missing on this side, as reported by the real driver (K9)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from irisops.instance.connection import Connection
from irisops.instance.errors import Unreachable
from tests.instance.served import PASSWORD, Pauses, serve

if sys.platform == "win32":
    pytest.skip("Windows has a settings file without the variable", allow_module_level=True)


async def refused(name: str) -> Unreachable:
    async with serve() as served:
        connection = Connection(served.target()._replace(sslconfig=name), sleep=Pauses())
        with pytest.raises(Unreachable) as told:
            await connection.connect(PASSWORD)
        await connection.disconnect()
        return told.value


async def test_the_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ISC_SSLconfigurations", raising=False)
    assert (await refused("client")).message == (
        "TLS is not set up on this machine: ISC_SSLconfigurations is not set."
    )


@pytest.mark.parametrize("name", ["none", ""])
async def test_there_is_no_such_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / name / "defs.ini") if name else ""
    monkeypatch.setenv("ISC_SSLconfigurations", path)
    problem = await refused("client")
    assert f"{path or '(an empty name)'}, cannot be opened" in problem.message


async def test_the_file_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISC_SSLconfigurations", str(tmp_path))
    assert "cannot be read (Is a directory)" in (await refused("client")).message


@pytest.mark.parametrize("text", ["", "[other]\nVerifyPeer=0\n", "client\n", "[IRIS]\nSSLConfig=client\n"])
async def test_there_is_no_such_configuration(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "defs.ini"
    path.write_text(text)
    monkeypatch.setenv("ISC_SSLconfigurations", str(path))
    problem = await refused("client")
    assert (
        problem.message == f"TLS is not set up on this machine: there is no configuration client in {path}."
    )
    assert "[client]" in problem.cure


async def test_a_server_without_tls_is_another_thing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "defs.ini"
    path.write_text("[client]\nVerifyPeer=0\n")
    monkeypatch.setenv("ISC_SSLconfigurations", str(path))
    assert (await refused("client")).message == "The TLS handshake failed."
