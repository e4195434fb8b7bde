"""How SQL statements fail: the codes and texts of the InterSystems SQL error table.

Codes and texts are those of the public "InterSystems Error Reference", table of SQL error codes. The `%msg` detail that
a real instance adds to many of them is not documented word for word; what stands after the text here names the thing
at fault, in a form seen in public traces (`Table 'SQLUSER.NOPE' not found`).

UNVERIFIED: the wording of that detail. On a real instance: SELECT x FROM Nix.Such, and SELECT NoSuch FROM
%SYS.ProcessQuery. UNVERIFIED: the texts of -35, -62, -86, -325 and -377, of which only the codes were found. On a real
instance: SELECT %SYSTEM.SQL_SQLCODE(-35), and so on.
"""

from __future__ import annotations

from irisops.simulator.backend import SqlFailure

INVALID_STATEMENT = -1
TERM_EXPECTED = -12
TABLE_NOT_FOUND = -30
FIELD_NOT_FOUND = -29
PRIVILEGE_VIOLATION = -99
NO_DATA = 100
FATAL_ERROR = -400

_TEXTS = {
    100: "No (more) data",
    -1: "Invalid SQL statement",
    -3: 'Closing quote (") missing',
    -5: "Column number specified in ORDER does not match SELECT list",
    -6: "ORDER BY column after UNION not found as SELECT column",
    -7: "Exponent out of range",
    -8: "Invalid DATEPART code for DATEPART(), DATENAME(), DATEADD(), or DATEDIFF()",
    -9: "Incompatible SELECT lists used in UNION/INTERSECT/EXCEPT",
    -10: "The SELECT list of the subquery must have exactly one item",
    -11: "A scalar expression expected, not a condition",
    -12: "A term expected, beginning with one of the following: identifier, constant, aggregate, $$, :, (, +, -, "
    "%ALPHAUP, %EXACT, %MVR, %SQLSTRING, %SQLUPPER, %STRING, or %UPPER",
    -14: "A comparison operator is required here",
    -19: "An aggregate function cannot be used in a WHERE or GROUP BY clause",
    -20: "Name conflict in the FROM list over label",
    -23: "Label is not listed among the applicable tables",
    -26: "Missing FROM clause",
    -25: "Input encountered after end of query",
    -27: "Field is ambiguous among the applicable tables",
    -29: "Field not found in the applicable tables",
    -30: "Table or view not found",
    -35: "Field or view is not updateable",
    -51: "SQL statement expected",
    -55: "Invalid GRANT <role> TO or REVOKE <role> FROM",
    -56: "GRANT/REVOKE Action not applicable to an object of this type",
    -60: "An action (%ALTER, SELECT, UPDATE, etc.) expected",
    -63: "Data exception - invalid escape character",
    -62: "Cardinality mismatch on INSERT/UPDATE between the list of columns and the list of values",
    -65: "Positive integer constant or variable expected",
    -86: "Field, specified in a UNIQUE or PRIMARY KEY constraint, does not exist",
    -99: "Privilege violation",
    -104: "Field validation failed in INSERT, or value failed to convert in DisplayToLogical or OdbcToLogical",
    -105: "Field validation failed in UPDATE",
    -106: "Row to DELETE not found",
    -107: "Cannot UPDATE RowID or RowID based on fields",
    -108: "Required field missing; INSERT or UPDATE not allowed",
    -109: "Cannot find the row designated for UPDATE",
    -110: "Locking conflict in filing",
    -111: "Cannot INSERT into a 'Default Only' RowID or RowID based on field",
    -116: "Cardinality mismatch on INSERT/UPDATE between values list and number of table columns",
    -119: "UNIQUE or PRIMARY KEY constraint failed uniqueness check upon INSERT",
    -120: "UNIQUE or PRIMARY KEY constraint failed uniqueness check upon UPDATE",
    -121: "FOREIGN KEY constraint failed referential check upon INSERT of row in referencing table",
    -122: "FOREIGN KEY constraint failed referential check upon UPDATE of row in referencing table",
    -123: "FOREIGN KEY constraint failed referential check upon UPDATE of row in referenced table",
    -124: "FOREIGN KEY constraint failed referential check upon DELETE of row in referenced table",
    -125: "UNIQUE or PRIMARY KEY constraint failed uniqueness check upon creation of the constraint",
    -127: "FOREIGN KEY constraint failed referential check upon creation of the constraint",
    -130: "Before Insert trigger failed",
    -132: "Before Update trigger failed",
    -134: "Before Delete trigger failed",
    -138: "Cannot INSERT/UPDATE a value for a read only field",
    -142: "Cardinality mismatch between the view-column-list and view query's SELECT clause",
    -146: "Unable to convert date input to a valid logical date value",
    -147: "Unable to convert time input to a valid logical time value",
    -201: "Table or view name not unique",
    -300: "DDL not allowed on this table definition",
    -304: "Attempt to add a NOT NULL field with no default value to a table which contains data",
    -305: "Attempt to make field required when the table has one or more rows where the column value is NULL",
    -306: "Column with this name already exists",
    -307: "Primary key already defined for this table",
    -308: "Identity column already defined for this table",
    -310: "Foreign key references non-existent table",
    -311: "Foreign key with same name already defined for this table",
    -312: "Invalid schema name. Must use delimited identifiers to reference this schema name",
    -314: "Foreign key references non-unique key/column collection",
    -315: "Constraint or key not found",
    -316: "Foreign key references non-existent key/column collection",
    -317: "Cannot DROP constraint - one or more foreign key constraints reference this unique constraint",
    -319: "Referenced table has no primary key defined",
    -320: "Cannot DROP table - one or more foreign key constraints reference this table",
    -322: "Cannot DROP column - column is defined on one or more indexes or constraints",
    -324: "Index with this name already defined for this table",
    -325: "Index cannot be dropped because it is the IDKEY index or belongs to a constraint",
    -333: "No such index defined",
    -334: "Index name is ambiguous. Index found in multiple tables",
    -359: "SQL Function (function stored procedure) not found",
    -400: "Fatal error occurred",
    -377: "Duplicate field names in INSERT or UPDATE",
    -427: "Invalid stored procedure name",
    -428: "Stored procedure not found",
    -429: "Invalid number of input/output parameters for stored procedure",
    -450: "Request timed out due to user timeout",
}


def failure(sqlcode: int, detail: str = "") -> SqlFailure:
    """The failure with the documented text of `sqlcode`, and `detail` after it."""
    text = _TEXTS[sqlcode]
    return SqlFailure(sqlcode, f"{text}: {detail}" if detail else text)


def unsupported(what: str) -> SqlFailure:
    """A construct that IRIS has and this simulator has not. It must never be mistaken for a syntax error of IRIS."""
    return SqlFailure(FATAL_ERROR, f"{_TEXTS[FATAL_ERROR]}: this simulator does not emulate {what}")
