"""The doubts about real instances, and how reads settle them.

The names and values are those of `irisops simulator --doubt list` (a test compares them); the first value of each is
what public sources lead to expect. A doubt that reading cannot settle, or not on every instance, says what would: a
call by hand, for a throwaway instance.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from irisops.instance.calls import NO_ROWS_BY_METHODS
from irisops.instance.evidence import reads
from irisops.instance.evidence.findings import Findings
from irisops.instance.evidence.masks import shape
from irisops.instance.values import as_int, as_text

SECURE, IRISSYS, SQL = "%Admin_Secure:U", "%DB_IRISSYS:R", "%Service_SQL:U"
NO_PRIVILEGE = "SQLCODE -99"
HAS_ALL = "this account has %All; ask as one without it"


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer to a doubt, "" for none, and what it follows from or what is missing."""

    value: str
    because: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """One question with its possible answers, and what to do where the reads leave it open; "" if they say so."""

    name: str
    values: tuple[str, ...]
    settle: Callable[[Findings], Settled]
    by_hand: str = ""

    def answer(self, findings: Findings) -> Settled:
        """What the reads say to it."""
        settled = self.settle(findings)
        if settled.value or not self.by_hand:
            return settled
        return _open(f"{settled.because}; by hand: {self.by_hand}")


def _open(because: str) -> Settled:
    return Settled("", because)


def _ended(findings: Findings, name: str) -> str:
    """How a read ended, without the instance's words."""
    seen = findings.seen[name]
    if not seen.done:
        return f"{name}: not read"
    codes = ", ".join(seen.codes) or (seen.problem.name if seen.problem else "an answer of another kind")
    return f"{name}: {codes}"


def _not_for_all(findings: Findings, *privileges: str) -> str:
    """Why this account cannot settle a question about accounts without %All; "" if it can."""
    if findings.all is not False:
        return HAS_ALL if findings.all else "whether this account has %All is not known"
    lacking = findings.lacking(*privileges)
    return f"this account lacks {lacking}" if lacking else ""


def _execute(findings: Findings) -> Settled:
    if reason := _not_for_all(findings, SECURE, IRISSYS, SQL):
        return _open(reason)
    name = f"{reads.USERS} {reads.BY_SQL}"
    if findings.rows(name) is not None:
        if findings.number(reads.MAY_EXECUTE):
            return _open("this account was granted EXECUTE")
        return Settled("not-needed", f"{name} was read without EXECUTE")
    ended = _ended(findings, name)
    return Settled("needed", ended) if NO_PRIVILEGE in findings.seen[name].codes else _open(ended)


def _security_objects(findings: Findings) -> Settled:
    if findings.version is None or findings.version < (2025, 2):
        return _open("the question is about 2025.2 and later")
    if reason := _not_for_all(findings, SECURE, IRISSYS):
        return _open(reason)
    seen = findings.seen[reads.OWN_USER]
    if seen.answer is not None and seen.answer.found:
        return Settled("allowed", f"{reads.OWN_USER} was opened")
    ended = _ended(findings, reads.OWN_USER)
    return Settled("protected", ended) if "<PROTECT>" in seen.codes else _open(ended)


def _dictionary(findings: Findings) -> Settled:
    if reason := _not_for_all(findings, SQL):
        return _open(reason)
    if findings.rows(reads.DICTIONARY):
        if findings.number(reads.MAY_SELECT):
            return _open("this account was granted SELECT")
        return Settled("readable", f"{reads.DICTIONARY} was read")
    ended = _ended(findings, reads.DICTIONARY)
    codes = findings.seen[reads.DICTIONARY].codes
    return Settled("refused", ended) if NO_PRIVILEGE in codes else _open(ended)


