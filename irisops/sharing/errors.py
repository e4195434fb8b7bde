"""What can go wrong with sharing, by names that a person understands: each of ngrok's codes with a sentence and a cure.

The codes and what they mean: facts: ngrok-keyring A10, A11. The service's own texts are kept as `detail`, without
tokens (the texts of ERR_NGROK_105 and 107 repeat the authtoken, facts: A4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from irisops.instance.errors import InstanceProblem

MASK = "•••"

_CODE = re.compile(r"ERR_NGROK_(\d+)")
_TOKEN_TEXT = re.compile(r"((?:authtoken|api[_ ]?key)[\"']?\s*[:=]\s*[\"']?)([^\s\"'\\]+)", re.IGNORECASE)
_OFFLINE = re.compile(
    r"dial tcp|lookup |no such host|i/o timeout|network is unreachable|connection refused|context deadline exceeded",
    re.IGNORECASE,
)


class SharingProblem(InstanceProblem):
    """Base of the problems of sharing. `code` is ngrok's number where there is one, e.g. 8013."""

    default_cure = "Nothing was left open. Try /share again; /tunnels shows the agent's own log lines."

    def __init__(
        self, message: str, cure: str | None = None, *, detail: str = "", code: int | None = None
    ) -> None:
        super().__init__(message, cure, detail=detail)
        self.code = code


class AgentMissing(SharingProblem):
    """No usable ngrok agent on this machine."""

    default_cure = (
        "Install ngrok (ngrok.com/download) so that it is on the PATH, name it with /share agent=FILE, or let "
        "irisops fetch it: /share … install=yes."
    )


class AgentTooOld(SharingProblem):
    """The agent lacks what is needed, or ngrok does not let it in any more."""

    default_cure = "Update it: run `ngrok update`, or install the present one from ngrok.com/download."


class AuthtokenMissing(SharingProblem):
    """ngrok needs an account's authtoken."""

    default_cure = "Copy yours from dashboard.ngrok.com/get-started/your-authtoken; /share asks for it."


class AuthtokenRefused(AuthtokenMissing):
    """The authtoken is malformed, revoked or unknown."""

    default_cure = (
        "Copy it afresh from dashboard.ngrok.com/get-started/your-authtoken; /share asks for it again."
    )


class AccountRefused(SharingProblem):
    """ngrok does not serve this account or this address."""


class CardNeeded(SharingProblem):
    """TCP tunnels of a free account need a card on file."""

    default_cure = (
        "Add a card at dashboard.ngrok.com/settings#id-verification (it is not charged), or share the web port "
        "alone: /share web. /share help shows other ways."
    )


class TunnelLimit(SharingProblem):
    """Too many endpoints or agents for the account."""

    default_cure = "Close one with /unshare, or stop another agent at dashboard.ngrok.com/agents."


class AddressTaken(SharingProblem):
    """The address is online already."""

    default_cure = "Stop the other agent (dashboard.ngrok.com/agents), or share without a fixed address."


class QuotaUsedUp(SharingProblem):
    """The account's monthly allowance is used up or its rate limit reached."""

    default_cure = "Wait, or see dashboard.ngrok.com/usage. /share help shows other ways."


class NoInternet(SharingProblem):
    """The agent cannot reach ngrok."""

    default_cure = (
        "Check the internet connection; many companies block ngrok. Set http_proxy if you need a proxy. "
        "/share help shows other ways."
    )


class AgentFailed(SharingProblem):
    """The agent ended or refused for a reason that has no name of its own."""


class AgentSilent(SharingProblem):
    """The agent missed its deadline and was stopped."""

    default_cure = "Try again; if it happens again run `ngrok diagnose` and check the internet connection."


class PolicyNotApplied(SharingProblem):
    """The traffic policy read back is not the one that was asked for: the endpoint was closed again."""

    default_cure = (
        "Nothing was left open. Update the agent (`ngrok update`), or share without that restriction."
    )


class LocalPortDead(SharingProblem):
    """Nothing that fits answers on the local port that was to be shared."""

    default_cure = "Check that IRIS runs and that the profile's ports are right: /profile edit."


class KeeperLost(SharingProblem):
    """The keeper process ended or does not answer."""

    default_cure = "What it had opened is undone from its lease at the next start; /leases shows it."


class LeaseStays(SharingProblem):
    """Something of a share could not be taken down yet; its lease remembers what."""

    default_cure = "Try /leases clear when the instance can be reached again. It is also tried at each start."


