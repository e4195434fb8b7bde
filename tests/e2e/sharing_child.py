"""A chat without a screen for the torture of shares: it opens one, says what it hears, and ends it or waits.

`python -m tests.e2e.sharing_child LOG HOW`, the request as a line of JSON on standard input. HOW is `close`, `wait`,
`talk` (wait, and write to the terminal all the while) or `outlive` (wait, and let it go on without this process).
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from irisops.instance.errors import InstanceProblem
from irisops.sharing.client import KeeperClient
from irisops.sharing.messages import ShareRequest
from irisops.sharing.records import from_json, to_json


def say(event: str, value: object = None) -> None:
    print(json.dumps([event, value]), flush=True)


async def main(log: Path, how: str) -> None:
    request = from_json(ShareRequest, json.loads(sys.stdin.readline()))
    client = KeeperClient(
        on_progress=lambda step: say("step", step), on_closed=lambda closed: say("closed", to_json(closed))
    )
    await client.start(log)
    say("keeper", client.pid)
    try:
        opened = await client.open(request)
        say("opened", opened.endpoints[0].public_url)
        if how == "outlive":
            await client.outlive(on=True)
        if how == "close":
            await client.close()
        while how == "talk" and client.running:
            say("line", "x" * 500)
            await asyncio.sleep(0.001)
    except InstanceProblem as problem:
        say("problem", f"{problem.name}: {problem.message}")
        await client.leave()
    await client.wait()
    await client.leave()
    say("end")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
