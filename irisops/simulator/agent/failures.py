"""The service's refusals: code and wording (facts: ngrok-keyring A9-A11)."""

from __future__ import annotations

from typing import Final

START: Final[dict[str, tuple[str, str]]] = {
    "noauth": (
        "ERR_NGROK_4018",
        (
            "authentication failed: Usage of ngrok requires a verified account and authtoken.\n\n"
            "Sign up for an account: https://dashboard.ngrok.com/signup"
        ),
    ),
    # 105 and 107 repeat the token (facts: A4). UNVERIFIED: their wording beyond "Your authtoken: TOKEN". Settle: start
    # a real agent with the authtoken "x", and with one that was revoked.
    "badformat": (
        "ERR_NGROK_105",
        (
            "authentication failed: The authtoken you specified does not look like a proper ngrok tunnel authtoken.\n"
            "Your authtoken: {token}"
        ),
    ),
    "badtoken": (
        "ERR_NGROK_107",
        (
            "authentication failed: The authtoken you specified is properly formed, but it is invalid.\n"
            "Your authtoken: {token}"
        ),
    ),
    "sessions": (
        "ERR_NGROK_108",
        "authentication failed: Your account is limited to {limit} simultaneous ngrok agent sessions.",
    ),
    "tooold": (
        "ERR_NGROK_121",
        'authentication failed: Your ngrok-agent version "{version}" is too old.',
    ),
    "blocked": ("ERR_NGROK_9040", "authentication failed: We do not allow agents to connect from your IP."),
    "ngrok103": ("ERR_NGROK_103", "authentication failed: Your account has been suspended."),
}
"""Failures at start: switch -> (code, text), with the placeholders `{token}`, `{limit}` and `{version}`."""

NO_CARD: Final = (
    "ERR_NGROK_8013",
    (
        "You must add a credit or debit card before you can use TCP endpoints on a free account. "
        "You can add a card on your ngrok dashboard: https://dashboard.ngrok.com/settings#id-verification"
    ),
)
TOO_MANY: Final = (
    "ERR_NGROK_324",
    "Your account may not run more than {limit} endpoints over a single ngrok agent session.",
)
ALREADY_ONLINE: Final = ("ERR_NGROK_334", "The endpoint is already online.")


def start_text(kind: str, token: str, limit: int, version: str) -> str:
    """The `err=` value of the log line for a failure at start."""
    code, text = START[kind]
    return refusal(code, text.format(token=token, limit=limit, version=version))


def refusal(code: str, text: str) -> str:
    """A text of the service followed by its code."""
    return f"{text}\r\n\r\n{code}\r\n"


def any_code(number: int) -> tuple[str, str]:
    """A refusal of which only the code is known.

    UNVERIFIED: its wording, which nobody should parse. Settle: read the page of the code at https://ngrok.com/docs/errors.
    """
    return f"ERR_NGROK_{number}", "The service refused."


def create_body(code: str, text: str) -> dict[str, object]:
    """The body of HTTP 502 for an endpoint that could not be created (facts: A10)."""
    return {
        "error_code": 103,
        "status_code": 502,
        "msg": "failed to start tunnel",
        "details": {"err": f"failed to start tunnel: {text}\r\n\r\n{code}\r\n"},
    }
