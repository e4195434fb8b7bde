"""Doubts: behaviours of a real instance that nobody has shown in public, each with what it may be.

A doubt is asked at the one place where it matters: `world.doubts.says(FUNCTION, "refused")`. The first behaviour of
each is the default: what the best public source says, or the harsher one where no source speaks. REF is the vendor's
class reference of 2024.
"""

from __future__ import annotations

import difflib
import os
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

ENVIRONMENT = "IRISOPS_DOUBTS"
"""Variable with choices, NAME=VALUE, separated by blanks. They count less than `--doubt`."""
WIDTH = 80
"""Columns of what `described` gives."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One of the things that an instance may do. `source` is empty where nobody has shown it."""

    value: str
    meaning: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question about real instances. `reads` are the calls and statements that settle it."""

    name: str
    question: str
    behaviours: tuple[Behaviour, ...]
    settle: str
    reads: tuple[str, ...] = ()

    @property
    def default(self) -> str:
        """The value that counts unless another is chosen."""
        return self.behaviours[0].value


class DoubtError(ValueError):
    """No such doubt, or no such value; the text names the nearest."""


EXECUTE = Doubt(
    "execute",
    "Does an account without %All need EXECUTE to run a class query of the system as SQL?",
    (
        Behaviour(
            "needed",
            "-99 without GRANT EXECUTE on it",
            "REF lists in SQLPUBLICSECURITY what is public, and none of these; vscode-objectscript#106 measured -99",
        ),
        Behaviour("not-needed", "the privilege of the class is enough"),
    ),
    "as a user with %Admin_Secure:U, %DB_IRISSYS:R and no SQL grants, list the users",
    ("SELECT Name FROM Security.Users_List('*')",),
)
SECURITY_OBJECTS = Doubt(
    "security-objects",
    "From 2025.2 on, may an account without %All open, save and delete objects of Security.*?",
    (
        Behaviour(
            "protected",
            "%OpenId, %Save and %DeleteId throw <PROTECT>",
            "vendor: the globals are reached by %All alone, or by the classes' own methods",
        ),
        Behaviour("allowed", "%Admin_Secure:U and %DB_IRISSYS:R are enough"),
    ),
    "as a user with %Admin_Secure:U and %DB_IRISSYS:RW, open the own account",
    ("Security.Users.%OpenId(own name in lower case)",),
)
DICTIONARY = Doubt(
    "dictionary",
    "May an account without %All read the tables of %Dictionary?",
    (
        Behaviour(
            "refused", "-99 without a grant", "language-server#276; REF has no SQLPUBLICSECURITY there"
        ),
        Behaviour("readable", "all with %Service_SQL:U may"),
    ),
    "as a user without %All, count the classes",
    ("SELECT COUNT(*) FROM %Dictionary.CompiledClass",),
)
COMMUNITY_UNITS = Doubt(
    "community-units",
    "Does LUConsumed() of Community Edition move with each connection?",
    (
        Behaviour(
            "stay",
            "one for each identity, however many connections it has; the next above the limit is refused",
            "community.intersystems.com, measured in 2022: 5 processes, LUConsumed()=1, LUAvailable()=4",
        ),
        Behaviour("move", "one for each connection"),
    ),
    "open several terminals as one user and read it after each",
    ("%SYSTEM.License.LUConsumed()", "%SYSTEM.License:UserList (sum of Connects)"),
)
EMPTY_STRING = Doubt(
    "empty-string",
    "What does a class query make of '' in SQL, which arrives as $CHAR(0)?",
    (
        Behaviour("no-rows", "it fits nothing: a name matches no record, an end of time lies before all"),
        Behaviour("error", "the same for names; as a date it is an error"),
        Behaviour("empty", "it is taken for the empty string"),
    ),
    "list the audit records with '' and with NULL as the time, and compare",
    ("SELECT COUNT(*) FROM %SYS.Audit_List('','')", "SELECT COUNT(*) FROM %SYS.Audit_List(NULL,NULL)"),
)
GRANTED_VIA = Doubt(
    "granted-via",
    "What stands in GRANTED_VIA for a privilege that comes by a role?",
    (
        Behaviour("words", "Role; also Direct, Owner, SuperUser and _PUBLIC", "REF %Library.SQLCatalogPriv"),
        Behaviour("names", "the name of the role"),
    ),
    "list the privileges of a user that has one by a role, one by owning a table, and one by %All",
    ("%Library.SQLCatalogPriv:SQLUserPrivs(user)", "%SQL.Manager.CatalogPriv:UserPrivs(user)"),
)
LAST_LOGIN = Doubt(
    "last-login",
    "Which form has LastLoginTime in the lists of Security.Users?",
    (
        Behaviour(
            "horolog", "days,seconds of $HOROLOG in UTC; 0 for never", "REF: the property has this form"
        ),
        Behaviour("odbc", "YYYY-MM-DD HH:MM:SS"),
        Behaviour("empty", "it is always empty"),
    ),
    "list users of whom one has logged in",
    ("SELECT Name, LastLoginTime FROM Security.Users_List('*')",),
)
COLUMNS = Doubt(
    "columns",
    "Which columns have class queries whose columns were never listed in public (Security.Users:Detail ...)?",
    (
        Behaviour("shown", "those that public code reads", "OcuPilot names 10 of the 34 of Users:Detail"),
        Behaviour("all", "those that the class has properties for, too"),
    ),
    "read the description of the result",
    (
        "SELECT * FROM Security.Users_Detail('*')",
        "SELECT * FROM Security.Applications_Detail('*')",
        "SELECT * FROM Config.Namespaces_List()",
    ),
)
FUNCTION = Doubt(
    "function",
    "May a client call a function of a routine, such as $$DeleteSession^%SYS.cspServer?",
    (
        Behaviour("refused", "the call throws <NOROUTINE>; the vendor's guide has no chapter on it any more"),
        Behaviour("allowed", "as by code on the instance"),
    ),
    "with the driver in %SYS, call it with an id that no session has",
    ("iris.function('DeleteSession', '%SYS.cspServer', 'x')",),
)
ROW_SETS = Doubt(
    "row-sets",
    "Does the handle of a class query survive the way to the client and back?",
    (
        Behaviour(
            "lost", "it comes back empty, and Fetch finds no rows: many vendor queries keep an array there"
        ),
        Behaviour("kept", "Fetch and FetchRows go on"),
    ),
    "fetch a list by its methods and count the rows by %Library.ResultSet",
    ("%CSP.Session.SessionInfoExecute(.q)", "%CSP.Session.SessionInfoFetchRows(.q,0,.rows,.n,.end)"),
)
ROLE_RESOURCES = Doubt(
    "role-resources",
    "May a client change a role's privileges through its relationship Resources?",
    (
        Behaviour("refused", "the methods of the relationship throw <INVALID OREF>"),
        Behaviour("editable", "GetAt, Insert, RemoveAt and %Save of the role work"),
    ),
    "open a role of your own, change the Permission of GetAt's object, %Save the role and read it back",
    ("Security.Roles.%OpenId(role).Resources.Count()",),
)
PROJECTION = Doubt(
    "projection",
    "Are the lists of licenses, web sessions and SQL privileges SQL procedures?",
    (
        Behaviour("no", "they are class queries alone; no public code selects from one"),
        Behaviour("yes", "SELECT * FROM %SYSTEM.License_UserList() works"),
    ),
    "ask the class dictionary as a user with %All",
    ("SELECT parent, Name, SqlProc FROM %Dictionary.CompiledQuery WHERE parent = '%SYSTEM.License'",),
)
ADMIN_API = Doubt(
    "admin-api",
    "Does /api/admin (2026.2) answer while no license unit is free?",
    (
        Behaviour("refused", "503; that it takes no unit was measured, but not without a free one"),
        Behaviour("answers", "as always"),
    ),
    "use all units, then sign in to it",
    ("POST /api/admin/login",),
)
EVENT_ID = Doubt(
    "event-id",
    "By which id does %OpenId of Security.Events find an event?",
    (
        Behaviour("bars", "source||type||name in lower case", "REF: a ...LowerCase property for each part"),
        Behaviour("slashes", "also by source/type/name"),
    ),
    "as a user with %All, list the ids",
    ("SELECT ID FROM Security.Events",),
)
PROCEDURE_WORD = Doubt(
    "procedure-word",
    "Does GrantPrivilege of %SYSTEM.SQL.Security take PROCEDURE as the type of an object?",
    (
        Behaviour("refused", "it is an error", "REF: Table, View, Schema, Stored Procedures, ..."),
        Behaviour("taken", "it means Stored Procedures"),
    ),
    "grant EXECUTE on a procedure of your own with it, and read the status",
    ('%SYSTEM.SQL.Security.GrantPrivilege("EXECUTE", procedure, "PROCEDURE", user)',),
)
FEATURE_OPTIONS = Doubt(
    "feature-options",
    "Does the server grant the feature option FastSelect to a client that asks for it?",
    (
        Behaviour(
            "granted",
            "then a feature item stands before the columns of each query",
            "caretdev/go-irisnative reads one, and its tests run on real containers",
        ),
        Behaviour("none", "no such item, whatever the client asks for"),
    ),
    "connect with featureOptions=1: a SELECT works where it is granted, else the driver raises DataError",
    ('iris.connect(..., featureOptions=1).cursor().execute("SELECT 1")',),
)

DISABLED_APPLICATION = Doubt(
    "disabled-app",
    "What does a web application answer that is disabled?",
    (
        Behaviour("404", "as where there is none", "intersystems-servermanager#270, by the vendor's staff"),
        Behaviour("403", "Forbidden"),
    ),
    "disable one, then open it",
    ("GET /csp/user/",),
)

UNLICENSED_PAGE = Doubt(
    "unlicensed-page",
    "What does a CSP page answer while no license unit is free?",
    (
        Behaviour("503", "Service Unavailable, as REST requests", "public code: license-sessions 2.4"),
        Behaviour("404", "as where there is none", "the vendor's guide: iris-webapps-gateway 4.1"),
    ),
    "use all units, then open a page in a browser that holds none",
    ("GET /csp/user/",),
)

INDEX_STATUS = Doubt(
    "index-status",
    "Which status gives ValidateIndices when it found errors and did not correct them?",
    (
        Behaviour(
            "ok",
            "1: it did its work; the errors are in the array",
            "a vendor's sample tests status=1 for done",
        ),
        Behaviour("error", "an error status"),
    ),
    "kill one node of an index of a test class, validate it, look at status and errors",
    ("%SYSTEM.OBJ.ValidateIndices(class,$lb(index),0,1,0,0,.errors)",),
)
INDEX_ERRORS = Doubt(
    "index-errors",
    "Which subscripts has the array of errors that ValidateIndices fills?",
    (
        Behaviour("numbered", "errors(n) holds a text"),
        Behaviour("by-index", "errors(index,n) holds a text"),
    ),
    "kill one node of an index of a test class, validate it, zwrite errors",
    ("%SYSTEM.OBJ.ValidateIndices(class,$lb(index),0,1,0,0,.errors)",),
)
INDEX_REFUSAL = Doubt(
    "index-refusal",
    "How does ValidateIndices refuse an unknown class, or an account without the privilege?",
    (
        Behaviour("status", "by an error status: #5351, #940"),
        Behaviour("thrown", "it throws <CLASS DOES NOT EXIST> or <PROTECT>"),
    ),
    "validate a class that does not exist, and one as a user without SELECT on its table",
    ('%SYSTEM.OBJ.ValidateIndices("No.Such","",0,1,0,0,.errors)',),
)
INDEX_KINDS = Doubt(
    "index-kinds",
    "Does ValidateIndices check columnar, vector and iFind indexes?",
    (
        Behaviour("passed-over", "it finds nothing in them, whatever is wrong"),
        Behaviour("checked", "as all others"),
    ),
    "damage one of each kind in a test class, and validate it",
    ("%SYSTEM.OBJ.ValidateIndices(class,$lb(index),0,1,0,0,.errors)",),
)
BUILT_INDEX = Doubt(
    "built-index",
    "Is an index selectable again after BUILD INDEX?",
    (
        Behaviour(
            "selectable",
            "MAP_STATUS says Selectable",
            "the vendor's guide says it of BUILD INDEX without KEEP SELECTABILITY, and elsewhere the contrary",
        ),
        Behaviour("not-selectable", "only SetMapSelectability makes it so"),
    ),
    "read MAP_STATUS from a second connection while BUILD INDEX runs and afterwards",
    ("SELECT INDEX_NAME, MAP_STATUS FROM INFORMATION_SCHEMA.INDEXES WHERE TABLE_NAME = ?",),
)
DEVICE_OUTPUT = Doubt(
    "device-output",
    "Where does a native call write that prints to its device, as ValidateIndices does with verbose=1?",
    (Behaviour("breaks", "into the connection, which fails"), Behaviour("lost", "nowhere")),
    "on a throwaway instance, call %SYSTEM.License.ShowCounts() and then anything else",
    ("%SYSTEM.License.ShowCounts()",),
)

FREE_ROWS = Doubt(
    "free-rows",
    "Does SYS.Database:FreeSpace have a row for a database that is not mounted?",
    (
        Behaviour("none", "only mounted databases", "REF: the comment of the query"),
        Behaviour("text", "a row with the word Dismounted in Available", "VistA code of Caché times"),
    ),
    "dismount a database of your own, then list the free space",
    ("SYS.Database:FreeSpace",),
)
JOURNAL_FREE = Doubt(
    "journal-free",
    "In which unit does %SYS.Journal.System.GetFreeSpace() answer?",
    (
        Behaviour("bytes", "bytes", "iris-execute-mcp-v2 calls the field so"),
        Behaviour("megabytes", "MB"),
    ),
    "compare it with the free space of the disk",
    ("%SYS.Journal.System.GetFreeSpace()",),
)
DOUBTS: tuple[Doubt, ...] = (
    EXECUTE,
    SECURITY_OBJECTS,
    DICTIONARY,
    COMMUNITY_UNITS,
    EMPTY_STRING,
    GRANTED_VIA,
    LAST_LOGIN,
    COLUMNS,
    FUNCTION,
    ROW_SETS,
    ROLE_RESOURCES,
    PROJECTION,
    ADMIN_API,
    EVENT_ID,
    PROCEDURE_WORD,
    FEATURE_OPTIONS,
    DISABLED_APPLICATION,
    UNLICENSED_PAGE,
    INDEX_STATUS,
    INDEX_ERRORS,
    INDEX_REFUSAL,
    INDEX_KINDS,
    BUILT_INDEX,
    DEVICE_OUTPUT,
    FREE_ROWS,
    JOURNAL_FREE,
)


@dataclass(frozen=True, slots=True)
class Doubts:
    """What one instance does in each doubt. Hashable: equal choices are equal."""

    values: tuple[str, ...] = tuple(each.default for each in DOUBTS)
    """In the order of `DOUBTS`."""

    def says(self, doubt: Doubt, value: str) -> bool:
        """True if the instance does `value` in this doubt. Raises `DoubtError` for a value that it has not."""
        _check(doubt, value)
        return self.values[DOUBTS.index(doubt)] == value

    def choose(self, *choices: str) -> Doubts:
        """The same with other values, each as NAME=VALUE. Raises `DoubtError`."""
        values = dict(zip((each.name for each in DOUBTS), self.values, strict=True))
        for choice in choices:
            name, _, value = choice.partition("=")
            doubt = next((each for each in DOUBTS if each.name == name), None)
            if doubt is None:
                raise DoubtError(f"There is no doubt {name!r}. {_nearest(name, values)}")
            _check(doubt, value)
            values[name] = value
        return Doubts(tuple(values.values()))


def standing() -> Doubts:
    """The defaults, with what `IRISOPS_DOUBTS` chooses. Raises `DoubtError`."""
    return Doubts().choose(*os.environ.get(ENVIRONMENT, "").split())


def described(doubt: Doubt) -> Iterable[str]:
    """Lines for a terminal of 80 columns: question, behaviours with sources, the way to settle it."""
    yield doubt.name
    yield from wrapped(doubt.question, "  ")
    for behaviour in doubt.behaviours:
        default = " (default)" if behaviour.value == doubt.default else ""
        source = f" [{behaviour.source}]" if behaviour.source else ""
        yield from wrapped(f"{behaviour.value}{default}: {behaviour.meaning}{source}", "    ", hang=4)
    yield from wrapped(f"Settle: {doubt.settle}", "  ", hang=2)
    for read in doubt.reads:
        yield from wrapped(read, "    ", hang=4)


def wrapped(text: str, indent: str, *, hang: int = 0) -> list[str]:
    """A paragraph as lines, indented; all but the first by `hang` more."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent + " " * hang, break_on_hyphens=False
    )


def _check(doubt: Doubt, value: str) -> None:
    values = [each.value for each in doubt.behaviours]
    if value not in values:
        raise DoubtError(f"{doubt.name} is not {value!r}. {_nearest(value, values)}")


def _nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(word, names, 1, 0.5)
    return f"Did you mean {close[0]}?" if close else f"Choose one of: {', '.join(names)}."
