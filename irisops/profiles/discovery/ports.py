"""Whether anything listens on the superserver ports of standard installations, on this machine alone."""

from __future__ import annotations

import asyncio
import contextlib

from irisops.profiles.discovery.found import Found, Report, Surroundings

LOCALHOST = "127.0.0.1"


async def ports(around: Surroundings) -> Report:
    """A connection is opened and closed at once; nothing is sent, so what listens is not known to be an IRIS."""
    listening = await asyncio.gather(*(_listens(port, around.deadline) for port in around.ports))
    return Report(
        tuple(
            Found(
                name=f"localhost:{port}",
                source="port",
                port=port,
                state="listens",
                about="something listens there; connecting shows whether it is an IRIS",
            )
            for port, there in zip(around.ports, listening, strict=True)
            if there
        )
    )


async def _listens(port: int, deadline: float) -> bool:
    try:
        async with asyncio.timeout(deadline):
            _, writer = await asyncio.open_connection(LOCALHOST, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
