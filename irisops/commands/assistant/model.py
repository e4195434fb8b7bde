"""What a model is told and what its answer is worth. Any OpenAI-compatible endpoint will do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless
from irisops.engine.spec import CommandSpec

INSTALL_CLIENT = "pip install '.[assistant]' in a clone of irisops"
IN_OTHER_WORDS = "Say it in other words; /help lists what can be typed."
MOST_NAMES = 200
LONGEST_ANSWER = 2000
"""Characters of an answer that are looked at."""
_TASK = (
    "You choose one command of a tool for InterSystems IRIS for what a person says. Answer with one line: a command "
    "from this list with its places filled in, and nothing else. If none fits, answer: none.\n"
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is: host and port of its server, and the URL of a chat completion."""

    shown: str
    url: str
    model: str
    local: bool
    """True if requests stay on this machine."""

    @property
    def account(self) -> str:
        """Account name of its key among the secrets."""
        return f"assistant {self.shown}"

    @property
    def takes_key(self) -> bool:
        """True if a key may be sent: never without TLS to another machine."""
        return self.local or self.url.startswith("https:")


def client_missing() -> bool:
    """True if the extra with the HTTP client is not installed."""
    return find_spec("httpx2") is None


def endpoint_of(url: str, model: str) -> Endpoint:
    """The endpoint of the settings, such as http://localhost:11434/v1. Raises `Refusal`."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise _wrong() from None
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain or not model:
        raise _wrong()
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    url = f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}/chat/completions"
    return Endpoint(f"{parts.hostname}:{port}", url, model, local)


def _wrong() -> Refusal:
    return Refusal(
        "NoAssistant",
        "No model is set up to be asked.",
        "/settings assistant_url=http://localhost:11434/v1 assistant_model=NAME",
    )


def messages_for(
    sentence: str, specs: Iterable[CommandSpec], names: Sequence[tuple[str, str]]
) -> list[dict[str, str]]:
    """What is sent: the task with the catalogue, and the sentence. `names` are (name, kind) that may be told."""
    catalogue = "\n".join(f"{spec.usage}: {spec.summary}" for spec in specs)
    told = "\n".join(f"{kind} {harmless(name, 80)}" for name, kind in names[:MOST_NAMES])
    said = f"Names:\n{told}\n\n{sentence}" if told else sentence
    return [{"role": "system", "content": _TASK + catalogue}, {"role": "user", "content": said}]


def line_in(body: bytes) -> str:
    """The command line in an answer; "" if there is none. Blocking for a large one. Raises ValueError for no answer."""
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ValueError("no answer of a model") from None
    if not isinstance(content, str):
        raise ValueError("no answer of a model")  # noqa: TRY004 - what a server sent, not an argument
    lines = (line.strip().strip("`").strip() for line in content[:LONGEST_ANSWER].splitlines())
    return next((line for line in lines if line.startswith("/")), "")
