"""What the commands of users and roles take as `key=value`."""

from __future__ import annotations

USER = {
    "full_name": "text",
    "comment": "text",
    "enabled": "flag",
    "roles": "text",
    "escalation_roles": "text",
    "namespace": "text",
    "routine": "text",
    "email": "text",
    "expires": "text",
    "account_never_expires": "flag",
    "password_never_expires": "flag",
    "must_change_password": "flag",
}
"""What can be given as `key=value`. A password is never typed into a line: lines are kept in the history."""

ROLE = {
    "description": "text",
    "privileges": "text",
    "granted_roles": "text",
    "escalation_only": "flag",
}
ROLE_CHANGES = {"add": "text", "remove": "text"}
"""`add=RESOURCE:RW` and `remove=RESOURCE` change the privileges of a role that is there."""
