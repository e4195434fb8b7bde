"""`fastmcp`'s client at `irisops mcp --demo`: list, ask (over HTTP, too), plan, apply without a person; then with one.

A person agrees on both revisions of the protocol, and takes it back.

`python -m tests.simulator.clients.probes.fastmcp_probe PYTHON`, where PYTHON is one that has irisops.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

Client = import_module("fastmcp").Client
ElicitResult = import_module("fastmcp.client.elicitation").ElicitResult
StdioTransport = import_module("fastmcp.client.transports").StdioTransport
StreamableHttpTransport = import_module("fastmcp.client.transports").StreamableHttpTransport

TO_READ = 1.1
"""Seconds for the person to read the question, which the program insists on."""


async def main(python: str) -> dict[str, Any]:
    answers: dict[str, Any] = {"questions": []}

    async def person(message: str, _type: Any, params: Any, _context: Any) -> Any:
        answers["questions"].append(message)
        await asyncio.sleep(TO_READ)
        (field,) = params.requested_schema["properties"]
        return ElicitResult(action="accept", content={field: "demo"})

    transport = StdioTransport(python, ["-m", "irisops", "mcp", "--demo"], keep_alive=False)
    async with Client(transport) as client:
        answers["tools"] = [tool.name for tool in await client.list_tools()]
        answers["ask"] = (await client.call_tool("ask", {"line": "who holds my license"})).structured_content
        plan = await client.call_tool("plan", {"line": "/grant %SQL to appuser"}, raise_on_error=False)
        answers["plan"] = plan.structured_content
        alone = await client.call_tool(
            "apply", {"plan_id": plan.structured_content["plan_id"], "confirm": True}, raise_on_error=False
        )
        answers["alone"] = [alone.is_error, alone.structured_content]
    for mode in ("legacy", "auto"):
        transport = StdioTransport(python, ["-m", "irisops", "mcp", "--demo"], keep_alive=False)
        async with Client(transport, elicitation_handler=person, mode=mode) as client:
            plan = await client.call_tool("plan", {"line": "/grant %SQL to appuser"})
            applied = await client.call_tool("apply", {"plan_id": plan.structured_content["plan_id"]})
            undo = await client.call_tool("undo", {})
            undone = await client.call_tool("apply", {"plan_id": undo.structured_content["plan_id"]})
            answers[mode] = [
                client.session.protocol_version,
                applied.structured_content,
                undone.structured_content,
            ]
    answers["http"] = await over_http(python)
    return answers


async def over_http(python: str) -> Any:
    """The answer to a question over HTTP, with the token that the program says where to find."""
    program = await asyncio.create_subprocess_exec(
        python, "-m", "irisops", "mcp", "--demo", "--http", "0", stderr=asyncio.subprocess.PIPE
    )
    assert program.stderr is not None
    try:
        said = (await program.stderr.readline()).decode()
        ((url, file),) = re.findall(r"(http://\S+) serves .* token is in (\S+)\. ", said)
        transport = StreamableHttpTransport(url, headers={"Authorization": f"Bearer {token_in(file)}"})
        async with Client(transport) as client:
            return (await client.call_tool("ask", {"line": "who holds my license"})).structured_content
    finally:
        program.terminate()
        await program.wait()


def token_in(file: str) -> str:
    """What a private file of a running server holds."""
    return Path(file).read_text()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1]))))
