"""Problems of sharing: named errors, and for each of ngrok's codes a sentence and a cure.

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


class SharingProblem(InstanceProblem):
    """Base of the problems of sharing. `code` is ngrok's number if there is one, e.g. 8013."""

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
    """The agent lacks a needed feature, or ngrok no longer accepts it."""

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
    """The agent cannot reach ngrok: no connection, or it is intercepted or blocked."""

    default_cure = (
        "Check the internet connection; many companies block ngrok, so try another network. Set http_proxy if you "
        "need a proxy. /share help shows other ways."
    )


class ClockWrong(NoInternet):
    """A certificate is not valid at the time of this machine's clock."""

    default_cure = (
        "Set the clock of this machine right, then share again. If it is right, something between here and ngrok "
        "shows a certificate of its own: try another network."
    )


class AgentCannotRun(AgentMissing):
    """The file exists, but this machine cannot run it."""

    default_cure = (
        "Install the ngrok agent for this machine from ngrok.com/download, or name one: agent=FILE."
    )


class AgentFailed(SharingProblem):
    """The agent ended or refused for an unnamed reason."""


class AgentSilent(SharingProblem):
    """The agent missed its deadline and was stopped."""

    default_cure = "Try again; if it happens again run `ngrok diagnose` and check the internet connection."


class PolicyNotApplied(SharingProblem):
    """The traffic policy read back differs from the requested one, so the endpoint was closed."""

    default_cure = (
        "Nothing was left open. Update the agent (`ngrok update`), or share without that restriction."
    )


class LocalPortDead(SharingProblem):
    """No suitable service answers on the local port to share."""

    default_cure = "Check that IRIS runs and that the profile's ports are right: /profile edit."


class KeeperLost(SharingProblem):
    """The keeper process ended or does not answer."""

    default_cure = "What it had opened is undone from its lease at the next start; /leases shows it."


class LeaseStays(SharingProblem):
    """Parts of a share could not be taken down yet; its lease names them."""

    default_cure = "Try /leases clear when the instance can be reached again. It is also tried at each start."


@dataclass(frozen=True, slots=True)
class Wall:
    """One known refusal: its class, one sentence, and a cure ("" for the class's)."""

    kind: type[SharingProblem]
    sentence: str
    cure: str = ""

    def problem(self, detail: str = "", code: int | None = None) -> SharingProblem:
        """The named problem; `detail` is the text of the service."""
        return self.kind(self.sentence, self.cure or None, detail=detail, code=code)


