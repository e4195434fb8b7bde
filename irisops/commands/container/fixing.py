"""/container fix: the command for a known failure, run by irisops after a yes, and never without one."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.commands.container.showing import examine, find, seen, surroundings
from irisops.contract.chat import Command
from irisops.contract.replies import Change, Done, Plan, Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.journal import Intent
from irisops.profiles.container import Container, ContainerProblem, Failure, run_command
from irisops.profiles.discovery.found import Found, Surroundings

_AFTER = {
    "start": ("started", ["IRIS needs a minute after that; /container shows its state."]),
    "unpause": ("goes on", []),
    "login": (
        "no account must change its password",
        [
            "It runs in the container, as its own user, by a session of IRIS: that takes a license unit for a moment.",
            "Every account keeps the password that it has, also one that everybody knows: SYS. Change it then.",
        ],
    ),
}


async def fix(context: Context, command: Command) -> Replies:
    """Plan to run the command for one failure."""
    around = surroundings(context)
    reports = await seen(around)
    found = find([each for report in reports for each in report.found], str(command.args["container"]))
    container, wrong = await examine(context, around, found)
    name = str(command.args["failure"])
    failure = next((each for each in wrong if each.name == name.casefold()), None)
    if failure is None:
        able = [each.name for each in wrong if each.argv]
        raise Refusal(
            "NothingToFix",
            f"{container.name} has no failure {harmless(name, 60)}.",
            f"irisops can run the command for {listed(able, 'or')}."
            if able
            else "/container shows its state.",
        )
    if not failure.argv:
        raise Refusal("NotFromHere", f"That is for a person: {failure.what}.", f"→ {failure.command}")
    after, effects = _AFTER[failure.name]
    shown = Plan(
        "container_fix",
        f"Run a command for {container.name}",
        f"{container.name} ({container.engine})",
        [Change(f"container {container.name}", failure.what, after)],
        effects=[f"It runs: {failure.command}", *effects],
        calls={"Shell": [failure.command]},
    )
    work = _Work(context, around, found, container, failure, shown, command.slash)
    yield context.plans.add(shown, work.run)


@dataclass(frozen=True, slots=True)
class _Work:
    """The command for one failure of one container. `typed` is the command in its slash form."""

    context: Context
    around: Surroundings
    found: Found
    container: Container
    failure: Failure
    shown: Plan
    typed: str

    async def run(self) -> Replies:
        """Look again, write the intent, run it, look at what became of it."""
        _, now = await examine(self.context, self.around, self.found)
        if self.failure.name not in [each.name for each in now]:
            raise Refusal(
                "ChangedMeanwhile",
                f"Nothing was run: {self.container.name} has no failure {self.failure.name} any more.",
                "/container shows its state.",
            )
        profile = self._profile()
        journal = self.context.journal(profile) if profile else None
        number = journal.intend(self._intent()) if journal is not None else 0
        try:
            said = await run_command(self.around, self.failure.argv)
        except ContainerProblem as problem:
            if journal is not None:
                journal.outcome(number, "failed", str(problem))
            raise Refusal("CommandFailed", str(problem), problem.cure) from None
        if journal is not None:
            journal.outcome(number, "done", "the engine ended it without an error")
        last = [harmless(line, 200) for line in said.splitlines() if line.strip()][-3:]
        after, _ = await examine(self.context, self.around, self.found)
        kept = (
            f"It is change {number} of the history of {profile}."
            if profile
            else "It is in no history: no profile leads to this container."
        )
        yield Done(
            "container_fix",
            f"The command was run; {self.container.name} is {after.status} now.",
            [*last, self.failure.command, kept],
            offer=f"/container {self.found.name}",
        )

    def _profile(self) -> str:
        """A profile that leads to the container, in whose history the command is written; "" if none does.

        A container that does not run publishes no port: then it is the profile that was made of it, by its name.
        """
        hub, name = self.context.hub, self.found.name.casefold()
        active = [hub.active.profile] if hub.active is not None else []
        known = (*active, *hub.profiles())
        leading = (each.name for each in known if self.found.goes_to(each) or each.name.casefold() == name)
        return next(leading, "")

    def _intent(self) -> Intent:
        """Its line in the history. No account of the instance ran it, but the person at this machine."""
        return Intent(
            self.shown.title,
            self.typed,
            self.shown.instance,
            "",
            [(each.what, each.before, each.after) for each in self.shown.changes],
            self.shown.calls,
            final="the command was run. /container shows what became of it.",
        )
