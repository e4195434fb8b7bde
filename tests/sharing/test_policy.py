"""Traffic policies."""

from __future__ import annotations

import json

import pytest

from irisops.sharing.errors import SharingProblem
from irisops.sharing.policy import Restrictions, as_option, networks, policy_for, same_policy

WEB = Restrictions(allow=("203.0.113.7",), basic_auth=("team:longenough",), oauth="google")


def test_tcp_can_only_restrict_addresses() -> None:
    assert policy_for("tcp", WEB) == {
        "on_tcp_connect": [
            {"actions": [{"type": "restrict-ips", "config": {"enforce": True, "allow": ["203.0.113.7/32"]}}]}
        ]
    }


def test_web_can_do_all() -> None:
    policy = policy_for("http", WEB)
    assert policy is not None
    (rule,) = policy["on_http_request"]
    actions = rule["actions"]
    assert isinstance(actions, list)
    assert [action["type"] for action in actions] == ["restrict-ips", "basic-auth", "oauth"]


def test_nothing_asked_is_no_policy() -> None:
    assert policy_for("tcp", Restrictions()) is None
    assert policy_for("tcp", Restrictions(oauth="google")) is None


def test_addresses_are_checked() -> None:
    assert networks([" 10.0.0.1 ", "10.0.0.9/24", "2001:db8::1"]) == (
        "10.0.0.1/32",
        "10.0.0.0/24",
        "2001:db8::1/128",
    )
    with pytest.raises(SharingProblem, match="example"):
        networks(["example.org"])


@pytest.mark.parametrize("pair", ["team:short", "no-colon", ":longenough", f"a:{'x' * 129}"])
def test_basic_auth_that_ngrok_would_refuse(pair: str) -> None:
    with pytest.raises(SharingProblem):
        policy_for("http", Restrictions(basic_auth=(pair,)))


def test_the_password_is_in_no_repr() -> None:
    assert "longenough" not in repr(WEB)


def test_what_is_read_back_is_compared_by_meaning() -> None:
    policy = policy_for("tcp", WEB)
    assert policy is not None
    assert same_policy(policy, as_option(policy))
    assert same_policy(policy, json.dumps(policy, indent=2))
    yaml = """
on_tcp_connect:
  - actions:
      - type: restrict-ips
        config:
          enforce: true
          allow: [203.0.113.7/32]
"""
    assert same_policy(policy, yaml)
    assert not same_policy(policy, yaml.replace("113.7", "113.8"))
    for told in ("", None, "{}", ": : broken", "text", "[" * 100_000 + "]" * 100_000, "- " * 2_000):
        assert not same_policy(policy, told)
    assert same_policy(None, "")
    assert same_policy(None, None)
