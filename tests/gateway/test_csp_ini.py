"""CSP.ini: read, and changed in one value with every other byte kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.gateway.csp_ini import SYSTEM, CspIni, CspIniError, form_of, refusal_of

FILE = (
    b"[SYSTEM]\r\n; by hand\r\nSM_Timeout=28800\r\nUsername=CSPSystem\r\nPassword=PBKDF2|x=y|\r\n\r\n"
    b"[SYSTEM_INDEX]\r\nLOCAL=Enabled\r\n[LOCAL]\r\nIp_Address=127.0.0.1\r\nUsername=CSPSystem\r\nPassword=]]]U1lT\r\n"
)


def test_sections_and_values_are_read_with_their_case() -> None:
    ini = CspIni(FILE)
    assert ini.sections == ("SYSTEM", "SYSTEM_INDEX", "LOCAL")
    assert ini.section("SYSTEM")["Password"] == "PBKDF2|x=y|"
    assert ini.section("LOCAL")["Password"] == "]]]U1lT"
    assert ini.section("local") == {}
    assert "; by hand" not in ini.section("SYSTEM")


def test_one_value_is_changed_and_nothing_else() -> None:
    assert CspIni(FILE).with_value(SYSTEM, "Password", "new") == FILE.replace(b"PBKDF2|x=y|", b"new")


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_missing_key_is_added_at_the_end_of_its_section(end: bytes) -> None:
    file = end.join((b"[SYSTEM]", b"A=1", b"", b"[LOCAL]", b"B=2", b""))
    changed = end.join((b"[SYSTEM]", b"A=1", b"Password=x", b"", b"[LOCAL]", b"B=2", b""))
    assert CspIni(file).with_value(SYSTEM, "Password", "x") == changed


def test_a_last_line_without_an_end_gets_one() -> None:
    assert CspIni(b"[SYSTEM]\nA=1").with_value(SYSTEM, "Password", "x") == b"[SYSTEM]\nA=1\nPassword=x\n"
    assert CspIni(b"[SYSTEM]").with_value(SYSTEM, "Password", "x") == b"[SYSTEM]\nPassword=x\n"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no section"),
        (b"[LOCAL]\nPassword=x\n", "no section"),
        ("[SYSTEM]\nPassword=x\n".encode("utf-16"), "UTF-16"),
        (b"[SYSTEM]\n" + b"x" * 1_000_001, "more than"),
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(CspIniError, match=why):
        CspIni(data)


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(CspIniError, match="2 times"):
        CspIni(b"[SYSTEM]\nPassword=a\nPassword=b\n").with_value(SYSTEM, "Password", "x")


def test_forms_of_a_password() -> None:
    assert form_of("", "management") == "none"
    assert form_of("PBKDF2|abc", "management") == "hashed"
    assert form_of("1Bx4tt88mttAWaf7isJg3Urqc2zE", "management") == "hashed, in the older form"
    assert form_of("geheim", "management").startswith("in clear")
    assert form_of("]]]U1lT", "server").startswith("encoded")
    assert form_of("{cat /run/secret}", "server") == "from a command"


@pytest.mark.parametrize(
    "password", ["", "1abc", "PBKDF2|abc", "{cat x}", " blank", "blank ", "naïve", "a\nb"]
)
def test_a_password_that_the_gateway_would_take_for_something_else_is_refused(password: str) -> None:
    assert refusal_of(password, "management")
    assert not refusal_of("Geheim-12345", "management")


_LINES = st.lists(
    st.one_of(
        st.sampled_from([b"[LOCAL]", b"; remark", b"", b"Username=x", b"noise", b"A = b=c "]),
        st.binary(max_size=20).map(
            lambda raw: raw.translate(None, b"\0\r\n[]") + b" " if raw.strip() else b"# x"
        ),
    ),
    max_size=12,
)


@given(before=_LINES, after=_LINES, end=st.sampled_from([b"\n", b"\r\n"]), bom=st.booleans())
def test_whatever_stands_around_it_stays(
    before: list[bytes], after: list[bytes], end: bytes, bom: bool
) -> None:
    head = (b"\xef\xbb\xbf" if bom else b"") + b"[SYSTEM]"
    before = [line for line in before if line != b"[LOCAL]" and not line.strip().startswith(b"Password")]
    after = [b"[LOCAL]", *after]
    file = end.join((head, *before, b"Password=old", *after))
    wanted = end.join((head, *before, b"Password=Neu-1", *after))
    changed = CspIni(file).with_value(SYSTEM, "Password", "Neu-1")
    assert changed == wanted
    assert CspIni(changed).with_value(SYSTEM, "Password", "old") == file
