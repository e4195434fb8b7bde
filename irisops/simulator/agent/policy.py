"""The part of ngrok's Traffic Policy that the stand-in enforces (facts: ngrok-keyring A12)."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


class PolicyError(ValueError):
    """A policy that the stand-in cannot enforce; ignoring it would open the endpoint to everyone."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The enforced rules: allowed networks (empty: all), denied networks, and `user:password` pairs."""

    allow: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    deny: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    credentials: tuple[str, ...] = ()

    def admits(self, address: str) -> bool:
        """True if the address at layer 4 is allowed; headers do not count."""
        peer = ipaddress.ip_address(address)
        if any(peer in network for network in self.deny):
            return False
        return not self.allow or any(peer in network for network in self.allow)

    def authorised(self, header: str) -> bool:
        """True if an `Authorization` header satisfies basic-auth, or none is required."""
        if not self.credentials:
            return True
        scheme, _, encoded = header.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
        return any(hmac.compare_digest(given, pair.encode()) for pair in self.credentials)


def read_policy(text: str, *, tcp: bool) -> Policy:
    """Parse the JSON text of a create call. Raises PolicyError for unknown rules and those of another protocol."""
    if not text:
        return Policy()
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PolicyError("traffic_policy is not JSON; the stand-in does not read YAML") from error
    phase = "on_tcp_connect" if tcp else "on_http_request"
    allow: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    deny: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    credentials: list[str] = []
    for kind, config in _actions(document, phase):
        if kind == "restrict-ips":
            if config.get("enforce", True):
                allow += [ipaddress.ip_network(str(each), strict=False) for each in _list(config, "allow")]
                deny += [ipaddress.ip_network(str(each), strict=False) for each in _list(config, "deny")]
        elif kind == "basic-auth" and not tcp:
            pairs = [str(each) for each in _list(config, "credentials")]
            if not pairs or len(pairs) > 10 or any(not 8 <= len(p.partition(":")[2]) <= 128 for p in pairs):
                raise PolicyError(
                    "basic-auth takes 1 to 10 credentials with passwords of 8 to 128 characters"
                )
            credentials += pairs
        elif kind == "oauth" and not tcp:
            # There is no provider on loopback, so no request is ever let in.
            credentials.append("\0:\0")
        else:
            raise PolicyError(f"unknown action {kind!r} in {phase}")
    return Policy(tuple(allow), tuple(deny), tuple(credentials))


def _actions(document: object, phase: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    if not isinstance(document, dict) or set(document) - {phase}:
        raise PolicyError(f"a traffic policy of this endpoint holds {phase} and nothing else")
    rules = document.get(phase, [])
    if not isinstance(rules, list) or len(rules) > 5:
        raise PolicyError("a policy holds a list of at most five rules")
    for rule in rules:
        actions = rule.get("actions") if isinstance(rule, dict) else None
        if not isinstance(actions, list):
            raise PolicyError("a rule needs its actions")
        for action in actions:
            if not isinstance(action, dict) or not isinstance(action.get("config", {}), dict):
                raise PolicyError("an action is an object with type and config")
            yield str(action.get("type")), action.get("config", {})


def _list(config: Mapping[str, object], key: str) -> list[object]:
    value = config.get(key, [])
    if not isinstance(value, list):
        raise PolicyError(f"{key} must be a list")
    return value
