"""A scripted `Chat`: the test double of the session, with answers of every kind. No network, no clock, no chance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from irisops.contract.chat import (
    About,
    AskSecret,
    Command,
    CommandInfo,
    Completion,
    Notice,
    Overview,
    ProfileState,
    TimeLine,
)
from irisops.contract.replies import (
    Cell,
    Change,
    Column,
    Done,
    Effect,
    Facts,
    Form,
    FormField,
    Plan,
    Problem,
    Progress,
    Reply,
    Scalar,
    Table,
)

NOW = datetime(2026, 11, 24, 14, 43, 5, tzinfo=UTC)

INFOS = (
    CommandInfo("help", "/help [COMMAND]", "What can be asked", ("help",)),
    CommandInfo("status", "/status", "The instance at a glance", ("how is it",)),
    CommandInfo(
        "license", "/license", "Who holds each license unit, and until when", ("who holds my license",)
    ),
    CommandInfo("sessions", "/sessions", "Web sessions", ("show sessions",)),
    CommandInfo("processes", "/processes", "Processes of the instance", ("show processes",)),
    CommandInfo("users", "/users", "Users and their roles", ("show users",)),
    CommandInfo("user", "/user NAME", "Edit one user"),
    CommandInfo("grant", "/grant ROLE to USER", "Give a role to a user", ("give appuser %SQL",)),
    CommandInfo("guarded", "/guarded", "A plan that needs a word typed"),
    CommandInfo("connect", "/connect [PROFILE]", "Connect to a profile"),
    CommandInfo("long", "/long", "Something that takes its time"),
    CommandInfo("crash", "/crash", "Fails inside the program"),
    CommandInfo("hostile", "/hostile", "Text that attacks the terminal"),
    CommandInfo("undo", "/undo [N]", "Take a change back", available=False, reason="nothing was changed yet"),
    CommandInfo("theme", "/theme [NAME]", "Change the colours"),
    CommandInfo("clear", "/clear", "Empty the transcript"),
    CommandInfo("save", "/save FILE", "Write the transcript as Markdown"),
    CommandInfo("quit", "/quit", "Leave"),
)
PLAIN = {
    "who holds my license": "/license",
    "show users": "/users",
    "show sessions": "/sessions",
    "show processes": "/processes",
    "give appuser %sql": "/grant %SQL to appuser",
    "help": "/help",
}
LIVE = {"license", "sessions", "processes", "status"}

LOCAL = ProfileState(
    name="local",
    state="connected",
    colour="#6cb6ff",
    address="localhost:1972/%SYS",
    user="_SYSTEM",
    version="IRIS 2025.2",
    active=True,
    units_used=5,
    units_limit=8,
    sessions=12,
    processes=48,
    history=(2, 3, 3, 4, 5, 5, 4, 5, 6, 7, 6, 5, 5, 5),
    updated=NOW,
)
CLINIC = ProfileState(name="clinic-test", state="off", guarded=True)
DOCKER = ProfileState(name="docker:iris-1", state="connecting")


def license_replies() -> list[Reply]:
    """The license board of the design."""
    facts = Facts(
        "license",
        "License",
        {
            "limit": 8,
            "consumed": 5,
            "available": 3,
            "max_consumed": 7,
            "expires": "2027-03-31",
            "key": "IRIS Community",
        },
        {"available": "free", "max_consumed": "peak", "key": "key", "expires": "expires"},
        series=[2, 3, 3, 4, 5, 5, 4, 5, 6, 7, 6, 5, 5, 5],
    )
    columns = [
        Column("holder", "Holder"),
        Column("kind", "Kind", hide_under=70),
        Column("why", "Why", grow=True, wrap=4),
        Column("units", "Units", "number"),
        Column("connections", "Conns", "number", hide_under=80),
        Column("free_at", "Free at"),
    ]
    rows: list[Mapping[str, Cell]] = [
        _holder("web 10.0.0.5", "web", "3 sessions on /csp/user, no login", 3, 3, "14:52 (9 min)"),
        _holder("appuser", "client", "2 clients share one unit", 1, 2, "when it leaves"),
        _holder("this tool", "client", "1 connection", 1, 1, "when you quit"),
    ]
    table = Table(
        "holders",
        "Holders",
        columns,
        rows,
        key="holder",
        actions=[("enter", "open", "/sessions holder={holder}")],
    )
    return [facts, table]


def _holder(*values: Cell) -> Mapping[str, Cell]:
    return dict(zip(("holder", "kind", "why", "units", "connections", "free_at"), values, strict=True))


def users_table() -> Table:
    """A dozen users."""
    names = [
        "_SYSTEM",
        "Admin",
        "CSPSystem",
        "SuperUser",
        "appuser",
        "bob",
        "carla",
        "dora",
        "reader",
        "rest_client",
    ]
    rows: list[Mapping[str, Cell]] = [
        {"name": name, "full_name": name.strip("_").title(), "enabled": name != "bob", "roles": roles}
        for name, roles in zip(
            names,
            [
                ["%All"],
                ["%Manager"],
                [],
                ["%All"],
                ["%DB_USER", "%SQL"],
                [],
                ["%Developer"],
                ["%Operator"],
                ["%DB_USER"],
                ["%DB_USER", "rest"],
            ],
            strict=True,
        )
    ]
    columns = [
        Column("name", "Name"),
        Column("full_name", "Full name", hide_under=60),
        Column("enabled", "Enabled", "flag", tones={"no": "quiet"}),
        Column("roles", "Roles", "list", grow=True),
    ]
    actions = [("enter", "edit", "/user {name}"), ("g", "grant", "/grant %SQL to {name}")]
    return Table("users", "Users", columns, rows, key="name", actions=actions)


def processes_table(count: int, turn: int = 0) -> Table:
    """`count` processes; a tenth of them changes with each turn."""
    columns = [
        Column("pid", "PID", "number"),
        Column("user", "User"),
        Column("namespace", "Namespace"),
        Column("routine", "Routine", grow=True),
        Column("state", "State", tones={"RUN": "good", "HANG": "warn"}),
        Column("commands", "Commands", "number"),
        Column("globals", "Globals", "number", hide_under=80),
    ]
    states = ("READ", "RUN", "HANG", "EVTW", "DEQ")
    rows: list[Mapping[str, Cell]] = [
        {
            "pid": 1000 + number,
            "user": f"user{number % 37}",
            "namespace": ("USER", "%SYS", "CLINIC")[number % 3],
            "routine": f"Clinic.Ward{number % 101}.1",
            "state": states[(number + (turn if number % 10 == turn % 10 else 0)) % 5],
            "commands": number * 997 % 100_000 + (turn if number % 10 == turn % 10 else 0),
            "globals": number * 31 % 9_973,
        }
        for number in range(count)
    ]
    actions = [("enter", "details", "/process {pid}"), ("x", "terminate", "/process terminate {pid}")]
    return Table("processes", "Processes", columns, rows, key="pid", actions=actions)


HOSTILE = "[red]x[/red] \x1b[31mESC\x1b[0m a\nb \u202eRTL\u202c " + "long" * 1000


class FakeChat:
    """Answers from a script. Every call is recorded in `log`."""

    def __init__(self, *, processes: int = 60) -> None:
        self.log: list[str] = []
        self.active = LOCAL
        self.others: list[ProfileState] = [CLINIC, DOCKER]
        self.tunnels: Sequence[str] = ("superserver  1 h 58 min", "2 teammates")
        self.timeline: TimeLine | None = None
        self.answers: dict[str, Sequence[Reply]] = {}
        """Command -> what it answers, beside the usual ones."""
        self.plans: dict[str, Plan] = {}
        self.process_count = processes
        self.turn = 0
        self.shown = 0
        self.hold = asyncio.Event()
        """`/long` waits for it."""
        self.about: About | None = None
        """What the last line could refer to."""
        self.secret: str | None = None
        self.closed = 0
        self._asking: AskSecret | None = None
        self._change: Callable[[], None] = lambda: None
        self._notice: Callable[[Notice], None] = lambda notice: None

    async def start(self) -> None:
        self.log.append("start")

    async def close(self) -> None:
        self.closed += 1

    def ready(self, text: str) -> bool:
        return True

    async def prepare(self, text: str) -> None:
        self.log.append("prepare")

    def parse(self, text: str, about: About | None = None) -> Command | Problem:
        self.about = about
        slash = text if text.startswith("/") else PLAIN.get(text.casefold(), "")
        words = slash.removeprefix("/").split()
        known = {info.name for info in INFOS} | {"process", "sort", "only", *self.answers}
        if not words or words[0] not in known:
            return Problem(
                "NotUnderstood",
                "That was not understood.",
                "Choose one of these, or see /help.",
                text=text,
                suggestions=["/license", "/users", "/help"],
            )
        name = words[0]
        return Command(
            name,
            {"rest": words[1:]},
            slash=slash,
            text=text,
            live=name in LIVE,
            changes=name in ("grant", "guarded"),
        )

    async def run(self, command: Command) -> AsyncIterator[Reply]:
        self.log.append(f"run {command.slash}")
        rest = list(command.args.get("rest", []))
        if command.name == "long":
            yield Progress("long", "Reading the first half", 0.5)
            await self.hold.wait()
        elif command.name == "crash":
            raise RuntimeError("a fault in the program")
        elif command.name == "connect":
            yield await self._connect(rest)
            return
        for reply in self._replies(command, rest):
            yield reply

    def _replies(self, command: Command, rest: list[str]) -> list[Reply]:
        self.turn += 1
        if command.name in self.answers:
            return list(self.answers[command.name])
        scripted: dict[str, Callable[[], list[Reply]]] = {
            "license": license_replies,
            "users": lambda: [users_table()],
            "processes": lambda: [processes_table(self.process_count, self.turn)],
            "status": lambda: [self._status()],
            "grant": lambda: [self._keep(grant_plan(rest[0], rest[-1]))],
            "guarded": lambda: [
                self._keep(replace(grant_plan("%All", "appuser"), confirm_word="clinic-test"))
            ],
            "user": lambda: [self._saved(command) if command.fields else user_form(rest[0])],
            "hostile": lambda: [
                hostile_table(),
                Problem("InstanceError", HOSTILE, HOSTILE, suggestions=[HOSTILE]),
            ],
            "quit": lambda: [Effect("quit")],
            "clear": lambda: [Effect("clear")],
            "theme": lambda: [Effect("theme", " ".join(rest))],
            "save": lambda: [Effect("save", " ".join(rest))],
            "sort": lambda: [Effect("sort", rest[0])],
            "only": lambda: [Effect("only", " ".join(rest))],
        }
        usual = Done(command.name, f"{command.slash} was asked.", ["A detail."])
        return scripted.get(command.name, lambda: [usual])()

    def _status(self) -> Facts:
        facts: Mapping[str, Scalar] = {
            "version": "IRIS for UNIX (Ubuntu Server LTS for ARM64 Containers) 2025.2 (Build 227U)",
            "host": "iris-1",
            "started": datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
            "namespace": "%SYS",
            "sessions": 12,
            "processes": 48,
            "journal": True,
        }
        labels = {name: name.capitalize() for name in facts}
        return Facts("status", "Status", facts, labels, ["The journal folder is on the system disk."])

    def _keep(self, plan: Plan) -> Plan:
        self.shown += 1
        plan.id = f"plan-{self.shown}"
        self.plans[plan.id] = plan
        return plan

    async def _connect(self, rest: list[str]) -> Reply:
        name = rest[0] if rest else "clinic-test"
        if self._asking is None:
            return Problem("LoginRefused", "No way to ask.", "Use a screen.")
        self.secret = await self._asking(
            f"Password of _SYSTEM on {name}", "No keyring here: kept in memory alone."
        )
        if self.secret is None:
            return Problem(
                "LoginRefused", "No password was given.", "/connect asks again.", text=f"/connect {name}"
            )
        return Done("connect", f"Connected to {name}.")

    def _saved(self, command: Command) -> Reply:
        self.log.append(f"fields {sorted(command.fields)}")
        if not command.fields.get("full_name"):
            form = user_form("appuser")
            return replace(form, errors={"full_name": "A full name is needed."})
        return self._keep(grant_plan("%SQL", "appuser"))

    async def confirm(self, plan_id: str, word: str = "") -> AsyncIterator[Reply]:
        self.log.append(f"confirm {plan_id} {word}".strip())
        plan = self.plans.pop(plan_id)
        yield Progress("grant", "Changing", None)
        yield Done("grant", f"{plan.title}: done and read back.", undo=12)

    def decline(self, plan_id: str) -> None:
        self.log.append(f"decline {plan_id}")
        self.plans.pop(plan_id)

    def complete(self, text: str, cursor: int) -> Sequence[Completion]:
        start = text.rfind(" ", 0, cursor) + 1
        word = text[start:cursor]
        names = ["appuser", "appadmin", "bob", "%SQL", "%All", "%Manager"]
        return [Completion(name, start, "user or role") for name in names if word and name.startswith(word)]

    def commands(self) -> Sequence[CommandInfo]:
        return INFOS

    def overview(self) -> Overview:
        return Overview([self.active, *self.others], self.active, self.tunnels, timeline=self.timeline)

    def subscribe(self, on_change: Callable[[], None], on_notice: Callable[[Notice], None]) -> None:
        self._change, self._notice = on_change, on_notice

    def ask_with(self, ask: AskSecret) -> None:
        self._asking = ask

    # What tests do to it

    def become(self, active: ProfileState) -> None:
        """The active profile changed."""
        self.active = active
        self._change()

    def say(self, notice: Notice) -> None:
        """Something happened that nobody asked for."""
        self._notice(notice)


def grant_plan(role: str, user: str) -> Plan:
    """Give a role."""
    return Plan(
        "grant",
        f"Give {role} to {user}",
        "local",
        [Change(f"roles of {user}", "%DB_USER", f"%DB_USER, {role}", comes=[role], stays=["%DB_USER"])],
        effects=[f"{user} can use SQL over ODBC and JDBC"],
        warnings=["The role is held by 41 other users"],
        calls={
            "ObjectScript": [f'set sc = ##class(Security.Users).AddRoles("{user}", "{role}")'],
            "SQL": [f"GRANT {role} TO {user}"],
        },
    )


def user_form(name: str) -> Form:
    """The editor of a user, with a field of every kind."""
    return Form(
        "user",
        f"User {name}",
        [
            FormField("full_name", "Full name", value="", required=True, help="As colleagues know it"),
            FormField("password", "New password", "secret", help="Empty keeps the present one"),
            FormField("enabled", "Enabled", "flag", value=True),
            FormField("namespace", "Namespace", "choice", value="USER", choices=["USER", "%SYS", "CLINIC"]),
            FormField("expires", "Expires", "date", value="", help="YYYY-MM-DD, empty for never"),
            FormField("limit", "Login limit", "number", value=5),
            FormField(
                "roles",
                "Roles",
                "roles",
                value=["%DB_USER"],
                choices=["%All", "%DB_USER", "%Manager", "%SQL"],
            ),
            FormField(
                "privileges",
                "Privileges",
                "privileges",
                value=["%DB_USER:RW"],
                choices=["%DB_USER:RW", "%Service_Login:U"],
            ),
        ],
        f"/user {name}",
        notes=["Saving shows a plan first."],
    )


def hostile_table() -> Table:
    """A table whose every text attacks."""
    rows: list[Mapping[str, Cell]] = [{"name": f"{number}{HOSTILE}", "note": HOSTILE} for number in range(3)]
    return Table(
        "hostile",
        HOSTILE,
        [Column("name", HOSTILE), Column("note", "Note", grow=True)],
        rows,
        "name",
        [HOSTILE],
    )
