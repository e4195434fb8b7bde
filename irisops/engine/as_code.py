"""Calls as code to paste, in ObjectScript and Python. Both run in namespace %SYS (facts: iris-security 1, 6.1)."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.engine import code_literals
from irisops.engine.code_literals import objectscript, python
from irisops.instance.calls import HELPER, Call, ClassMethod, ObjectCall, ObjectStep, Ref, Update, Value

PASSWORD = "\0 a new password"  # noqa: S105 - it stands for one
"""In an argument: the new password, which the code asks for and which is never written down."""

SAID = 'write $select(status=1:"ok",1:$system.Status.GetErrorText(status)),!'
_QUOTED = """"'" + password.replace("'", "''") + "'" """.rstrip()
_VARIABLES = {
    "OAuth2.Client": "client",
    "OAuth2.ServerDefinition": "server",
    "Security.Applications": "application",
    "Security.Events": "event",
    "Security.Resources": "resource",
    "Security.Roles": "role",
    "Security.Services": "service",
    "Security.System": "settings",
    "Security.Users": "user",
}


def code_of(calls: Sequence[Call]) -> dict[str, list[str]]:
    """Class methods, objects and statements by language, in order.

    Raises TypeError for a call of another kind, or an argument that has no literal.
    """
    text = _Code()
    for call in calls:
        if isinstance(call, ClassMethod):
            text.method(call)
        elif isinstance(call, ObjectCall):
            text.object(call)
        elif isinstance(call, Update):
            text.statement(call.sql)
        else:
            raise TypeError(f"a {type(call).__name__} is not shown as code")
    return text.result()


def _literals(args: Sequence[Value | Ref]) -> tuple[list[str], list[str]]:
    """The arguments in ObjectScript and in Python."""
    pairs = [_literal(arg) for arg in args]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _literal(arg: Value | Ref) -> tuple[str, str]:
    if arg == PASSWORD:
        return "password", "password"
    if isinstance(arg, str | int):
        return code_literals.both(arg)
    raise TypeError(f"a {type(arg).__name__} is not shown as code")


class _Code:
    """The two texts under construction."""

    def __init__(self) -> None:
        self._script: list[str] = []
        self._python: list[str] = []
        self._asks = False

    def result(self) -> dict[str, list[str]]:
        script = ['set $namespace = "%SYS"']
        snake = ['irispy = iris.createIRIS(connection)  # a connection to namespace "%SYS"']
        if self._asks:
            script.append('read "New password: ", password  // it is never written down here')
            snake.append('password = getpass.getpass("New password: ")  # it is never written down here')
        return {"ObjectScript": script + self._script, "Python": snake + self._python}

    def _arguments(self, args: Sequence[Value | Ref]) -> tuple[str, str]:
        self._asks = self._asks or PASSWORD in args
        script, snake = _literals(args)
        return ", ".join(script), ", ".join(snake)

    def method(self, call: ClassMethod) -> None:
        """A class method that answers a %Status, or "" for success if it is the helper's."""
        script, snake = self._arguments(call.args)
        if (call.class_name, call.method) == ("%SYSTEM.Process", "SetNamespace"):
            self._script.append(f"set $namespace = {script}")
            self._python.append(f'irispy.classMethodValue("%SYSTEM.Process", "SetNamespace", {snake})')
            return
        called = f"##class({call.class_name}).{call.method}({script})"
        named = f'"{call.class_name}", "{call.method}"' + (f", {snake}" if snake else "")
        if call.class_name == HELPER:
            self._script.append(f"write {called},!  // nothing is success")
            self._python.append(f"print(irispy.classMethodString({named}))  # nothing is success")
            return
        self._script += [f"set status = {called}", SAID]
        self._python.append(f"irispy.classMethodValue({named})  # 1 is success")

    def statement(self, sql: str) -> None:
        """A statement of SQL."""
        before, password, _ = sql.partition(f"'{PASSWORD}'")
        if password:  # the last word of ALTER USER
            self._asks = True
            self._script.append(f"// in SQL: {before}'the new password'")
            self._python.append(f"connection.cursor().execute({python(before)} + {_QUOTED})")
            return
        self._script.append(f"// in SQL: {sql}")
        self._python.append(f"connection.cursor().execute({python(sql)})")

    def object(self, call: ObjectCall) -> None:
        """An object that is opened, changed and saved."""
        name = _VARIABLES.get(call.class_name, "each")
        script, snake = self._arguments(call.args)
        self._script.append(f"set {name} = ##class({call.class_name}).{call.method}({script})")
        called = f'"{call.class_name}", "{call.method}"' + (f", {snake}" if snake else "")
        self._python.append(f"{name} = irispy.classMethodObject({called})")
        reached: set[tuple[str, ...]] = set()
        for step in call.steps:
            if step.path and step.path not in reached:
                reached.add(step.path)
                self._python.append(
                    f"{step.path[-1].lower()} = {name}" + "".join(f'.get("{part}")' for part in step.path)
                )
            self._step(name, step)

    def _step(self, name: str, step: ObjectStep) -> None:
        owner = ".".join((name, *step.path))
        handle = step.path[-1].lower() if step.path else name
        if step.kind == "members":
            self._members(owner, handle, step)
            return
        if step.kind == "refer":
            class_name, method, *args = step.args
            script, snake = self._arguments(args)
            self._script.append(f"set {owner}.{step.name} = ##class({class_name}).{method}({script})")
            found = f'irispy.classMethodObject("{class_name}", "{method}", {snake})'
            self._python.append(f'{handle}.set("{step.name}", {found})')
            return
        script, snake = self._arguments(step.args)
        if step.kind == "set":
            self._script.append(f"set {owner}.{step.name} = {script}")
            self._python.append(f'{handle}.set("{step.name}", {snake})')
        elif step.name == "%Save":
            self._script += [f"set status = {owner}.%Save()", SAID]
            self._python.append(f'{handle}.invoke("%Save")  # 1 is success')
        else:
            self._script.append(f"do {owner}.{step.name}({script})")
            self._python.append(f'{handle}.invoke("{step.name}"' + (f", {snake})" if snake else ")"))

    def _members(self, owner: str, handle: str, step: ObjectStep) -> None:
        """Make a relationship hold exactly these members, as `ObjectStep` says."""
        pairs = [(str(name), bits) for name, bits in zip(step.args[::2], step.args[1::2], strict=True)]
        self._script.append("kill wanted, gone")
        for name, bits in pairs:
            key = objectscript(name.lower())
            self._script.append(f"set wanted({key}) = $listbuild({objectscript(name)}, {bits!r})")
        keep = "set each.Permission = $list(wanted(low), 2) kill wanted(low)"
        look = f'set each = {owner}.GetAt(key), low = $zconvert(each.Name, "L")'
        make = f"set each = ##class({step.name}).%New(), each.Name = $list(wanted(low), 1)"
        fill = f"set each.Permission = $list(wanted(low), 2) do {owner}.Insert(each)"
        self._script += [
            (
                f'set key = "" for {{ set key = {owner}.Next(key) quit:key=""  {look} '
                f"if $data(wanted(low)) {{ {keep} }} else {{ set gone(key) = 1 }} }}"
            ),
            f'set key = "" for {{ set key = $order(gone(key), -1) quit:key=""  do {owner}.RemoveAt(key) }}',
            f'set low = "" for {{ set low = $order(wanted(low)) quit:low=""  {make} {fill} }}',
        ]
        wanted = ", ".join(f"{python(name.lower())}: ({python(name)}, {bits!r})" for name, bits in pairs)
        self._python += [
            f"wanted, gone = {{{wanted}}}, []",
            f'key = {handle}.invoke("Next", "")',
            "while key:",
            f'    each = {handle}.invoke("GetAt", key)',
            '    _, bits = wanted.pop(each.get("Name").lower(), ("", None))',
            "    if bits is None:",
            "        gone.append(key)",
            '    elif each.get("Permission") != bits:',
            '        each.set("Permission", bits)',
            f'    key = {handle}.invoke("Next", key)',
            "for key in reversed(gone):",
            f'    {handle}.invoke("RemoveAt", key)',
            "for name, bits in wanted.values():",
            f'    each = irispy.classMethodObject("{step.name}", "%New")',
            '    each.set("Name", name)',
            '    each.set("Permission", bits)',
            f'    {handle}.invoke("Insert", each)',
        ]
