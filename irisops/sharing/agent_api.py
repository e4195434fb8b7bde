"""Client of the agent's local API, with bounded memory (facts: ngrok-keyring A10).

pyngrok's own calls read answers of any length and accept any shape.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

from irisops.sharing.agent_files import LOCAL_HOSTS
from irisops.sharing.errors import AgentFailed, AgentSilent, SharingProblem, explain

BIGGEST = 1024 * 1024
"""Bytes of one answer; an endpoint with its policy has a few thousand."""
ENDPOINTS = "/api/endpoints"
NOT_FOUND = 404


class AgentApi:
    """Blocking calls. `address` comes from the agent's log, e.g. `http://127.0.0.1:4040`. Raises AgentFailed."""

    def __init__(self, address: str, token: str) -> None:
        parts = urlsplit(address)
        try:
            self._host, self._port = parts.hostname or "", parts.port or 0
        except ValueError:
            self._host, self._port = "", 0
        if self._host not in LOCAL_HOSTS or not self._port:
            raise AgentFailed("The address of the ngrok agent's API is not on this machine.", detail=address)
        self._token = token

    def call(
        self, method: str, path: str, deadline: float, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        """A JSON object, {} for a DELETE. `deadline` in seconds for each wait, not for the whole.

        Raises the named problem; that of an HTTP status says `HTTP 404` and so on in its `detail`.
        """
        connection = HTTPConnection(self._host, self._port, timeout=deadline)
        try:
            sent = None if body is None else json.dumps(body).encode()
            connection.request(method, path, sent, {"Content-Type": "application/json"} if sent else {})
            answer = connection.getresponse()
            data = answer.read(BIGGEST + 1)
        except TimeoutError as error:
            raise AgentSilent("The ngrok agent did not answer in time.", detail=str(error)) from None
        except (OSError, HTTPException) as error:
            raise AgentFailed(
                "The ngrok agent's API does not answer.", detail=f"{type(error).__name__}: {error}"[:500]
            ) from None
        finally:
            connection.close()
        if len(data) > BIGGEST:
            raise AgentFailed(f"The ngrok agent answered more than {BIGGEST // 1024} KiB.")
        text = data.decode("utf-8", "replace")
        if not 200 <= answer.status < 300:
            raise refusal(answer.status, text, self._token)
        return _object(text) if method != "DELETE" else {}


def endpoint_path(name: str) -> str:
    """Path of an endpoint in the API."""
    return f"{ENDPOINTS}/{quote(name, safe='')}"


def refusal(status: int, text: str, token: str) -> SharingProblem:
    """The problem for an answer other than 2xx."""
    return explain(f"{text}\nHTTP {status}", (token,))


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise AgentFailed("The ngrok agent did not answer with a JSON object.", detail=text[:500])
    return found
