"""Settings as code to paste: ObjectScript and Python, run in %SYS (facts: iris-security 3.2, 3.3, 3.5, 6.1)."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.engine.code_literals import objectscript, python
from irisops.instance.security.object_state import ObjectChange
from irisops.instance.security.settings_state import KINDS, logical


def calls_of(changes: Sequence[ObjectChange], _passwords: Sequence[str] = ()) -> dict[str, list[str]]:
    """By language. On the instance itself arrays work; from Python they do not."""
    script = ['set $namespace = "%SYS"']
    snake = ['irispy = iris.createIRIS(connection)  # a connection to namespace "%SYS"']
    for change in changes:
        after, fields = change.state, change.fields()
        settable = KINDS[after.kind]
        key = python((after.name.rstrip("/") or after.name).lower())
        script.append("kill p")
        snake.append(f'each = irispy.classMethodObject("{settable.class_name}", "%OpenId", {key})')
        for field in fields:
            known = settable.properties[field]
            if known.kind == "groups":
                items = after.names(field)
                script.append(f'set p("{known.name}") = {objectscript(",".join(items))}')
                snake.append(f'groups = each.get("{known.name}")')
                snake.append('groups.invoke("Clear")')
                snake += [f'groups.invoke("Insert", {python(item)})' for item in items]
                continue
            value = logical(known.kind, after, field)
            if known.kind == "permission":
                # The array takes letters, the property holds bits (facts: iris-security 3.2).
                script.append(f'set p("{known.name}") = {objectscript(after.text(field))}')
            else:
                script.append(
                    f'set p("{known.name}") = {value if isinstance(value, int) else objectscript(value)}'
                )
            snake.append(f'each.set("{known.name}", {value if isinstance(value, int) else python(value)})')
        script.append(
            f"write ##class({settable.class_name}).Modify({objectscript(after.name)}, .p)  ; 1 is success"
        )
        snake.append('each.invoke("%Save")  # 1 is success')
    return {"ObjectScript": script, "Python": snake}