def _community_units(findings: Findings) -> Settled:
    if not findings.community:
        return _open("the key is not known to be one of Community Edition")
    rows = findings.rows(reads.CONNECTIONS)
    consumed = findings.number(reads.UNITS_BEFORE)
    if rows is None or consumed is None or consumed != findings.number(reads.UNITS_AFTER):
        return _open("units and connections were not read, or moved meanwhile")
    connections, identities = _connections(findings), len(rows)
    said = f"LUConsumed {consumed}, connections {connections}, identities {identities}"
    if connections == identities:
        return _open(f"{said}: open a second connection from one address, then ask again")
    values = {connections: "move", identities: "stay"}
    return Settled(values[consumed], said) if consumed in values else _open(said)


def _empty_string(findings: Findings) -> Settled:
    if not findings.rows(reads.NULL_TIMES):
        if findings.rows(reads.NULL_TIMES) is not None:
            return _open("there is no audit record")
        return _open(_ended(findings, reads.NULL_TIMES))
    rows = findings.rows(reads.EMPTY_TIMES)
    if rows is not None:
        said = "rows with NULL as times, {} with ''"
        return Settled("empty", said.format("and")) if rows else Settled("no-rows", said.format("none"))
    seen, ended = findings.seen[reads.EMPTY_TIMES], _ended(findings, reads.EMPTY_TIMES)
    return _open(ended) if seen.refused or not seen.codes else Settled("error", ended)


def _granted_via(findings: Findings) -> Settled:
    for query in reads.GRANTS:
        rows = findings.rows(f"{query}, {reads.OWN}") or ()
        words = {as_text(row.get("granted_via")).strip() for row in rows}
        for word in sorted(words):
            if word.casefold() in ("role", "superuser", "owner"):
                return Settled("words", f"{query} says {word.capitalize()}")
            if word.startswith("%") or word in findings.own_roles:
                return Settled("names", f"{query} says {shape(word)}, a role")
    return _open("the own account has no SQL privilege in %SYS by a role; ask as one that has")


def _last_login(findings: Findings) -> Settled:
    """The own account has logged in, so its time cannot be missing for want of a login."""
    for way in (reads.BY_SQL, reads.BY_CELLS):
        rows = findings.rows(f"{reads.USERS} {way}, {reads.OWN}")
        own = [row for row in rows or () if as_text(row.get("name")).casefold() == findings.user.casefold()]
        if not own:
            continue
        text = as_text(own[0].get("lastlogintime")).strip()
        if not text:
            return Settled("empty", "LastLoginTime is empty for an account that is logged in")
        for value, form in (("horolog", r"\d{5,6},\d{1,5}"), ("odbc", r"\d{4}-\d\d-\d\d\b.*")):
            if re.fullmatch(form, text):
                return Settled(value, f"LastLoginTime is {shape(text)}")
        return _open(f"LastLoginTime is {shape(text)}, which is none of the known forms")
    return _open(_ended(findings, f"{reads.USERS} {reads.BY_CELLS}, {reads.OWN}"))


def _columns(findings: Findings) -> Settled:
    for way in (reads.BY_SQL, reads.BY_CELLS):
        columns = findings.columns(f"{reads.DETAIL} {way}")
        if columns:
            value = "all" if "createdatetime" in columns else "shown"
            return Settled(value, f"{reads.DETAIL} has {len(columns)} columns")
    return _open(_ended(findings, f"{reads.DETAIL} {reads.BY_CELLS}"))


def _row_sets(findings: Findings) -> Settled:
    seen = findings.seen[reads.ROW_SETS]
    if seen.rows is not None and seen.rows.rows:
        return Settled("kept", f"{reads.ROW_SETS} gave rows")
    if seen.problem is not None and NO_ROWS_BY_METHODS in seen.problem.message:
        return Settled("lost", f"{reads.ROW_SETS} gave no rows, but a result set has some")
    return _open(_ended(findings, reads.ROW_SETS))


