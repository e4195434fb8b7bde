"""Fields of the system security settings, audit events, and configurations of TLS and LDAP, by their property names.

(facts: iris-security 3.6, 3.7, 3.9; iris-config-as-text 5.4)
"""

from __future__ import annotations

from collections.abc import Mapping

from irisops.instance.security.object_state import Field, FieldKind, FieldValue

_WORDS = {
    "AuditEnabled": "auditing",
    "AutheEnabled": "login",
    "Description": "description",
    "Enabled": "enabled",
    "Type": "type",
}
"""Labels where the property's own name is not the word that people use."""


def _fields(names: str, kind: FieldKind = "text", words: tuple[str, ...] = ()) -> dict[str, Field]:
    return {name: Field(name, kind, _WORDS.get(name, name), words=words) for name in names.split()}


SYSTEM_FIELDS: Mapping[str, Field] = {
    **_fields("AuditEnabled", "flag"),
    **_fields("AuditFlags", "number"),
    **_fields("AutheEnabled", "methods"),
    **_fields("ConfigurationSecurityEnabled", "flag"),
    **_fields("DefaultSecurityDomain"),
    **_fields("SecurityDomains", "flag"),
    **_fields("DefaultSignatureHash"),
    **_fields(
        "EscalateAuthTimeout EscalateLoginTimeout InactiveLimit InvalidLoginLimit InvalidLoginAction "
        "LoginCookieTimeout PasswordExpirationDays",
        "number",
    ),
    **_fields("PasswordHashAlgorithm"),
    **_fields("PasswordHashWorkFactor", "number"),
    **_fields("PasswordPattern PasswordValidationRoutine"),
    **_fields("PercentGlobalWrite", "number"),
    **_fields("RequiredRole"),
    **_fields("SSLTelnetServer SSLECPServer", "number"),
    **_fields("SMTPServer SMTPUsername TwoFactorFrom"),
    **_fields("TwoFactorTimeout", "number"),
    **_fields("JWTSigAlg JWTIssuer"),
    **_fields("SQLSecurity", "flag"),
}
SYSTEM_LATER = (
    frozenset({"DefaultSignatureHash"}),
    frozenset({"EscalateAuthTimeout", "EscalateLoginTimeout"}),
    frozenset({"PasswordHashAlgorithm", "PasswordHashWorkFactor"}),
    frozenset({"JWTSigAlg", "JWTIssuer"}),
    frozenset({"SQLSecurity"}),
)
"""Fields that an older version may lack; only the version of the last is public (facts: iris-security 3.6)."""
EVENT_FIELDS: Mapping[str, Field] = {
    "Description": Field("Description", "text", "description", 256),
    "Enabled": Field("Enabled", "flag", "recorded"),
}
TLS_FIELDS: Mapping[str, Field] = {
    **_fields("Description"),
    **_fields("Enabled", "flag"),
    **_fields("Type", "choice", ("client", "server")),
    **_fields("CertificateFile PrivateKeyFile"),
    **_fields("PrivateKeyType", "number"),
    **_fields("CAFile CAPath"),
    **_fields("VerifyPeer VerifyDepth", "number"),
    **_fields("CipherList Ciphersuites"),
    **_fields("TLSMinVersion TLSMaxVersion DiffieHellmanBits", "number"),
}
NEW_TLS: Mapping[str, FieldValue] = {
    "Enabled": True,
    "Type": "client",
    "PrivateKeyType": "2",
    "VerifyDepth": "9",
    "TLSMinVersion": "16",
    "TLSMaxVersion": "32",
}
"""What a new one has."""
LDAP_FIELDS: Mapping[str, Field] = {
    **_fields("Description"),
    **_fields("LDAPFlags", "number"),
    **_fields("LDAPBaseDN LDAPCACertFile"),
}
"""Those whose names are public."""
