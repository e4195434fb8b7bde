"""Text that attacks the terminal of its reader, a world full of it, and a check of the program's output."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import fields

from irisops.simulator.world.model import Application, Permission, Resource, Role, User
from irisops.simulator.world.sessions import Visitor
from irisops.simulator.world.world import World

ATTACKS = (
    "\x1b]52;c;Y2FuYXJ5\x07",  # writes the reader's clipboard
    "\x1b]0;canary\x07",  # the window's title
    "\x1b]8;;http://canary\x1b\\canary\x1b]8;;\x1b\\",  # a link
    "\x1b[2Jcanary",  # clears the screen
    "\x9d52;c;canary\x9c\x9b2J",  # the same in eight bits
    "\x1bP+q544e\x1b\\\x1bc",  # asks for a capability, resets
    "\x00\x07\x08\x0b\x0c\x7f",
    "a\tb\r\nc\rd",
    "\u202egnp\u2066x\u2069\u200bzero\u200d\u2060\ufeff\u00ad\u061c",  # turns the line round; cannot be seen
    "\u2028\u2029\x85",
    "\U000e0041\U000e0042\U000e007f",  # the tags block
    "n" + "\u0301\u20dd" * 40,  # a pile of marks
    "[red]canary[/red] [link=http://canary]x[/link] [@click=app.quit]canary[/]",  # markup
    "👩\u200d💻 ☎\ufe0f 漢字",
)
HOSTILE = "canary " + " ".join(ATTACKS)
NAME = "h\x1b]52;c;Y2FuYXJ5\x07\x9b2J\x00\u202eh"
"""As a name: shorter than the 64 characters that the narrowest kind of name takes."""
SHORT = "canary \x1b]52;c;Y2FuYXJ5\x07\x1b[2J\x9b2J\x00\u202e\r\n\u200b "
"""As a value that fits every field and can be edited. The blank at its end is meant: it is part of the value."""
MARK = "␛]52;c;"
"""What is to be seen of them."""

_OURS = re.compile(
    r"\x1b\[[0-9:;<=>?]*[ -/]*[@-~]"  # CSI
    r"|\x1b\]2;[^\x00-\x1f\x7f-\x9f]*\x07"  # the title, which `harmless` made
    r"|\x1b\]22;[a-z]*\x07"  # the shape of the mouse pointer
    r"|\x1b[=>78M]|\x1b[()][AB0]"
)
_ATTACKING = ("\x1b]52;", "\x1b]0;", "\x1b]8;", "\x1bP", "\x1bc", "\x1b[2Jcanary", "\x9b", "\x9d")


def acting(output: bytes) -> list[str]:
    """Control sequences in a program's output that act on a terminal and are not its own; each kind once."""
    text = output.decode("utf-8", "strict")
    found = [repr(attack) for attack in _ATTACKING if attack in text]
    rest = _OURS.sub("", text)
    found += [
        f"{character!a} in {_around(rest, character)!a}"
        for character in sorted(set(rest) - set("\r\n"))
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
    ]
    pile = re.search("[\u0301\u20dd]{5}", rest)
    return [*found, *(["a pile of combining marks"] if pile else [])]


def _around(text: str, character: str) -> str:
    place = text.index(character)
    return text[max(0, place - 30) : place + 30]


def poison(world: World) -> None:
    """Put hostile text in every field of the simulated instance that a person, a program or a browser may set."""
    keep = {"name", "id", "source", "type", "event", "resource", "directory", "namespace", "authe_enabled"}
    tables: Iterable[Iterable[object]] = (
        world.users,
        world.roles,
        world.resources.values(),
        world.services.values(),
        world.applications,
        world.events.values(),
        world.process_table.rows.values(),
        [world.key],
    )
    for table in tables:
        for record in table:
            taint(record, keep | _MEANT.get(type(record).__name__, set()))
    world.resources.add(Resource(f"R{NAME}", HOSTILE, Permission.USE))
    world.roles.add(Role(f"r{NAME}", HOSTILE, {f"R{NAME}": Permission.USE}, ["%SQL"]))
    world.roles.add(
        Role("hrole", SHORT, {"%DB_USER": Permission.READ, f"R{NAME}": Permission.USE}, [f"r{NAME}"])
    )
    for name, text in ((f"u{NAME}", HOSTILE), ("h0", SHORT)):
        user = User(
            name, text, f"{text} comment ", roles=[f"r{NAME}", "%SQL"], routine=text, email_address=text
        )
        world.add_user(user, "hostile-9")
    application = Application(
        "/csp/hostile", "USER", HOSTILE, match_roles={"": [f"r{NAME}"]}, dispatch_class=HOSTILE
    )
    world.applications.add(application)
    for username in ("", f"u{NAME}"):
        world.session_table.open(application, Visitor(f"10.0.0.9{NAME}", username, HOSTILE), pages=3)
    process = world.process_table.start(
        username=f"u{NAME}", namespace=f"N{NAME}", routine=HOSTILE, state="LOCK"
    )
    taint(process, {"kind", "state", "csp_session_id", "license_user_id", "username", "namespace"})
    world.system.audit_enabled = True
    for event in world.events.values():
        event.enabled = True
        world.audit_log.write(
            event.source,
            event.type,
            event.name,
            event_data=HOSTILE,
            description=HOSTILE,
            username=f"u{NAME}",
            process=process,
            client_ip=HOSTILE,
            status=HOSTILE,
        )
    world.alerts.add(2, HOSTILE)
    for table in (
        world.users,
        world.roles,
        world.resources,
        world.services,
        world.applications,
        world.events,
    ):
        table.touch()


_MEANT: dict[str, set[str]] = {
    "Application": {"dispatch_class", "path"},
    "Process": {
        "kind",
        "state",
        "csp_session_id",
        "license_user_id",
        "username",
        "client_ip",
        "client_node",
        "roles",
        "login_roles",
        "executable",
    },
    "LicenseKey": {"license_type"},
}
"""Fields whose text the instance itself looks at."""


def taint(record: object, keep: set[str]) -> None:
    """Make every text of a record hostile but those in `keep`."""
    for field in fields(record):  # type: ignore[arg-type]  # all are dataclasses
        if isinstance(getattr(record, field.name), str) and field.name not in keep:
            setattr(record, field.name, HOSTILE)