def _role_resources(findings: Findings) -> Settled:
    if findings.number(reads.ROLE_RESOURCES) is not None:
        return Settled(
            "editable", "Resources.Count of a role answered; that changes work, only a change can show"
        )
    ended = _ended(findings, reads.ROLE_RESOURCES)
    codes = findings.seen[reads.ROLE_RESOURCES].codes
    return Settled("refused", ended) if "<INVALID OREF>" in codes else _open(ended)


def _event_id(findings: Findings) -> Settled:
    by_slashes, by_bars = (findings.seen[name].answer for name in (reads.BY_SLASHES, reads.BY_BARS))
    if by_slashes is not None and by_slashes.found:
        return Settled("slashes", f"{reads.BY_SLASHES} was opened")
    if by_bars is not None and by_bars.found:
        return Settled("bars", f"{reads.BY_BARS} alone was opened")
    return _open(_ended(findings, reads.BY_BARS))


def _projection(findings: Findings) -> Settled:
    class_name, _, query = reads.HOLDERS.partition(":")
    projected = findings.projected(class_name, query)
    if projected is None:
        return _open(_ended(findings, reads.DICTIONARY))
    return Settled("yes" if projected else "no", f"SqlProc of {reads.HOLDERS} in the class dictionary")


def _function(findings: Findings) -> Settled:
    """Any answer will do: what the function says of an unknown session is not public."""
    seen = findings.seen[reads.DELETE_SESSION]
    if seen.answer is not None:
        return Settled("allowed", f"{reads.DELETE_SESSION}: it was called")
    ended = _ended(findings, reads.DELETE_SESSION)
    return Settled("refused", ended) if "<NOROUTINE>" in seen.codes else _open(ended)


def _admin_api(findings: Findings) -> Settled:
    """Settled while no unit is free. The account's own unit might do for the sign-in but on Community Edition."""
    if findings.version is None or findings.version < (2026, 2):
        return _open("the question is about 2026.2 and later")
    seen = findings.seen[reads.BY_REST]
    if seen.problem is not None and "HTTP 503" not in seen.codes:
        return _open(_ended(findings, reads.BY_REST))
    free = findings.number("%SYSTEM.License.LUAvailable")
    if findings.community:
        limit, taken = findings.number("%SYSTEM.License.KeyLicenseUnits"), _connections(findings)
        free = None if limit is None or taken is None else max(limit - taken, 0)
    if free != 0:
        return _open("units are free" if free else "free units were not read")
    if seen.rows is None:
        return Settled("refused", f"{_ended(findings, reads.BY_REST)} while no unit is free")
    if not findings.community:
        return _open("it answers while no unit is free, but the account's own may do for it")
    return Settled("answers", f"{reads.BY_REST} were read while no unit is free")


def _connections(findings: Findings) -> int | None:
    """Places taken on Community Edition; a holder without connections has one reserved."""
    rows = findings.rows(reads.CONNECTIONS)
    return None if rows is None else sum(max(as_int(row.get("connects")) or 0, 1) for row in rows)


def _never(reason: str) -> Callable[[Findings], Settled]:
    return lambda _findings: _open(f"not by reading: {reason}")


_DAMAGED = "an index must be damaged"
_VALIDATE = 'set status=##class(%SYSTEM.OBJ).ValidateIndices("CLASS",$lb("INDEX"),0,1,0,0,.errors)'
"""ObjectScript for a terminal in the namespace of the class."""