@dataclass(frozen=True, slots=True)
class Wall:
    """One documented refusal of ngrok: the class that names it, one sentence, and a cure ("" takes the class's)."""

    kind: type[SharingProblem]
    sentence: str
    cure: str = ""


WALLS: dict[int, Wall] = {
    4018: Wall(AuthtokenMissing, "ngrok wants an authtoken and was given none that it knows."),
    105: Wall(AuthtokenRefused, "The ngrok authtoken has not the shape of one."),
    107: Wall(AuthtokenRefused, "The ngrok authtoken is no longer valid."),
    108: Wall(
        TunnelLimit,
        "Your ngrok account has as many agents running as it may have.",
        "Stop another agent at dashboard.ngrok.com/agents; /leases shows those that irisops left behind.",
    ),
    120: Wall(AgentTooOld, "ngrok no longer serves agents this old."),
    121: Wall(AgentTooOld, "ngrok no longer serves agents this old."),
    123: Wall(
        AccountRefused,
        "The e-mail address of your ngrok account is not verified.",
        "Follow the link in ngrok's mail, or ask for another at dashboard.ngrok.com/user/settings.",
    ),
    8013: Wall(CardNeeded, "A free ngrok account may open TCP tunnels only with a card on file."),
    324: Wall(TunnelLimit, "This agent has as many endpoints open as your ngrok account allows."),
    334: Wall(AddressTaken, "That ngrok address is online already, from another agent."),
    725: Wall(QuotaUsedUp, "This month's data allowance of your ngrok account is used up."),
    726: Wall(QuotaUsedUp, "This month's TCP connections of your ngrok account are used up."),
    727: Wall(QuotaUsedUp, "This month's web requests of your ngrok account are used up."),
    718: Wall(QuotaUsedUp, "ngrok's rate limit is reached.", "Wait a minute, then try again."),
    5001: Wall(QuotaUsedUp, "ngrok's rate limit is reached.", "Wait a minute, then try again."),
    1808: Wall(
        AccountRefused,
        "Your ngrok plan has no account-wide IP restrictions.",
        "Use the allow= list of /share, which needs no such plan.",
    ),
    3004: Wall(
        LocalPortDead,
        "The web port speaks HTTPS, but was shared as HTTP.",
        "Set the web address of the profile to https://… with /profile edit, then share again.",
    ),
    8012: Wall(LocalPortDead, "ngrok reached this machine, but nothing answers on the local port."),
    9040: Wall(
        AccountRefused,
        "ngrok does not accept agents from your network address.",
        "Try from another network. /share help shows other ways.",
    ),
    8014: Wall(
        AccountRefused,
        "ngrok has blocked this endpoint.",
        "Ask support@ngrok.com why. /share help shows other ways.",
    ),
    103: Wall(AccountRefused, "Your ngrok account is suspended.", "Ask support@ngrok.com why."),
}
"""Every code of facts: ngrok-keyring A11 that can stop a share."""


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the given secrets and without anything that follows "authtoken:" or the like."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return _TOKEN_TEXT.sub(lambda found: found.group(1) + MASK, text)


def ngrok_code(text: str) -> int | None:
    """The number of the last ERR_NGROK_n in a text: the service puts its verdict at the end."""
    found = _CODE.findall(text)
    return int(found[-1]) if found else None


def explain(
    text: str, secrets: Iterable[str] = (), *, doing: str = "The ngrok agent failed"
) -> SharingProblem:
    """The named problem that a text of the agent or of its API means. Never raises, never shows a secret."""
    detail = redact(text, secrets).strip()
    code = ngrok_code(text)
    wall = WALLS.get(code) if code is not None else None
    if wall is not None:
        return wall.kind(wall.sentence, wall.cure or None, detail=detail, code=code)
    if code is not None:
        return AgentFailed(
            f"ngrok refused with ERR_NGROK_{code}.",
            f"See ngrok.com/docs/errors/err_ngrok_{code}.",
            detail=detail,
            code=code,
        )
    if "not yet ready to start tunnels" in text or _OFFLINE.search(text):
        return NoInternet("The ngrok agent cannot reach ngrok.", detail=detail)
    first = next((line.strip() for line in detail.splitlines() if line.strip()), "it gave no reason")
    return AgentFailed(f"{doing}: {first[:200].rstrip('.')}.", detail=detail)
