"""The words and symbols of InterSystems SQL, and sqlglot's tokens for them."""

from __future__ import annotations

from sqlglot.tokenizer_core import TokenType

from irisops.simulator.sql.catalog import SqlType

KEYWORDS: dict[str, TokenType] = {
    "ALL": TokenType.ALL,
    "AND": TokenType.AND,
    "ANY": TokenType.ANY,
    "AS": TokenType.ALIAS,
    "ASC": TokenType.ASC,
    "BETWEEN": TokenType.BETWEEN,
    "CASE": TokenType.CASE,
    "CROSS": TokenType.CROSS,
    "DESC": TokenType.DESC,
    "DISTINCT": TokenType.DISTINCT,
    "ELSE": TokenType.ELSE,
    "END": TokenType.END,
    "ESCAPE": TokenType.HASH_DASH,
    "EXCEPT": TokenType.EXCEPT,
    "EXISTS": TokenType.EXISTS,
    "FETCH": TokenType.FETCH,
    "FIRST": TokenType.FIRST,
    "FROM": TokenType.FROM,
    "FULL": TokenType.FULL,
    "HAVING": TokenType.HAVING,
    "IN": TokenType.IN,
    "INNER": TokenType.INNER,
    "INTERSECT": TokenType.INTERSECT,
    "IS": TokenType.IS,
    "JOIN": TokenType.JOIN,
    "LEFT": TokenType.LEFT,
    "LIKE": TokenType.LIKE,
    "LIMIT": TokenType.LIMIT,
    "NEXT": TokenType.NEXT,
    "NOT": TokenType.NOT,
    "NULL": TokenType.NULL,
    "OFFSET": TokenType.OFFSET,
    "ON": TokenType.ON,
    "ONLY": TokenType.VAR,
    "OR": TokenType.OR,
    "OUTER": TokenType.OUTER,
    "OVER": TokenType.OVER,
    "RIGHT": TokenType.RIGHT,
    "ROWS": TokenType.ROWS,
    "SELECT": TokenType.SELECT,
    "SOME": TokenType.SOME,
    "THEN": TokenType.THEN,
    "TOP": TokenType.TOP,
    "UNION": TokenType.UNION,
    "USING": TokenType.USING,
    "WHEN": TokenType.WHEN,
    "WHERE": TokenType.WHERE,
    "WITH": TokenType.WITH,
    "%STARTSWITH": TokenType.GLOB,
}

PAIRS = {
    ("GROUP", "BY"): TokenType.GROUP_BY,
    ("ORDER", "BY"): TokenType.ORDER_BY,
    ("PARTITION", "BY"): TokenType.PARTITION_BY,
}

CALLABLE_KEYWORDS = frozenset({"LEFT", "RIGHT"})
"""Keywords that are function names before a parenthesis."""

SYMBOLS: dict[str, TokenType] = {
    "<>": TokenType.NEQ,
    "!=": TokenType.NEQ,
    "<=": TokenType.LTE,
    ">=": TokenType.GTE,
    "||": TokenType.DPIPE,
    "-": TokenType.DASH,
    "+": TokenType.PLUS,
    "*": TokenType.STAR,
    "/": TokenType.SLASH,
    "\\": TokenType.DIV,
    "#": TokenType.MOD,
    "=": TokenType.EQ,
    "<": TokenType.LT,
    ">": TokenType.GT,
    "(": TokenType.L_PAREN,
    ")": TokenType.R_PAREN,
    ",": TokenType.COMMA,
    ".": TokenType.DOT,
    "[": TokenType.OVERLAPS,
    "]": TokenType.ADJACENT,
    "&": TokenType.AND,
    "!": TokenType.OR,
}

TYPES: dict[str, TokenType] = {
    "BIGINT": TokenType.BIGINT,
    "BIT": TokenType.BIT,
    "CHAR": TokenType.CHAR,
    "CHARACTER": TokenType.CHAR,
    "DATE": TokenType.DATE,
    "DATETIME": TokenType.DATETIME,
    "DEC": TokenType.DECIMAL,
    "DECIMAL": TokenType.DECIMAL,
    "DOUBLE": TokenType.DOUBLE,
    "FLOAT": TokenType.FLOAT,
    "INT": TokenType.INT,
    "INTEGER": TokenType.INT,
    "MONEY": TokenType.MONEY,
    "NUMERIC": TokenType.DECIMAL,
    "NVARCHAR": TokenType.NVARCHAR,
    "REAL": TokenType.FLOAT,
    "SMALLINT": TokenType.SMALLINT,
    "TIME": TokenType.TIME,
    "TIMESTAMP": TokenType.TIMESTAMP,
    "TINYINT": TokenType.TINYINT,
    "VARCHAR": TokenType.VARCHAR,
    "VARCHAR2": TokenType.VARCHAR,
}

PREFIX_FUNCTIONS = frozenset(
    {"%ALPHAUP", "%EXACT", "%SQLSTRING", "%SQLUPPER", "%STRING", "%UPPER", "%TRUNCATE", "%MVR"}
)
"""Collation functions; their parentheses are optional: `ORDER BY %EXACT Name`."""