DOUBTS: tuple[Doubt, ...] = (
    Doubt("execute", ("needed", "not-needed"), _execute),
    Doubt("security-objects", ("protected", "allowed"), _security_objects),
    Doubt("dictionary", ("refused", "readable"), _dictionary),
    Doubt("community-units", ("stay", "move"), _community_units),
    Doubt("empty-string", ("no-rows", "error", "empty"), _empty_string),
    Doubt("granted-via", ("words", "names"), _granted_via),
    Doubt("last-login", ("horolog", "odbc", "empty"), _last_login),
    Doubt("columns", ("shown", "all"), _columns),
    Doubt("function", ("refused", "allowed"), _function),
    Doubt("row-sets", ("lost", "kept"), _row_sets),
    Doubt("role-resources", ("refused", "editable"), _role_resources),
    Doubt("projection", ("no", "yes"), _projection),
    Doubt(
        "admin-api",
        ("refused", "answers"),
        _admin_api,
        "on a Community Edition, /profile edit NAME web_port=PORT, /connect, open terminals until one is refused, then "
        "/evidence",
    ),
    Doubt("event-id", ("bars", "slashes"), _event_id),
    Doubt(
        "procedure-word",
        ("refused", "taken"),
        _never("something must be granted"),
        'as %All, write ##class(%SYSTEM.SQL.Security).GrantPrivilege("EXECUTE","PROC","PROCEDURE","NAME"), with a '
        "procedure and an account of yours: 1 is taken, an error refused",
    ),
    Doubt(
        "feature-options",
        ("granted", "none"),
        _never("it needs a login that asks for it"),
        'in Python, iris.connect(..., featureOptions=1).cursor().execute("SELECT 1"): it works where the option is '
        "granted, and raises DataError for none",
    ),
    Doubt(
        "disabled-app",
        ("404", "403"),
        _never("an application must be disabled"),
        "as %All, curl -i http://HOST:PORT/APP/ after /app /APP disable, with an application of yours",
    ),
    Doubt(
        "unlicensed-page",
        ("503", "404"),
        _never("no license unit may be free"),
        "on a Community Edition, open terminals until one is refused, then curl -i http://HOST:PORT/APP/, with an "
        "application that has pages",
    ),
    Doubt(
        "index-status",
        ("ok", "error"),
        _never(_DAMAGED),
        f"kill one node of an index of a test class, then {_VALIDATE} write status: 1 is ok, anything else error",
    ),
    Doubt(
        "index-errors",
        ("numbered", "by-index"),
        _never(_DAMAGED),
        f"kill one node of an index of a test class, then {_VALIDATE} zwrite errors: errors(1) is numbered, "
        'errors("INDEX",1) by-index',
    ),
    Doubt(
        "index-refusal",
        ("status", "thrown"),
        _never("ValidateIndices must be called for a class that does not exist"),
        'write ##class(%SYSTEM.OBJ).ValidateIndices("No.Such","",0,1,0,0,.errors): a status is status, <CLASS DOES NOT '
        "EXIST> thrown",
    ),
    Doubt(
        "index-kinds",
        ("passed-over", "checked"),
        _never(_DAMAGED),
        f"kill one node of a columnar, vector or iFind index of a test class, then {_VALIDATE} zwrite errors: nothing "
        "is passed-over, an entry checked",
    ),
    Doubt(
        "built-index",
        ("selectable", "not-selectable"),
        _never("an index must be built"),
        "BUILD INDEX FOR TABLE SCHEMA.TABLE, with a table of yours, then SELECT INDEX_NAME, MAP_STATUS FROM "
        "INFORMATION_SCHEMA.INDEXES WHERE TABLE_NAME = 'TABLE': Selectable is selectable, anything else not-selectable",
    ),
    Doubt(
        "device-output",
        ("breaks", "lost"),
        _never("it can break the connection"),
        'in Python, iris.createIRIS(connection).classMethodVoid("%SYSTEM.License", "ShowCounts"), then any other call: '
        "an error in either is breaks, answers are lost",
    ),
    Doubt(
        "free-rows",
        ("none", "text"),
        _never("a database must be dismounted"),
        "/database dismount NAME, with a database of yours, then /evidence: SYS.Database:FreeSpace has a row of it for "
        "text",
    ),
    Doubt(
        "journal-free",
        ("bytes", "megabytes"),
        _never("the disk must be looked at"),
        "as %All in %SYS, write ##class(%SYS.Journal.System).GetFreeSpace() and compare it with the journal's disk",
    ),
)
