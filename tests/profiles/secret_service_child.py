"""Runs in its own session bus: performs the action of its argument through the product's classes, prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import secretstorage

from irisops.profiles.secrets import Secrets
from irisops.profiles.system_keyring import SystemKeyring

ACCOUNT = "_SYSTEM@127.0.0.1:1972"
SECRET = "canary-Sécret-1"
PATIENCE = 20.0
DEADLINE = 5.0


class Counted(SystemKeyring):
    """Counts how often it is asked: a service that hangs costs a deadline each time."""

    asked = 0

    def problem(self) -> str:
        self.asked += 1
        return super().problem()


def wait_for_service() -> None:
    """The daemon was started beside us; go on when it has its name on the bus."""
    connection = secretstorage.dbus_init()
    end = time.monotonic() + PATIENCE
    while not secretstorage.check_service_availability(connection):
        if time.monotonic() > end:
            raise SystemExit("the keyring daemon did not come")
        time.sleep(0.02)
    connection.close()


async def main(what: str) -> dict[str, object]:
    keyring = Counted()
    secrets = Secrets(keyring, deadline=DEADLINE)
    said: dict[str, object] = {}
    if what == "keep":
        kept = await secrets.keep_secret(ACCOUNT, SECRET)
        said |= {
            "place": kept.place,
            "reason": kept.reason,
            "again": await secrets.get_secret(ACCOUNT) == SECRET,
        }
    elif what == "find":
        said["found"] = await secrets.get_secret(ACCOUNT) == SECRET
        await secrets.forget_secret(ACCOUNT)
        said["after"] = await secrets.get_secret(ACCOUNT)
    said |= {"describe": await secrets.describe(), "asked": keyring.asked}
    return said


if __name__ == "__main__":
    if "--wait" in sys.argv:
        wait_for_service()
    print(json.dumps(asyncio.run(main(sys.argv[1]))), flush=True)
