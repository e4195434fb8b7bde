"""The request to a model's server, with httpx2: the one module that imports it, an extra."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2

from irisops.commands.assistant.model import IN_OTHER_WORDS, Endpoint
from irisops.contract.replies import Refusal

MOST_BYTES = 4_000_000
"""Largest answer that is read."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What the server sent. Untrusted."""

    status: int
    body: bytes


async def complete(
    endpoint: Endpoint, messages: Sequence[dict[str, str]], key: str, deadline: float
) -> Completion:
    """Ask for a chat completion once; `deadline` in seconds for everything. Raises `Refusal`.

    A proxy of the environment is used for another machine alone; no redirect is followed and no cookie kept.
    """
    # Compressed, 4 MB could become 4 GB.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    asked = {
        "model": endpoint.model,
        "messages": list(messages),
        "temperature": 0,
        "max_tokens": 200,
        "stream": False,
    }
    try:
        async with asyncio.timeout(deadline):
            # It reads the machine's authorities, which takes its time.
            client = await asyncio.to_thread(httpx2.AsyncClient, timeout=None, trust_env=not endpoint.local)
            async with client, client.stream("POST", endpoint.url, json=asked, headers=headers) as answer:
                body = bytearray()
                async for piece in answer.aiter_raw():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise _refusal(endpoint, f"answers with more than {MOST_BYTES:,} bytes")
                return Completion(answer.status_code, bytes(body))
    except TimeoutError:
        why = f"did not answer within {deadline:g} seconds"
    except httpx2.RemoteProtocolError:
        why = "hung up, or does not speak HTTP"
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
        why = f"does not answer: {str(error).rstrip('.') or type(error).__name__}"
    raise _refusal(endpoint, why)


def _refusal(endpoint: Endpoint, why: str) -> Refusal:
    return Refusal("NoAssistant", f"The model's server {endpoint.shown} {why}.", IN_OTHER_WORDS)
