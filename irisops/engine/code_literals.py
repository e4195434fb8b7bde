"""Writing values into code that a person may paste: ObjectScript, Python and SQL. Quotes and `%` arrive unharmed."""

from __future__ import annotations


def objectscript(value: str) -> str:
    """A string literal of ObjectScript: quotation marks doubled, control characters by `$char`."""
    parts: list[str] = []
    literal: list[str] = []

    def flush() -> None:
        if literal:
            parts.append('"' + "".join(literal) + '"')
            literal.clear()

    for character in value:
        if character.isprintable():
            literal.append('""' if character == '"' else character)
        else:
            flush()
            parts.append(f"$char({ord(character)})")
    flush()
    return "_".join(parts) or '""'


def python(value: str) -> str:
    """A string literal of Python, in ASCII where characters could hide."""
    return repr(value) if value.isprintable() else ascii(value)


def sql_name(value: str) -> str:
    """A delimited identifier of SQL; quotation marks doubled."""
    return '"' + value.replace('"', '""') + '"'


def change_roles(user: str, add: list[str], remove: list[str]) -> dict[str, list[str]]:
    """The same change of a user's roles in three languages, run in namespace %SYS (facts: iris-security 2.3, 4.1)."""
    objectscript_lines = ['set $namespace = "%SYS"']
    python_lines = ['irispy = iris.createIRIS(connection)  # a connection to namespace "%SYS"']
    sql_lines = []
    for method, word, joined, names in (
        ("AddRoles", "GRANT", "TO", add),
        ("RemoveRoles", "REVOKE", "FROM", remove),
    ):
        for name in names:
            arguments = f"{objectscript(user)}, {objectscript(name)}"
            objectscript_lines += [
                f"set status = ##class(Security.Users).{method}({arguments})",
                "if 'status write $system.Status.GetErrorText(status)",
            ]
            python_lines.append(
                f'irispy.classMethodValue("Security.Users", "{method}", {python(user)}, {python(name)})  # 1 is success'
            )
            sql_lines.append(f"{word} {sql_name(name)} {joined} {sql_name(user)}")
    return {"ObjectScript": objectscript_lines, "Python": python_lines, "SQL": sql_lines}
