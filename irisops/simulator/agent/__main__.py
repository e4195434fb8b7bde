"""`python -m irisops.simulator.agent`: the part of the ngrok agent's command line that pyngrok uses."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from irisops.simulator.agent.run import Agent
from irisops.simulator.agent.switches import Switches, read_switches

_TOKEN = re.compile(r"^[ \t]*authtoken:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)


def token_in(text: str) -> str:
    """The authtoken of a config file, at the top level (v2) or under agent (v3); "" if absent."""
    found = _TOKEN.search(text)
    return found.group(1) if found else ""


def option(arguments: list[str], name: str) -> str:
    """The value after `name`; "" if absent."""
    return arguments[arguments.index(name) + 1] if name in arguments[:-1] else ""


def default_config() -> Path:
    """The agent's default config file (facts: ngrok-keyring A3)."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "ngrok" / "ngrok.yml"


def start(arguments: list[str], switches: Switches) -> int:
    """`start --none`. A config file that is named and missing is fatal (facts: A5.5)."""
    named = option(arguments, "--config")
    path = Path(named) if named else default_config()
    if switches.fails("config") or (named and not path.exists()):
        print(f"ERROR:  Error reading configuration file '{path}': no such file or directory", flush=True)
        return 1
    text = path.read_text() if path.exists() else ""
    token = option(arguments, "--authtoken") or os.environ.get("NGROK_AUTHTOKEN", "") or token_in(text)
    return asyncio.run(Agent(switches, token, str(path)).run())


def save(arguments: list[str]) -> int:
    """`config add-authtoken TOKEN` and `config add-api-key KEY`; a new file has mode 0600, as with the real agent."""
    key, what = ("authtoken", "Authtoken") if arguments[1] == "add-authtoken" else ("api_key", "API key")
    named = option(arguments, "--config")
    path = Path(named) if named else default_config()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f'version: "3"\nagent:\n  {key}: {arguments[2]}\n')
    print(f"{what} saved to configuration file: {path}")
    return 0


def main(arguments: list[str]) -> int:
    """Run a command line; returns the exit code."""
    switches = read_switches(os.environ)
    if "--version" in arguments:
        print(f"ngrok version {switches.version}")
        return 0
    if arguments[:1] == ["start"] and "--none" in arguments:
        return start(arguments, switches)
    if (
        arguments[:1] == ["config"]
        and len(arguments) > 2
        and arguments[1] in {"add-authtoken", "add-api-key"}
    ):
        return save(arguments)
    if arguments[:1] == ["update"]:
        print("No update available, this is the latest version.")
        return 0
    print(f"ERROR:  unknown to the stand-in agent: {' '.join(arguments[:2])}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
