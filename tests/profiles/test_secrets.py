from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from irisops.profiles.model import Profile
from irisops.profiles.secrets import SERVICE, Secrets, account_of
from irisops.profiles.system_keyring import SystemKeyring
from tests.commands.fakes import FakeKeyring

LOCAL = Profile("local", "127.0.0.1", 1972, "%SYS", "_SYSTEM")
SECRET = "canary-Secret-1"


async def test_keeps_in_the_keyring_and_finds_it_again() -> None:
    keyring = FakeKeyring()
    assert (await Secrets(keyring).keep(LOCAL, SECRET)).place == "keyring"
    assert keyring.kept == {(SERVICE, account_of(LOCAL)): SECRET}
    assert await Secrets(keyring).get(LOCAL) == SECRET


async def test_another_host_or_user_never_gets_the_old_password() -> None:
    secrets = Secrets(FakeKeyring())
    await secrets.keep(LOCAL, SECRET)
    for other in (replace(LOCAL, host="evil"), replace(LOCAL, port=1), replace(LOCAL, user="x")):
        assert await secrets.get(other) is None
    assert await secrets.get(replace(LOCAL, name="renamed", namespace="USER")) == SECRET


@pytest.mark.parametrize(
    ("trouble", "raises", "loses", "said"),
    [
        ("the keyring is locked", None, False, "the keyring is locked"),
        ("", OSError(f"bus died while sending {SECRET}"), False, "OSError"),
        ("", RuntimeError("bad settings"), False, "RuntimeError"),
        ("", None, True, "does not keep"),
    ],
)
async def test_any_trouble_means_memory_only_and_is_said(
    trouble: str, raises: Exception | None, loses: bool, said: str
) -> None:
    keyring = FakeKeyring()
    keyring.trouble, keyring.raises, keyring.loses = trouble, raises, loses
    secrets = Secrets(keyring)
    kept = await secrets.keep(LOCAL, SECRET)
    assert kept.place == "memory"
    assert said in kept.reason
    assert SECRET not in kept.reason + repr(kept) + repr(secrets)
    assert kept.cure
    assert keyring.kept == {}
    assert await secrets.get(LOCAL) == SECRET
    assert await Secrets(keyring).get(LOCAL) is None


async def test_a_keyring_that_waits_for_a_human_costs_one_deadline() -> None:
    keyring = FakeKeyring()
    answered = threading.Event()
    calls = 0

    def block() -> None:
        nonlocal calls
        calls += 1
        answered.wait(30)

    keyring.block = block
    secrets = Secrets(keyring, deadline=0.05)
    try:
        assert await secrets.get(LOCAL) is None
        assert "did not answer" in (await secrets.keep(LOCAL, SECRET)).reason
        assert await secrets.get(LOCAL) == SECRET
        assert calls == 1
    finally:
        answered.set()


async def test_forgetting_removes_it_everywhere_and_twice_is_fine() -> None:
    keyring = FakeKeyring()
    secrets = Secrets(keyring)
    await secrets.keep(LOCAL, SECRET)
    secrets.remember(LOCAL, SECRET)
    await secrets.forget(LOCAL)
    await secrets.forget(LOCAL)
    assert keyring.kept == {}
    assert await secrets.get(LOCAL) is None


async def test_any_other_secret_has_a_name_of_its_own() -> None:
    keyring = FakeKeyring()
    secrets = Secrets(keyring)
    assert (await secrets.keep_secret("ngrok", SECRET)).place == "keyring"
    assert await Secrets(keyring).get_secret("ngrok") == SECRET
    await secrets.forget_secret("ngrok")
    assert await secrets.get_secret("ngrok") is None


async def test_memory_only_runs_without_any_keyring() -> None:
    secrets = Secrets(None)
    secrets.remember(LOCAL, SECRET)
    assert await secrets.get(LOCAL) == SECRET
    assert (await secrets.keep(LOCAL, SECRET)).place == "memory"
    assert (await secrets.describe()).startswith("not used")
    assert await Secrets(FakeKeyring()).describe() == "used for passwords"


async def test_a_keyring_that_forgets_is_described_as_such() -> None:
    keyring = FakeKeyring()
    keyring.loses = True
    secrets = Secrets(keyring)
    kept = await secrets.keep(LOCAL, SECRET)
    assert f"{await secrets.describe()}." == f"not used: {kept.reason}"
    keyring.loses = False
    assert (await secrets.keep(LOCAL, SECRET)).place == "keyring"
    assert await secrets.describe() == "used for passwords"


async def test_the_real_library_without_a_bus_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    kept = await Secrets(SystemKeyring(), deadline=30).keep(LOCAL, SECRET)
    assert kept.place == "memory"
    assert "keyring" in kept.reason
