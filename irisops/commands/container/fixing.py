"""/container fix: the command for a known failure, run by irisops after a yes, and never without one."""

from __future__ import annotations

from irisops.commands.container.showing import examine, find, seen, surroundings
from irisops.contract.chat import Command
from irisops.contract.replies import Change, Done, Plan, Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
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
    yield context.plans.add(shown, lambda: _run(context, around, found, container, failure))


async def _run(
    context: Context, around: Surroundings, found: Found, container: Container, failure: Failure
) -> Replies:
    """Run it, and look again."""
    _, now = await examine(context, around, found)
    if failure.name not in [each.name for each in now]:
        raise Refusal(
            "ChangedMeanwhile",
            f"Nothing was run: {container.name} has no failure {failure.name} any more.",
            "/container shows its state.",
        )
    try:
        said = await run_command(around, failure.argv)
    except ContainerProblem as problem:
        raise Refusal("CommandFailed", str(problem), problem.cure) from None
    last = [harmless(line, 200) for line in said.splitlines() if line.strip()][-3:]
    after, _ = await examine(context, around, found)
    yield Done(
        "container_fix",
        f"The command was run; {container.name} is {after.status} now.",
        [*last, failure.command],
        offer=f"/container {found.name}",
    )