_RESERVED = """
%AFTERHAVING %ALLINDEX %ALPHAUP %ALTER %BEGTRANS %CHECKPRIV %CLASSNAME %CLASSPARAMETER %DBUGFULL %DELDATA
%DESCRIPTION %EXACT %EXTERNAL %FILE %FIRSTTABLE %FLATTEN %FOREACH %FULL %IDADDED %IGNOREINDEX %IGNOREINDICES
%INLIST %INORDER %INTERNAL %INTEXT %INTRANS %INTRANSACTION %KEY %MATCHES %MCODE %MERGE %MINUS %MVR %NOCHECK
%NODELDATA %NOFLATTEN %NOFPLAN %NOINDEX %NOLOCK %NOMERGE %NOPARALLEL %NOREDUCE %NORUNTIME %NOSVSO %NOTOPOPT
%NOTRIGGER %NOUNIONOROPT %NUMROWS %ODBCIN %ODBCOUT %PARALLEL %PLUS %PROFILE %PROFILE_ALL %PUBLICROWID
%ROUTINE %ROWCOUNT %RUNTIMEIN %RUNTIMEOUT %SQLSTRING %SQLUPPER %STARTSWITH %STARTTABLE %STRING %TABLENAME
%TRUNCATE %UPPER %VALUE %VID ABSOLUTE ADD ALL ALLOCATE ALTER AND ANY ARE AS ASC ASSERTION AT AUTHORIZATION
AVG BEGIN BETWEEN BIT BIT_LENGTH BOTH BY CASCADE CASE CAST CHAR CHARACTER CHARACTER_LENGTH CHAR_LENGTH CHECK
CLOSE COALESCE COLLATE COMMIT CONNECT CONNECTION CONSTRAINT CONSTRAINTS CONTINUE CONVERT CORRESPONDING COUNT
CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATE DEALLOCATE DEC
DECIMAL DECLARE DEFAULT DEFERRABLE DEFERRED DELETE DESC DESCRIBE DESCRIPTOR DIAGNOSTICS DISCONNECT DISTINCT
DOMAIN DOUBLE DROP ELSE END ENDEXEC ESCAPE EXCEPT EXCEPTION EXEC EXECUTE EXISTS EXTERNAL EXTRACT FALSE FETCH
FIRST FLOAT FOR FOREIGN FOUND FROM FULL GET GLOBAL GO GOTO GRANT GROUP HAVING HOUR IDENTITY IMMEDIATE IN
INDICATOR INITIALLY INNER INPUT INSENSITIVE INSERT INT INTEGER INTERSECT INTERVAL INTO IS ISOLATION JOIN
LANGUAGE LAST LEADING LEFT LEVEL LIKE LOCAL LOWER MATCH MAX MIN MINUTE MODULE NAMES NATIONAL NATURAL NCHAR
NEXT NO NOT NULL NULLIF NUMERIC OCTET_LENGTH OF ON ONLY OPEN OPTION OR OUTER OUTPUT OVERLAPS PAD PARTIAL
PREPARE PRESERVE PRIMARY PRIOR PRIVILEGES PROCEDURE PUBLIC READ REAL REFERENCES RELATIVE RESTRICT REVOKE
RIGHT ROLE ROLLBACK ROWS SCHEMA SCROLL SECOND SECTION SELECT SESSION_USER SET SHARD SMALLINT SOME SPACE
SQLERROR SQLSTATE STATISTICS SUBSTRING SUM SYSDATE SYSTEM_USER TABLE TEMPORARY THEN TIME TIMEZONE_HOUR
TIMEZONE_MINUTE TO TOP TRAILING TRANSACTION TRIM TRUE UNION UNIQUE UPDATE UPPER USER USING VALUES VARCHAR
VARYING WHEN WHENEVER WHERE WITH WORK WRITE
"""

RESERVED_WORDS = frozenset(_RESERVED.split())
"""Reserved Words of the InterSystems SQL Reference; identifiers only in quotes."""

OBJECTSCRIPT_VARIABLES = {
    "$HOROLOG": ("$H", SqlType.VARCHAR),
    "$JOB": ("$J", SqlType.VARCHAR),
    "$NAMESPACE": ("", SqlType.VARCHAR),
    "$TLEVEL": ("$TL", SqlType.INTEGER),
    "$USERNAME": ("", SqlType.VARCHAR),
    "$ZHOROLOG": ("$ZH", SqlType.NUMERIC),
    "$ZNSPACE": ("", SqlType.VARCHAR),
    "$ZPI": ("", SqlType.NUMERIC),
    "$ZTIMESTAMP": ("$ZTS", SqlType.VARCHAR),
    "$ZTIMEZONE": ("$ZTZ", SqlType.INTEGER),
    "$ZVERSION": ("$ZV", SqlType.VARCHAR),
}
"""Special variables of ObjectScript that SQL knows: abbreviation and type, "Special Variables" of the InterSystems SQL
Reference. It has $ZJOB, too, whose bits are not emulated."""

SPECIAL_VARIABLES = frozenset(
    {"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "SESSION_USER", "SYSDATE", "USER"}
    | OBJECTSCRIPT_VARIABLES.keys()
    | {short for short, _ in OBJECTSCRIPT_VARIABLES.values() if short}
)
"""Values written like a name; calls without arguments in the tree."""

NOT_EMULATED = {
    "%INLIST": "%INLIST",
    "%MATCHES": "%MATCHES",
    "%FOREACH": "%FOREACH",
    "%AFTERHAVING": "%AFTERHAVING",
    "NATURAL": "NATURAL JOIN",
    "INTO": "SELECT ... INTO",
    "VALUES": "VALUES as a query",
    "->": "the arrow syntax (implicit joins)",
    "**": "the operator **",
}

HINTS = frozenset(
    {"%PARALLEL", "%NOFPLAN", "%NOFLATTEN", "%NOMERGE", "%NOTOPOPT", "%NOREDUCE", "%NOSVSO", "%NOUNIONOROPT"}
    | {
        "%FULL",
        "%INORDER",
        "%FIRSTTABLE",
        "%STARTTABLE",
        "%IGNOREINDICES",
        "%NOINDEX",
        "%RUNTIME",
        "%NORUNTIME",
    }
)
"""Optimizer keywords without an argument; they do not change the result."""
