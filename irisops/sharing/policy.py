"""Traffic policies: what may reach a tunnel (facts: ngrok-keyring A12). Pure."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from irisops.sharing.errors import SharingProblem

Policy = dict[str, list[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Restrictions:
    """The requested restrictions. Empty means open to everybody with the address."""

    allow: tuple[str, ...] = ()
    """Networks in CIDR form; the only restriction for a TCP tunnel."""
    basic_auth: tuple[str, ...] = field(default=(), repr=False)
    """`user:password` pairs for the web port. IRIS's own REST applications use the same header (facts: A12.1)."""
    oauth: str = ""
    """An identity provider for the web port, e.g. `google`."""


def networks(texts: Sequence[str]) -> tuple[str, ...]:
    """Addresses and networks in canonical CIDR form. Raises SharingProblem naming the invalid one."""
    found = []
    for text in texts:
        try:
            found.append(str(ipaddress.ip_network(text.strip(), strict=False)))
        except ValueError as error:
            raise SharingProblem(
                f"{text!r} is not a network address.", "Write e.g. allow=203.0.113.7 or allow=203.0.113.0/24."
            ) from error
    return tuple(found)


def policy_for(kind: str, restrictions: Restrictions) -> Policy | None:
    """The policy of an endpoint of `kind` (`tcp` or `http`), None when nothing is restricted. Raises SharingProblem."""
    actions: list[dict[str, object]] = []
    if restrictions.allow:
        allowed = list(networks(restrictions.allow))
        actions.append({"type": "restrict-ips", "config": {"enforce": True, "allow": allowed}})
    if kind == "http":
        if restrictions.basic_auth:
            for pair in restrictions.basic_auth:
                user, _, password = pair.partition(":")
                if not user or not 8 <= len(password) <= 128:
                    raise SharingProblem(
                        "ngrok's basic auth wants user:password with 8 to 128 characters of password.",
                        "Choose a longer password.",
                    )
            pairs = list(restrictions.basic_auth)
            actions.append({"type": "basic-auth", "config": {"credentials": pairs}})
        if restrictions.oauth:
            actions.append({"type": "oauth", "config": {"provider": restrictions.oauth}})
    if not actions:
        return None
    return {"on_tcp_connect" if kind == "tcp" else "on_http_request": [{"actions": actions}]}


def as_option(policy: Policy) -> str:
    """The policy for the agent's API: a string with JSON or YAML (facts: A4.9)."""
    return json.dumps(policy, separators=(",", ":"))


def same_policy(asked: Policy | None, told: object) -> bool:
    """True if the policy read back is the requested one. The agent answers in YAML or JSON (facts: A10)."""
    if isinstance(told, str):
        return (_understood(told) or None) == asked
    return (told or None) == asked


def _understood(text: str) -> object:
    try:
        return json.loads(text)
    except RecursionError:
        return text
    except ValueError:
        return _from_yaml(text)


def _from_yaml(text: str) -> object:
    import yaml  # type: ignore[import-untyped]  # noqa: PLC0415 - a dependency of pyngrok, loaded with it

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        return text
