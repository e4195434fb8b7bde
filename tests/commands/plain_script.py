"""A user as a plain script on the vendor's driver sees it: `python -m tests.commands.plain_script PORT NAME`.

Knows nothing of irisops. The password comes by a pipe; the user goes out as JSON by the names of the editor's fields.
"""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from typing import Any

import iris

TEXTS = {
    "full_name": "FullName",
    "comment": "Comment",
    "namespace": "NameSpace",
    "routine": "Routine",
    "email": "EmailAddress",
}
FLAGS = {
    "enabled": "Enabled",
    "account_never_expires": "AccountNeverExpires",
    "password_never_expires": "PasswordNeverExpires",
    "must_change_password": "ChangePassword",
}
LISTS = {"roles": "Roles", "escalation_roles": "EscalationRoles"}


def seen(user: Any) -> dict[str, object]:
    """The properties of the object."""
    found: dict[str, object] = {key: user.get(name) or "" for key, name in TEXTS.items()}
    found |= {key: user.get(name) == 1 for key, name in FLAGS.items()}
    for key, name in LISTS.items():
        items = user.get(name)
        found[key] = [items.invoke("GetAt", at) for at in range(1, items.invoke("Count") + 1)]
    days = user.get("ExpirationDate")
    found["expires"] = str(date(1840, 12, 31) + timedelta(days=int(days))) if days else ""
    return found


def main(port: str, name: str) -> None:
    """Log in, read, print, leave."""
    connection = iris.connect("127.0.0.1", int(port), "%SYS", "_SYSTEM", sys.stdin.readline().strip())
    try:
        native = iris.createIRIS(connection)
        print(json.dumps(seen(native.classMethodObject("Security.Users", "%OpenId", name.lower()))))
    finally:
        connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
