"""/license timeout APP SECONDS: change the session timeout of a web application, by plan; the same undoes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from irisops.commands import code
from irisops.commands.chat import Command
from irisops.commands.context import Context
from irisops.commands.nearest import nearest
from irisops.commands.refusal import Refusal
from irisops.commands.replies import Change, Done, Plan
from irisops.commands.spec import Arg, CommandSpec, Plain, Replies
from irisops.commands.text import duration, harmless, listed
from irisops.commands.words import quote
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.journal import Intent, Status

if TYPE_CHECKING:
    from irisops.commands.links import Link
    from irisops.instance.sessions_timeout import AppTimeout

SHORTEST = 60
"""Seconds: with less, people are logged out while they read."""


def _find(applications: list[AppTimeout], name: str) -> AppTimeout:
    wanted = name.rstrip("/").casefold()
    for each in applications:
        if each.name.rstrip("/").casefold() == wanted:
            return each
    close = nearest(name, [each.name for each in applications])
    raise Refusal(
        "NoSuchApplication",
        f"There is no web application {harmless(name, 80)}.",
        f"Did you mean {listed(close, 'or')}?" if close else "/sessions shows those in use.",
    )


async def change(context: Context, command: Command) -> Replies:
    """Plan the change."""
    from irisops.instance.sessions_timeout import MOST_TIMEOUT  # noqa: PLC0415 - not at the start

    link = context.link()
    application = _find(await link.reads.timeouts(), str(command.args["application"]))
    seconds = int(str(command.args["seconds"]))
    if seconds > MOST_TIMEOUT:
        raise Refusal(
            "BadTimeout",
            f"A timeout has at most {MOST_TIMEOUT:,} seconds.",
            "900 is what applications begin with.",
        )
    if application.timeout == seconds:
        raise Refusal(
            "AlreadySo",
            f"The timeout of {harmless(application.name, 60)} is {seconds} seconds already.",
            "Nothing is to be done.",
        )
    shown = Plan(
        name="license_timeout",
        title=f"Set the session timeout of {harmless(application.name, 60)} to {_told(seconds)}",
        instance=link.instance_name,
        changes=[
            Change(
                f"session timeout of {harmless(application.name, 60)}",
                _told(application.timeout),
                _told(seconds),
            )
        ],
        effects=[
            "Counts for sessions that begin from now on; those that are open keep theirs.",
            "A browser that does nothing for that long is logged out, and its unit is free.",
        ],
        warnings=_warnings(application, seconds),
        calls=_calls(application.name, seconds),
    )
    work = _Changing(context, link, application, seconds, command.slash, shown)
    yield context.plans.add(shown, work.carry_out, link)


def _told(seconds: int | None) -> str:
    if seconds is None:
        return "unknown"
    return f"{seconds} s ({duration(seconds)})" if seconds else "never"


def _warnings(application: AppTimeout, seconds: int) -> list[str]:
    found: list[str] = []
    if seconds == 0:
        found.append("0 means never: each closed browser keeps its unit until somebody ends its session.")
    elif seconds < SHORTEST:
        found.append("That is short: people are logged out while they read a page.")
    if application.name.casefold().startswith("/csp/sys"):
        found.append("This is the Management Portal: whoever administers is logged out sooner, too.")
    return found


def _calls(name: str, seconds: int) -> dict[str, list[str]]:
    """The same by hand (facts: iris-security 3.5, 6.1)."""
    key = name.rstrip("/").lower()
    return {
        "ObjectScript": [
            'set $namespace = "%SYS"',
            f"set application = ##class(Security.Applications).%OpenId({code.objectscript(key)})",
            f"set application.Timeout = {seconds}",
            "write application.%Save()  ; 1 is success",
        ],
        "Python": [
            'irispy = iris.createIRIS(connection)  # a connection to namespace "%SYS"',
            f'application = irispy.classMethodObject("Security.Applications", "%OpenId", {code.python(key)})',
            f'application.set("Timeout", {seconds})',
            'application.invoke("%Save")  # 1 is success',
        ],
    }


@dataclass(frozen=True, slots=True)
class _Changing:
    """An agreed plan at work."""

    context: Context
    link: Link
    application: AppTimeout
    seconds: int
    slash: str
    shown: Plan

    async def carry_out(self) -> Replies:
        """Look again, journal, change, verify."""
        now = _find(await self.link.reads.timeouts(), self.application.name)
        if now.timeout != self.application.timeout:
            raise Refusal(
                "ChangedMeanwhile",
                f"Nothing was changed: the timeout is {_told(now.timeout)} now, not {_told(self.application.timeout)}.",
                "Give the command again to see a fresh plan.",
            )
        journal = self.context.journal(self.link.name)
        number = journal.intend(
            Intent(
                title=self.shown.title,
                command=self.slash,
                instance=self.shown.instance,
                user=self.link.profile.user,
                changes=[(each.what, each.before, each.after) for each in self.shown.changes],
                calls=self.shown.calls,
            )
        )
        try:
            after = await self.link.reads.set_timeout(self.application.name, self.seconds)
        except InstanceProblem as problem:
            status: Status = "unknown" if isinstance(problem, Unreachable) else "failed"
            journal.outcome(number, status, problem.message)
            raise
        journal.outcome(number, "done", f"{after} seconds, read back")
        self.link.timeouts = None
        back = self.application.timeout
        details = []
        if back is not None:
            details.append(f"/license timeout {quote(self.application.name)} {back} takes it back.")
        yield Done(
            "license_timeout",
            f"The session timeout of {harmless(self.application.name, 60)} is {_told(after)}.",
            details=details,
        )


SPECS = (
    CommandSpec(
        name="license timeout",
        summary="Change the session timeout of a web application",
        handler=change,
        grammar=(Arg("application", "text", show="APPLICATION"), Arg("seconds", "number", show="SECONDS")),
        plain=(
            Plain(
                "(set|change|make) [the] [session] timeout (of|for) {application} to {seconds} [seconds|s]"
            ),
        ),
        examples=("set the session timeout of /csp/user to 300",),
        aliases=("licence timeout",),
        group="license",
        changes=True,
        needs_connection=True,
        needs=("webapps.timeouts", "webapps.set_timeout"),
    ),
)