WALLS: dict[int, Wall] = {
    4018: Wall(AuthtokenMissing, "ngrok needs an authtoken that it knows."),
    105: Wall(AuthtokenRefused, "The ngrok authtoken is malformed."),
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


def _saying(
    words: str, kind: type[SharingProblem], sentence: str, cure: str = ""
) -> tuple[re.Pattern[str], Wall]:
    return re.compile(words, re.IGNORECASE), Wall(kind, sentence, cure)


_LOOPBACK = r"(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)"
_ASK_THE_NETWORK = (
    "Try another network, or ask those who run this one to let connect.ngrok-agent.com through, port 443, unopened."
    " /share help shows other ways."
)
SAYINGS: tuple[tuple[re.Pattern[str], Wall], ...] = (
    # ngrok was reached, but this machine's own port does not answer. A proxy may also be on loopback.
    _saying(
        rf"^(?!.*proxy)(?!.*lookup)(?=.*dial tcp {_LOOPBACK}:\d+: )|(?:dial|connect)(?:ing)?(?: to)?(?: the)? upstream|"
        r"upstream.{0,40}(?:refused|timed out)",
        LocalPortDead,
        "ngrok was reached, but nothing answers on the local port.",
    ),
    _saying(
        r"contains a virus|potentially unwanted software|winerror 225\b",
        AgentCannotRun,
        "The virus scanner of this machine keeps the ngrok agent from running.",
        "Windows Defender and others take tunnels for malware: have it allowed by those who run this machine, then "
        "install it again.",
    ),
    _saying(
        r"exec format error|bad cpu type|not a valid win32 application|cannot execute binary|winerror (?:193|216)\b|"
        r"not compatible with the version of windows|incompatible architecture",
        AgentCannotRun,
        "That ngrok agent is made for another processor or system.",
    ),
    _saying(
        r"with custom CAs",
        AccountRefused,
        "ngrok does not let this account use certificates of its own choice.",
        "The connection is probably intercepted here: try another network. /share help shows other ways.",
    ),
    _saying(
        r"has expired or is not yet valid|certificate (?:has )?expired|not yet valid|clock skew",
        ClockWrong,
        "The certificate that was shown is not valid at the time of this machine's clock.",
    ),
    _saying(
        r"\bCRLs?\b|revocation list",
        NoInternet,
        "Something between here and ngrok blocks the list of revoked certificates, which the agent asks for.",
        "Try another network, or have http://crl.ngrok-agent.com (port 80) let through. An agent of your own can do "
        "without by crl_noverify: true in its config; irisops leaves the check on. /share help shows other ways.",
    ),
    _saying(
        r"\b407 proxy|(?:status|code|error|failed):? 407\b|proxy ?authentication|proxyconnect|"
        r"\bproxy\b.{0,60}(?:refused|denied|forbidden|fail|requires)",
        NoInternet,
        "The proxy between here and ngrok does not let the agent through.",
        "Set http_proxy to its address, with user and password if it wants them, and start irisops again. "
        "/share help shows other ways.",
    ),
    _saying(
        r"\bx509\b|\btls:|certificate|TLS handshake(?! timeout)|handshake failure",
        NoInternet,
        "Something between here and ngrok intercepts the encrypted connection.",
        f"{_ASK_THE_NETWORK} An agent of your own can trust the certificates of this machine by connect_cas: host in "
        "its config (root_cas: host in older files), if ngrok lets your account.",
    ),
    _saying(
        r"no such host|lookup \S|has no records|server misbehaving|name resolution|name or service not known|"
        r"nodename nor servname|host is known|getaddrinfo|NXDOMAIN|SERVFAIL|\bDNS\b",
        NoInternet,
        "The name of ngrok's server cannot be looked up here.",
        "Check the internet connection; some networks hide ngrok's names, so try another one. "
        "/share help shows other ways.",
    ),
    _saying(
        r"connection (?:was )?(?:forcibly )?(?:reset|refused|aborted|closed)|forcibly closed|broken pipe|"
        r"no route to host|(?:network|host|destination) is (?:unreachable|down)|unreachable (?:host|network)|"
        r"time(?:d )?[- ]?out|deadline exceeded|did not properly respond|actively refused|\bunexpected EOF\b|: EOF\b|"
        r"dial (?:tcp|udp)|"
        r"not yet ready to start tunnels|failed to (?:re)?connect|\bwsa(?:recv|send)\b|connection attempt failed",
        NoInternet,
        "The ngrok agent cannot reach ngrok: something between here and there blocks it.",
    ),
)
"""Messages without an ngrok code, from Go's network library, a proxy or the system. The first match counts.

Collected from reports.
"""
# UNVERIFIED: the words of Windows and macOS, which nobody could try here. Settle: share there behind a firewall, with
# an agent in quarantine, and with one of another processor.


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the given secrets and without anything after "authtoken:" or similar."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return _TOKEN_TEXT.sub(lambda found: found.group(1) + MASK, text)


def ngrok_code(text: str) -> int | None:
    """The number of the last ERR_NGROK_n in a text, where the service puts its verdict."""
    found = _CODE.findall(text)
    return int(found[-1]) if found else None


def explain(text: str, secrets: Iterable[str] = ()) -> SharingProblem:
    """The named problem for a text of the agent or its API. Never raises, never shows a secret."""
    detail = redact(text, secrets).strip()
    code = ngrok_code(text)
    if code in WALLS:
        return WALLS[code].problem(detail, code)
    if code is not None:
        cure = f"See ngrok.com/docs/errors/err_ngrok_{code}."
        return AgentFailed(f"ngrok refused with ERR_NGROK_{code}.", cure, detail=detail, code=code)
    words = " ".join(text.split())
    for pattern, wall in SAYINGS:
        if pattern.search(words):
            return wall.problem(detail)
    first = next((line.strip() for line in detail.splitlines() if line.strip()), "it gave no reason")
    return AgentFailed(f"The ngrok agent failed: {first[:200].rstrip('.')}.", detail=detail)
