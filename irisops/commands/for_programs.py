"""The commands that a program may give: an agent, or a model behind the chat.

They are listed, so that a new one is closed to programs until somebody decides. A test holds the lists against the
registry, and names what is left out of it on purpose: what touches this machine (profiles, settings, files, the
gateway's CSP.ini), what opens the instance to others (shares), what makes or asks for a password (`/user add`,
`/user copy`, `/password`), what runs another command or speaks to another machine (`/on`, `/explain web`), what a
screen repeats (`/watch`, `/alert`), and what shows statements of others, which may hold a password (`/sql running`,
`/sql cancel`).
"""

from __future__ import annotations

READS = frozenset(
    {
        "status", "license", "license why", "license forecast", "license advice", "sessions", "sessions leaks",
        "processes", "process", "explain", "who-can", "compare", "denied", "users dormant", "users", "roles",
        "role members", "services", "service", "apps", "app show", "resources", "resource", "oauth", "diff", "evidence",
        "history", "databases", "database", "tasks", "task", "locks", "journal", "log", "productions", "production",
        "namespaces", "mirror", "indexes", "helper", "app templates",
    }
)  # fmt: skip
CHANGES = frozenset(
    {
        "license timeout", "license free", "sessions end", "sessions sweep", "process terminate", "process suspend",
        "process resume", "explain", "denied fix", "denied enable", "dormant disable", "grant", "revoke", "user",
        "user delete", "enable", "disable", "unlock", "role", "role add", "role copy", "role delete", "service", "app",
        "app add", "app copy", "app delete", "resource", "undo", "redo", "finish", "database mount",
        "database dismount", "task run", "task suspend", "task resume", "lock delete", "production start",
        "production stop", "production recover", "component restart", "component start", "component stop",
        "indexes validate", "indexes build",
    }
)  # fmt: skip
"""Commands that make a plan."""
