"""Authentication bitmasks, shared by the system, services and applications (facts: iris-security 3.4)."""

from __future__ import annotations

METHODS: dict[int, str] = {
    1: "K5CCache", 2: "K5Prompt", 4: "K5API", 8: "K5KeyTab", 16: "OS", 32: "Password", 64: "Unauthenticated", 128: "KB",
    256: "KBEncryption", 512: "KBIntegrity", 1024: "System", 2048: "LDAP", 4096: "LDAPCache", 8192: "Delegated",
    16384: "LoginToken", 1048576: "TwoFactorSMS", 2097152: "TwoFactorPW", 33554432: "MutualTLS",
    67108864: "OAuth2",
}  # fmt: skip

PASSWORD = 32
UNAUTHENTICATED = 64
OAUTH2, OAUTH2_SINCE = 67108864, (2025, 2)
"""(facts: iris-webapps-gateway 1.3)"""


def legal_for_web_applications(version: tuple[int, int]) -> int:
    """The methods that a web application may have in this release."""
    known = 4 | 32 | 64 | 2048 | 8192 | 16384 | 1048576 | 2097152
    return known | (OAUTH2 if version >= OAUTH2_SINCE else 0)


def methods_text(bits: int) -> str:
    """The names of the methods, as a comma list.

    UNVERIFIED: their wording in the ODBC form. Settle: SELECT Name, AutheEnabled FROM Security.Services (2024.1).
    """
    return ",".join(name for bit, name in METHODS.items() if bits & bit)
