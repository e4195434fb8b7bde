"""Error texts of the driver and the instance, and the named errors made of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance import errors
from irisops.instance.calls import Call, ClassMethod, ObjectCall, ObjectStep, Query, Update
from irisops.instance.failures import (
    MASK,
    call_failure,
    connect_failure,
    is_missing,
    scrub,
    secrets_of,
    status_failure,
)

LINK = "<COMMUNICATION LINK ERROR> Failed to connect to server; Details: "
REPLY = f"{LINK}<COMMUNICATION ERROR> Invalid Message received; Details: "
OUT_OF_ORDER = "Invalid Message Sequence Number: expected: 1 got: 8"
TIMED_OUT = (
    f"{LINK}<COMMUNICATION LINK ERROR> Failed to receive message; Details: "
    "Error code: 110 Error message: Communication timed out"
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"{LINK}Error code: -1 Error message: ", errors.Unreachable),
        (
            f"{LINK}Error code: -2 Error message: getaddrinfo(no.such.host, 1972, 0, 0) failed",
            errors.Unreachable,
        ),
        (TIMED_OUT, errors.Unreachable),
        (f"{LINK}{LINK}Error code: -1 Error message: <SSL Error>", errors.Unreachable),
        (
            f"{LINK}<SUPPORT ERROR> connection failed: IRIS xDBC protocol is not compatible",
            errors.NotAnInstance,
        ),
        (
            f"{LINK}<COMMUNICATION ERROR> Message out of order; Details: {OUT_OF_ORDER}",
            errors.NotAnInstance,
        ),
        (f"{REPLY}Access Denied", errors.LoginRefused),
        (f"{REPLY}Invalid Username or Password", errors.LoginRefused),
        (f"{REPLY}ОШИБКА #831: User x invalid name or password", errors.LoginRefused),
        (f"{REPLY}something that nobody has documented", errors.LoginRefused),
        (f"{REPLY}Logins for Service %Service_Bindings are disabled", errors.LoginsOff),
        (f"{REPLY}User x account is disabled", errors.AccountDisabled),
        (f"{REPLY}ERROR #959: User x account has expired", errors.AccountDisabled),
        (f"{REPLY}Password change required.", errors.PasswordChangeRequired),
        (f"{REPLY}Password has expired", errors.PasswordChangeRequired),
        (f"{REPLY}<LICENSE LIMIT EXCEEDED>", errors.LicenseExhausted),
        (f"{REPLY}ERROR #5915: Cannot allocate a license", errors.LicenseExhausted),
        (f"{REPLY}Access Denied: Cannot access NOSUCH", errors.NamespaceUnknown),
        (f"{REPLY}<NAMESPACE>", errors.NamespaceUnknown),
        (f"{REPLY}Namespace NOSUCH does not exist", errors.NamespaceUnknown),
        (f"{REPLY}<PROTECT>", errors.NotPermitted),
    ],
)
def test_failed_connects(text: str, name: type[errors.InstanceProblem]) -> None:
    problem = connect_failure(text)
    assert type(problem) is name
    assert problem.detail == text.strip()
    assert problem.cure


@pytest.mark.parametrize(
    ("said", "message", "cure"),
    [
        (
            "Environment variable 'ISC_SSLconfigurations' not defined\n.\nReason: (2) No such file or directory\n",
            "ISC_SSLconfigurations is not set.",
            "Set it to the file",
        ),
        (
            "Could not open SSL configuration file '/nosuch/my defs.ini'\n.\nReason: (2) No such file or directory\n",
            "/nosuch/my defs.ini, cannot be opened (No such file or directory).",
            "Correct ISC_SSLconfigurations",
        ),
        (
            "Could not open SSL configuration file ''\n.\nReason: (2) No such file or directory\n",
            "(an empty name), cannot be opened",
            "Correct ISC_SSLconfigurations",
        ),
        (
            "Could not open SSL configuration file '/root/x'\n.\nReason: (13) Permission denied\n",
            "/root/x, cannot be opened (Permission denied).",
            "Correct ISC_SSLconfigurations",
        ),
        (
            'Could not read SSL configuration "My Config, new" from File /srv/defs.ini\n.\n',
            "there is no configuration My Config, new in /srv/defs.ini.",
            "a section [My Config, new]",
        ),
        (
            'Could not read SSL configuration "GD" from File /srv/tls\n.\nReason: (21) Is a directory\n',
            "/srv/tls, the file of ISC_SSLconfigurations, cannot be read (Is a directory).",
            "Correct ISC_SSLconfigurations",
        ),
    ],
)
def test_a_tls_configuration_that_is_missing_here(said: str, message: str, cure: str) -> None:
    """K9: was reported as a failed handshake."""
    problem = connect_failure(f"{LINK}Error code: 2 Error message: <SSL Error> {said}")
    assert type(problem) is errors.Unreachable
    assert problem.message.startswith("TLS is not set up on this machine: ")
    assert message in problem.message
    assert cure in problem.cure


def test_a_server_without_tls_is_told_as_before() -> None:
    problem = connect_failure(f"{LINK}{LINK}Error code: -6 Error message: <SSL Error> ")
    assert problem.message == "The TLS handshake failed."


def test_silence_and_a_hang_up_are_told_apart_by_their_time() -> None:
    silent = connect_failure(TIMED_OUT, elapsed=10.01, timeout=10)
    closed = connect_failure(TIMED_OUT, elapsed=0.0, timeout=10)
    assert "within 10 seconds" in silent.message
    assert "closed" in closed.message
    assert "license" in closed.cure


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("<CLASS DOES NOT EXIST> *No.Such", errors.InstanceError, None),
        (
            "<SQL ERROR>; Details: [SQLCODE: <-30>:<Table or view not found>] [%msg: < Table 'X.Y' not found>]",
            errors.InstanceError,
            -30,
        ),
        ("<SQL ERROR>; Details: [SQLCODE: <100>:<No more data>]", errors.InstanceError, 100),
        ("<SQL ERROR>; Details: [SQLCODE: <-99>:<Privilege violation>]", errors.NotPermitted, None),
        ("<PROTECT>zStart+3^Security.Users.1", errors.NotPermitted, None),
        (
            "<COMMUNICATION LINK ERROR> Failed to send message; Details: Error code: 104",
            errors.Unreachable,
            None,
        ),
        ("Error code: 110 Error message: Communication timed out", errors.Unreachable, None),
        ("<COMMUNICATION ERROR> Message out of order", errors.Unreachable, None),
        ("<LICENSE LIMIT EXCEEDED>", errors.LicenseExhausted, None),
        ("", errors.InstanceError, None),
    ],
)
def test_failed_calls(text: str, name: type[errors.InstanceProblem], code: int | None) -> None:
    problem = call_failure(text)
    assert type(problem) is name
    assert problem.message
    if isinstance(problem, errors.InstanceError):
        assert problem.code == code


def test_a_missing_privilege_is_named() -> None:
    named = status_failure("ERROR #921: Operation requires %Admin_Secure:U privilege")
    assert isinstance(named, errors.NotPermitted)
    assert named.privilege == "%Admin_Secure:U"
    assert "%Admin_Secure:U" in named.message
    on = status_failure("ERROR #922: Operation requires U privilege on resource %Admin_Operate")
    assert isinstance(on, errors.NotPermitted)
    assert on.privilege == "%Admin_Operate:U"
    unnamed = status_failure("FEHLER #822: Zugriff verweigert")
    assert isinstance(unnamed, errors.NotPermitted)
    assert unnamed.privilege == ""


def test_a_status_keeps_its_number_in_any_language() -> None:
    problem = status_failure("خطأ #838: User x does not exist")
    assert isinstance(problem, errors.InstanceError)
    assert problem.code == 838


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("<CLASS DOES NOT EXIST> *X", True),
        ("<METHOD DOES NOT EXIST> *X,Y", True),
        ("<SQL ERROR>; Details: [SQLCODE: <-359>:<SQL Function not found>]", True),
        ("<SQL ERROR>; Details: [SQLCODE: <-400>:<Fatal error occurred>]", False),
        ("ERROR #838: User x does not exist", False),
    ],
)
def test_only_an_absent_route_invites_the_next(text: str, missing: bool) -> None:
    assert is_missing(call_failure(text)) is missing


def test_secrets_are_found_in_the_calls_that_hold_them() -> None:
    secret = "it's-canary"
    found: list[Call] = [
        Update("CREATE USER \"x\" IDENTIFY BY 'it''s-canary'"),
        Update("ALTER USER x PASSWORD ?", (secret,)),
        ClassMethod("Security.Users", "Create", ("x", "%All", secret, "Full")),
        ClassMethod("%SYSTEM.Security", "ChangePassword", ("x", secret, "old")),
        ObjectCall("Security.Users", "%OpenId", ("x",), (ObjectStep("set", "PasswordExternal", (secret,)),)),
    ]
    for call in found:
        assert secret in secrets_of(call)
    assert secrets_of(Query("SELECT 'PASSWORD'")) == ()
    assert secrets_of(ClassMethod("Security.Users", "AddRoles", ("x", "y"))) == ()


def test_a_short_secret_does_not_spoil_innocent_words() -> None:
    assert scrub("SYS may not enter %SYS", ["SYS"]) == f"{MASK} may not enter %SYS"


passwords = st.text(alphabet=st.characters(categories=["L", "N", "P"]), min_size=6, max_size=20).filter(
    # A password that is part of a sentence of ours would be found there.
    lambda text: "•" not in text and any(letter.isdigit() for letter in text)
)


@given(st.text(), passwords, st.text(), st.floats(0, 20))
def test_no_text_makes_it_fail_or_lose_the_text_or_tell_a_password(
    before: str, password: str, after: str, elapsed: float
) -> None:
    for wrap in ("", REPLY, "<PROTECT> ", "ERROR #921: Operation requires "):
        text = f"{wrap}{before}{password}{after}"
        for problem in (
            connect_failure(text, secrets=(password,), elapsed=elapsed, timeout=10),
            call_failure(text, secrets=(password,)),
            status_failure(text, secrets=(password,)),
        ):
            for said in (problem.message, problem.cure, problem.detail, str(problem), repr(problem)):
                assert password not in said
            assert problem.detail == text.replace(password, MASK).strip()
