"""A reader of CPF merge files of its own, written from the facts alone (iris-config-as-text 1.2 to 1.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_PAIR = ("Create", "Modify")
_USER = (
    "FullName Comment Enabled Roles EscalationRoles NameSpace Routine ExpirationDate ChangePassword "
    "PasswordNeverExpires AccountNeverExpires PasswordHash EmailAddress PhoneNumber PhoneProvider"
)
_APPLICATION = (
    "NameSpace Description Enabled Type Resource DispatchClass AutheEnabled MatchRoles Path Recurse ServeFiles "
    "ServeFilesTimeout Timeout CookiePath UseCookies SessionScope UserCookieScope GroupById CSPZENEnabled "
    "InbndWebServicesEnabled DeepSeeEnabled iKnowEnabled IsNameSpaceDefault AutoCompile LockCSPName CSRFToken "
    "LoginPage ChangePasswordPage ErrorPage EventClass SuperClass Package PermittedClasses RedirectEmptyPath "
    "TwoFactorEnabled JWTAuthEnabled JWTAccessTokenTimeout JWTRefreshTokenTimeout CorsAllowlist CorsHeadersList "
    "CorsCredentialsAllowed WSGIAppLocation WSGIAppName WSGICallable WSGIDebug WSGIType TraceEnabled"
)
_SYSTEM = (
    "AuditEnabled AuditFlags AutheEnabled ConfigurationSecurityEnabled DefaultSecurityDomain SecurityDomains "
    "DefaultSignatureHash EscalateAuthTimeout EscalateLoginTimeout InactiveLimit InvalidLoginLimit "
    "InvalidLoginAction LoginCookieTimeout PasswordExpirationDays PasswordHashAlgorithm PasswordHashWorkFactor "
    "PasswordPattern PasswordValidationRoutine PercentGlobalWrite RequiredRole SSLTelnetServer SSLECPServer "
    "SMTPServer SMTPUsername TwoFactorFrom TwoFactorPWIssuer TwoFactorTimeout JWTSigAlg JWTIssuer SQLSecurity"
)
_TLS = (
    "Description Enabled Type CertificateFile PrivateKeyFile PrivateKeyType CAFile CAPath VerifyPeer VerifyDepth "
    "CipherList Ciphersuites TLSMinVersion TLSMaxVersion DiffieHellmanBits"
)
_DATABASE = (
    "Directory Server MountAtStartup MountRequired ClusterMountMode StreamLocation ResourceName Size MaxSize "
    "ExpansionSize GlobalJournalState NewGlobalIsKeep NewGlobalCollation ReadOnly LogicalOnly Seed MirrorSetName "
    "MirrorDBName"
)
_CLIENT = (
    "Enabled Description ClientType SSLConfiguration RedirectionEndpoint DefaultScope JWTInterval JWTAudience "
    "ClientId ClientCredentials AcceptNonStandardImplicitIdToken ServerDefinition Metadata"
)


def _both(noun: str, key: str, properties: str) -> dict[str, tuple[tuple[str, ...], frozenset[str]]]:
    return {f"{verb}{noun}": (tuple(key.split()), frozenset(properties.split())) for verb in _PAIR}


ACTIONS: dict[str, tuple[tuple[str, ...], frozenset[str]]] = {
    **_both("User", "Name", _USER),
    **_both("Role", "Name", "Description Resources GrantedRoles EscalationOnly"),
    **_both("Resource", "Name", "Description PublicPermission"),
    **_both("Application", "Name", _APPLICATION),
    "ModifyService": (("Name",), frozenset(("Enabled", "AutheEnabled", "ClientSystems", "Description"))),
    "ModifySystem": (("Name",), frozenset(_SYSTEM.split())),
    **_both("SSLConfig", "Name", _TLS),
    "ModifyLDAPConfig": (("Name",), frozenset(("Description", "LDAPFlags", "LDAPBaseDN", "LDAPCACertFile"))),
    **_both("Event", "Source Type Name", "Description Enabled Flags"),
    **_both("Database", "Name", _DATABASE),
    **_both("Namespace", "Name", "Globals Routines TempGlobals Interop"),
    **_both("MapGlobal", "Name Namespace", "Database Collation LockDatabase"),
    **_both("MapRoutine", "Name Namespace", "Database"),
    **_both("MapPackage", "Name Namespace", "Database"),
    "GrantPrivilege": (("ObjPriv",), frozenset(("ObjList", "Type", "User", "Namespace", "WithGrant"))),
    "GrantAdminPrivilege": (("AdminPriv",), frozenset(("Grantee", "Namespace", "WithGrant"))),
    **_both("OAuth2ServerDefinition", "IssuerEndpoint", "SSLConfiguration ServerCredentials Metadata"),
    "DiscoverOAuth2Server": (("IssuerEndpoint",), frozenset(("SSLConfiguration",))),
    **_both("OAuth2Client", "ApplicationName", _CLIENT),
}
"""Action -> the parameters of its key, which come first, and the others. No secrets, and never Delete."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action as read."""

    verb: str
    values: dict[str, str] = field(default_factory=dict)


class MergeError(ValueError):
    """A line that no merge file may have."""


def read(text: str) -> list[Action]:
    """The actions of a merge file. Raises `MergeError` for what the facts do not allow."""
    found = []
    section = ""
    for line in text.split("\n"):
        content = _without_comment(line).strip()
        if not content:
            continue
        if content.startswith("["):
            if content != "[Actions]":
                raise MergeError(content)
            section = content
            continue
        if not section:
            raise MergeError(f"outside of a section: {content}")
        found.append(_action(content))
    return found


def _without_comment(line: str) -> str:
    """The line up to its comment. Quotation marks protect: that is assumed, as the head of each file says."""
    inside = False
    for at, sign in enumerate(line):
        if sign == '"':
            inside = not inside
        elif not inside and (sign in "#;" or line[at : at + 2] in ("//", "/*")):
            return line[:at]
    if inside:
        raise MergeError(f"an open quotation mark: {line}")
    return line


def _action(content: str) -> Action:
    verb, colon, rest = content.partition(":")
    if not colon or verb not in ACTIONS:
        raise MergeError(f"no such action: {content}")
    keys, others = ACTIONS[verb]
    values: dict[str, str] = {}
    for piece in _pieces(rest):
        name, sign, value = piece.partition("=")
        if not sign:
            raise MergeError(f"a value goes on without quotation marks: {piece}")
        if name not in (*keys, *others) or name in values:
            raise MergeError(f"{verb} has no parameter {name}, or has it twice")
        values[name] = _unquoted(value)
    if tuple(values)[: len(keys)] != keys:
        raise MergeError(f"the key comes first: {content}")
    return Action(verb, values)


def _pieces(rest: str) -> Iterator[str]:
    start, inside = 0, False
    for at, sign in enumerate(rest):
        if sign == '"':
            inside = not inside
        elif sign == "," and not inside:
            yield rest[start:at]
            start = at + 1
    yield rest[start:]


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        if '"' in value or "=" in value or " " in value:
            raise MergeError(f"a value to be quoted: {value}")
        if not value:
            raise MergeError("an empty value is written as two quotation marks")
        return value
    if len(value) < 2 or not value.endswith('"') or '"' in value[1:-1]:
        raise MergeError(f"a quotation mark inside: {value}")
    return value[1:-1]
