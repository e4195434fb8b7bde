"""What the tools do: read, plan, and carry out what a person has approved, on one connection at a time.

Every call ends in an answer (a JSON object) or raises `Failed`, and is written to the calls of agents either way.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from irisops.agent_calls import AgentCall, AgentCalls
from irisops.agent_connections import announced
from irisops.agents.answers import Page, answer
from irisops.agents.approvals import Approvals, WaitingPlan, shape_of
from irisops.agents.policy import allows, check_command, check_level, check_places, level_of
from irisops.agents.pseudonyms import Pseudonyms
from irisops.agents.question import Question, question_of, too_much_to_show
from irisops.background import Background
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Done, Effect, Form, Plan, Problem, Refusal, Reply
from irisops.contract.secret_words import without_secrets
from irisops.contract.wording import harmless, listed
from irisops.engine.plans import LIFETIME
from irisops.engine.spec import Arg, CommandSpec, Registry
from irisops.files import cure_of
from irisops.logs import LOG, scrub
from irisops.profiles.model import Profile
from irisops.session import Session

IDLE = 60.0
"""Seconds without a call after which the connection, and its license unit, is given back."""
MOST_PLANS = 20
"""Plans that may wait at once."""
TO_READ = 1.0
"""Seconds that a person takes at least to read a question: a faster answer is a program's."""
LONGEST_LINE = 2000
"""Characters of a command."""

Json = dict[str, Any]


class Failed(Exception):  # noqa: N818 - it is an answer, too
    """A call that was refused or that failed. `profile` is "" where none was chosen."""

    def __init__(self, problem: Problem, profile: str = "", masked: Callable[[str], str] = str) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.profile = profile
        self.masked = masked


@dataclass(frozen=True, slots=True)
class Caller:
    """The agent's program, in its own words, and whether it can ask its person (elicitation)."""

    name: str = "unknown"
    can_ask: bool = False


@dataclass(slots=True)
class _Planned:
    """A plan as it waits, with the line that made it and the connection on which it was made."""

    waiting: WaitingPlan
    command: Command
    in_session: str
    """The plan's id in the session."""
    generation: int
    made: float
    in_terminal: bool = False
    """It was written for `irisops approve`, which removes it if a person says no."""
    asked: float | None = None
    """When the question was given to the client; monotonic seconds."""


@dataclass(slots=True)
class _Call:
    """What is written of a call when it ends."""

    caller: Caller
    tool: str
    profile: str = ""
    line: str = ""
    approval: str = ""
    plan: str = ""
    change: int | None = None


@dataclass(slots=True)
class AgentService:
    """The tools of one server. `served` are the profiles given by name; empty means all."""

    session: Session
    registry: Registry
    served: Sequence[str] = ()
    _planned: dict[str, _Planned] = field(default_factory=dict)
    _gone: dict[str, str] = field(default_factory=dict)
    _pseudonyms: dict[str, Pseudonyms] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One call at a time uses the connection."""
    _tasks: Background = field(default_factory=Background)
    _presence: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _used: float = 0.0
    _watching: bool = False
    _approvals: Approvals = field(init=False)
    _calls: AgentCalls = field(init=False)

    def __post_init__(self) -> None:
        self._approvals = Approvals(self.session.places)
        self._calls = AgentCalls(self.session.places.journals)

    # What the tools are

    def profiles(self) -> list[Profile]:
        """The profiles that agents may know of, as the profiles file has them now. Raises `Refusal`."""
        loaded = self.session.hub.reload()
        if loaded.problem is not None:
            raise Refusal("ProfilesFile", "The profiles cannot be read.", "A person must correct the file.")
        wanted = {name.casefold() for name in self.served}
        known = [each for each in self.session.hub.profiles() if not wanted or each.name.casefold() in wanted]
        return [each for each in known if allows(each, "read")]

    def highest(self) -> set[str]:
        """The levels of the profiles, to decide which tools are listed."""
        try:
            return {level_of(each) for each in self.profiles()}
        except Refusal:
            return set()

    async def instances(self, caller: Caller) -> Json:
        """The profiles, each with what agents may do there. Nothing is connected for it."""

        async def work(_call: _Call) -> Json:
            return {
                "instances": [
                    {
                        "profile": each.name,
                        "namespace": each.namespace,
                        "agents": level_of(each),
                        "names": each.agents_names,
                        "approval": "terminal" if _in_terminal(each) else "client or terminal",
                    }
                    for each in self.profiles()
                ]
            }

        return await self._recorded(_Call(caller, "instances"), work)

    async def ask(self, caller: Caller, tool: str, profile: str, line: str, page: Page) -> Json:
        """Answer a reading command, given as a slash line or in plain words."""

        async def work(call: _Call) -> Json:
            chosen, command, _ = await self._understood(call, profile, line, "read")
            replies = await self._replies(command)
            for reply in replies:
                if isinstance(reply, Plan):
                    self.session.decline(reply.id)
            if any(isinstance(reply, Plan) for reply in replies) and command.name != "evidence":
                raise Refusal("NeedsPlan", f"/{command.name} changes something.", "Give it to the tool plan.")
            return self._answer(chosen, command, _without_plans(replies), page)

        return await self._in_turn(_Call(caller, tool, profile, line), work)

    async def plan(self, caller: Caller, profile: str, line: str, tool: str = "plan") -> Json:
        """Plan a change. Nothing is changed."""

        async def work(call: _Call) -> Json:
            chosen, command, link = await self._understood(call, profile, line, "plan")
            replies = await self._replies(command)
            plans = [reply for reply in replies if isinstance(reply, Plan)]
            for extra in plans[1:] if len(plans) > 1 else ():
                self.session.decline(extra.id)
            if len(plans) != 1:
                raise Refusal(
                    "NothingToPlan", f"/{command.name} changes nothing.", "The tool ask answers it."
                )
            planned = self._keep(caller, chosen, command, plans[0], link)
            call.plan = planned.waiting.id
            made = self._answer(chosen, command, replies, Page())
            return {"plan_id": planned.waiting.id, "valid_seconds": int(LIFETIME)} | made | self._next(chosen)

        return await self._in_turn(_Call(caller, tool, profile, line), work)

    def question(self, caller: Caller, plan_id: str) -> Question | None:
        """What to ask the person before `apply`; None if a person said yes in a terminal. Raises `Failed`.

        The text depends on the plan alone, so it is the same each time.
        """
        call = _Call(caller, "apply", plan=plan_id[:40])
        try:
            planned, profile = self._found(plan_id)
            call = _call_of(caller, planned)
            asked = self._question(caller, planned, profile)
        except Refusal as refusal:
            self._write(call, refusal.error)
            raise self._failed(refusal, call.profile) from None
        if asked is not None and planned.asked is None:
            planned.asked = self.session.clock.monotonic()
            self._write(call, "asked")
        return asked

    def _question(self, caller: Caller, planned: _Planned, profile: Profile) -> Question | None:
        """See `question`. Raises `Refusal` if the person cannot be asked in the client."""
        waiting = planned.waiting
        if self._approvals.approved(waiting):
            return None
        asked = question_of(waiting)
        in_terminal = _in_terminal(profile) or asked.too_long
        if caller.can_ask and not in_terminal:
            return asked
        why = "here only in a terminal" if in_terminal else "this client cannot ask one"
        raise Refusal(
            "NeedsApproval",
            f"Nothing was changed: a person must agree, {why}.",
            f"Ask the person to run: irisops approve {waiting.id}. Then call apply again.",
        )

    async def apply(self, caller: Caller, plan_id: str, typed: str | None) -> Json:
        """Carry a plan out. `typed` is what a person typed in the client; None if nobody agreed there."""

        async def work(call: _Call) -> Json:
            planned, chosen = self._found(plan_id)
            call.profile, call.line = planned.waiting.profile, planned.command.slash
            call.approval = self._approval(planned, chosen, typed)
            self._drop(plan_id, "this plan was already used")
            in_session = await self._made_again(planned, chosen)
            self._write(call, "begun")
            replies = [reply async for reply in self.session.confirm(in_session, planned.waiting.word)]
            problems = [reply for reply in replies if isinstance(reply, Problem)]
            if problems:
                raise Failed(problems[0], chosen.name, self._masking(chosen))
            call.change = next((each.undo for each in replies if isinstance(each, Done) and each.undo), None)
            return self._answer(chosen, planned.command, replies, Page())

        return await self._in_turn(_Call(caller, "apply", plan=plan_id[:40]), work)

    async def close(self) -> None:
        """Drop all plans and log out. The session is closed by its owner."""
        self._tasks.cancel()
        await self._tasks.wait()
        for plan_id in list(self._planned):
            self._drop(plan_id, "the server has ended")
        self._presence.close()

    # Calls

    async def _in_turn(self, call: _Call, work: Callable[[_Call], Awaitable[Json]]) -> Json:
        async with self._turn:
            try:
                return await self._recorded(call, work)
            finally:
                await self._leave_others()
                self._watch_idle()

    async def _recorded(self, call: _Call, work: Callable[[_Call], Awaitable[Json]]) -> Json:
        outcome = "Crashed"
        try:
            made = await work(call)
            outcome = "done"
        except Refusal as refusal:
            outcome = refusal.error
            raise self._failed(refusal, call.profile) from None
        except Failed as failed:
            outcome = failed.problem.error
            raise
        except Exception:
            LOG.exception("the call of an agent failed")  # the agent hears only that it did
            raise
        finally:
            self._write(call, outcome)
        return made

    def _failed(self, refusal: Refusal, name: str) -> Failed:
        """A refusal as the agent may hear it: it may hold names that the profile hides."""
        profile = self.session.hub.find(name) if name else None
        return Failed(refusal.problem(), name, self._masking(profile) if profile else str)

    def _write(self, call: _Call, outcome: str) -> None:
        """Append to the calls of agents. Raises `Failed`: what cannot be recorded is not answered."""
        try:
            self._calls.add(
                AgentCall(
                    self.session.clock.now(),
                    _written(call.caller.name),
                    call.tool,
                    _written(call.profile),
                    _written(call.line),
                    outcome,
                    call.approval,
                    _written(call.plan),
                    call.change,
                )
            )
        except OSError as error:
            LOG.error("a call of an agent cannot be recorded: %s", error.strerror)
            problem = Problem(
                "Journal", "The call cannot be recorded, so it is not answered.", cure_of(error)
            )
            raise Failed(problem, call.profile) from None

    # Commands

    def _chosen(self, name: str, level: str) -> Profile:
        """The profile that a call means. Raises `Refusal`."""
        profiles = self.profiles()
        if not name and len(profiles) != 1:
            raise Refusal(
                "WhichProfile",
                "There are several profiles." if profiles else "There is no profile that agents may read.",
                f"Give profile=, one of: {listed([each.name for each in profiles]) or 'none'}.",
            )
        found = next((each for each in profiles if not name or each.name.casefold() == name.casefold()), None)
        if found is None:
            raise Refusal(
                "NoSuchProfile",
                f"There is no profile {harmless(name, 80)} for agents.",
                f"These are: {listed([each.name for each in profiles]) or 'none'}.",
            )
        check_level(found, level)
        return found

    async def _understood(
        self, call: _Call, name: str, line: str, level: str
    ) -> tuple[Profile, Command, Link]:
        """The profile, the command that a line means there, and the connection. Raises `Refusal` or `Failed`."""
        profile = self._chosen(name, level)
        call.profile = profile.name
        if len(line) > LONGEST_LINE:
            raise Refusal("TooLong", f"A command has at most {LONGEST_LINE} characters.", "Ask for less.")
        if profile.agents_names == "hidden":
            line = self._names(profile).real(line, quote)
        line = line.strip()
        call.line = line
        if not line.startswith("/"):
            await self._connect(profile)
            await self.session.prepare(line)
        command = self.session.parse(line)
        if isinstance(command, Problem):
            raise Failed(command, profile.name, self._masking(profile))
        spec = self._spec(command)
        check_command(spec, level, profile)
        if (
            spec.name == "evidence"
        ):  # its file is never written, and an agent must not learn which files exist
            unwritten = str(self.session.places.state / "agents" / "evidence.json")
            return profile, replace(command, args={"file": unwritten}), await self._connect(profile)
        check_places(spec, command, self.profiles())
        call.line = command.slash
        return profile, command, await self._connect(profile)

    def _spec(self, command: Command) -> CommandSpec:
        spec = self.registry.get(command.name)
        assert spec is not None  # noqa: S101 - the session's parser knows the same commands
        return spec

    async def _replies(self, command: Command) -> list[Reply]:
        """The replies to a command. Raises `Failed` for a problem, or for what only a screen can do."""
        name = self.session.hub.active.name if self.session.hub.active else ""
        async with contextlib.aclosing(self.session.run(command)) as coming:
            replies = [reply async for reply in coming]
        problem = next((each for each in replies if isinstance(each, Problem)), None)
        if problem is None and any(isinstance(each, Form | Effect) for each in replies):
            problem = Problem(
                "FormNeeded",
                f"/{command.name} without values is a form, for a person.",
                f"Give values: {self._spec(command).usage}",
            )
        if problem is not None:
            for reply in replies:
                if isinstance(reply, Plan):
                    self.session.decline(reply.id)
            profile = self.session.hub.find(name)
            raise Failed(problem, name, self._masking(profile) if profile else str)
        return replies

    def _answer(self, profile: Profile, command: Command, replies: Sequence[Reply], page: Page) -> Json:
        masked = self._names(profile).shape if profile.agents_names == "hidden" else None
        about: Json = {
            "profile": profile.name,
            "namespace": profile.namespace,
            "command": harmless(self._masking(profile)(command.slash), 400),
        }
        return answer(about, replies, page, masked)

    # Names

    def _names(self, profile: Profile) -> Pseudonyms:
        return self._pseudonyms.setdefault(profile.name.casefold(), Pseudonyms())

    def _masking(self, profile: Profile) -> Callable[[str], str]:
        return self._names(profile).hidden if profile.agents_names == "hidden" else str

    async def _learn_names(self, link: Link) -> None:
        """Learn the names to hide. Raises `Refusal` if they cannot be read: then nothing is shown."""
        await link.names.learn(link.connection)
        if not link.names.users:
            raise Refusal(
                "NamesUnknown",
                f"Names are hidden from agents on {link.name}, and its users cannot be listed to know them.",
                "A person must give the account %Admin_Secure:U, or show the names.",
            )
        names = self._names(link.profile)
        names.learn("user", sorted({*link.names.users, link.profile.user}))

    # The connection

    async def _connect(self, profile: Profile) -> Link:
        """The connection to a profile, instead of the one to another. Raises `Failed` or `Refusal`."""
        hub = self.session.hub
        for link in hub.in_use():
            if link.name.casefold() != profile.name.casefold():
                await hub.disconnect(link)
                self._presence.close()
        fresh = not (hub.active is not None and hub.active.name == profile.name and hub.active.connected)
        hub.choose(profile)
        if profile.agents_names == "hidden":  # a failed login names them
            self._names(profile).learn("user", [profile.user])
            self._names(profile).learn("address", [profile.host])
        problem = await self.session.connect(profile)
        if problem is not None:
            served = {each.name for each in self.profiles()}
            others = [each.name.casefold() for each in hub.profiles() if each.name not in served]
            kept = [
                line for line in problem.suggestions if not any(name in line.casefold() for name in others)
            ]
            raise Failed(replace(problem, suggestions=kept), profile.name, self._masking(profile))
        link = hub.require()
        if fresh:
            self._announce(link)
        if profile.agents_names == "hidden":
            await self._learn_names(link)
        return link

    def _announce(self, link: Link) -> None:
        """Let the license board of every irisops here say whose connection this is."""
        self._presence.close()
        pid = link.connection.info.pid if link.connection.info else None
        if pid is not None:
            try:
                self._presence.enter_context(announced(self.session.places, link.profile, pid))
            except OSError as error:
                LOG.warning("the connection of the agent cannot be announced: %s", error.strerror)

    async def _leave_others(self) -> None:
        """End the connections that one call made beside its own (/diff of two profiles)."""
        hub = self.session.hub
        for link in hub.in_use():
            if link is not hub.active:
                await hub.disconnect(link)

    def _watch_idle(self) -> None:
        self._used = self.session.clock.monotonic()
        if not self._watching and self.session.hub.in_use():
            self._watching = True
            self._tasks.start(self._give_back(), "the idle connection of an agent")

    async def _give_back(self) -> None:
        """Log out once nothing was asked for `IDLE` seconds."""
        clock = self.session.clock
        try:
            while (left := self._used + IDLE - clock.monotonic()) > 0:
                await clock.sleep(left)
                async with self._turn:  # a call that runs is no idleness: it sets `_used` at its end
                    pass
            async with self._turn:
                self._presence.close()
                for link in self.session.hub.in_use():
                    await self.session.hub.disconnect(link)
        finally:
            self._watching = False

    # Plans

    def _keep(self, caller: Caller, profile: Profile, command: Command, made: Plan, link: Link) -> _Planned:
        """Let a plan wait for a person. Raises `Refusal`."""
        if too_much_to_show(made):
            self.session.decline(made.id)
            raise Refusal(
                "TooMuchToShow",
                f"What /{command.name} would do is more than a person can be shown at once.",
                "Plan fewer at a time.",
            )
        for plan_id in [each for each in self._planned if self._old(self._planned[each])]:
            self._drop(plan_id, "this plan is more than ten minutes old")
        if len(self._planned) >= MOST_PLANS:
            self.session.decline(made.id)
            raise Refusal(
                "TooManyPlans", f"{MOST_PLANS} plans wait already.", "Apply one, or wait ten minutes."
            )
        waiting = WaitingPlan(
            id=secrets.token_hex(6),
            profile=profile.name,
            word=made.confirm_word or profile.name,
            client=caller.name,
            made=self.session.clock.now(),
            plan=shape_of(made),
        )
        planned = _Planned(waiting, command, made.id, link.generation, self.session.clock.monotonic())
        if allows(profile, "apply"):
            planned.in_terminal = True
            try:
                self._approvals.put(waiting)
            except OSError as error:
                self.session.decline(made.id)
                raise Refusal("NotWritten", "The plan cannot be kept.", cure_of(error)) from None
        self._planned[waiting.id] = planned
        return planned

    def _next(self, profile: Profile) -> Json:
        if not allows(profile, "apply"):
            return {"next": f"Agents may only plan on {profile.name}: a person carries it out in irisops."}
        return {
            "next": "Nothing is changed yet. apply with this plan_id asks a person, who alone can say yes."
        }

    def _old(self, planned: _Planned) -> bool:
        return self.session.clock.monotonic() - planned.made > LIFETIME

    def _found(self, plan_id: str) -> tuple[_Planned, Profile]:
        """A plan that can be carried out, and its profile as it is now. Raises `Refusal`."""
        planned = self._planned.get(plan_id)
        why = self._gone.get(plan_id, "there is no such plan")
        if planned is not None and self._old(planned):
            why = "this plan is more than ten minutes old"
            self._drop(plan_id, why)
            planned = None
        if planned is None:
            raise Refusal("PlanGone", f"Nothing was changed: {why}.", "Make a fresh plan with the tool plan.")
        chosen = self._chosen(planned.waiting.profile, "apply")
        if planned.in_terminal and not self._approvals.waits(plan_id):
            raise self._declined(plan_id)
        return planned, chosen

    def _declined(self, plan_id: str) -> Refusal:
        self._drop(plan_id, "a person did not agree to it")
        return Refusal(
            "Declined", "Nothing was changed: the person did not agree.", "Do not ask again for the same."
        )

    def _drop(self, plan_id: str, why: str) -> None:
        planned = self._planned.pop(plan_id, None)
        if planned is not None:
            self._gone[plan_id] = why
            self._approvals.drop(plan_id)

    def _approval(self, planned: _Planned, profile: Profile, typed: str | None) -> str:
        """Where a person said yes to this plan. Raises `Refusal`, and the plan is gone if somebody said no."""
        waiting = planned.waiting
        if self._approvals.approved(waiting):
            return "terminal"
        now = self.session.clock.monotonic()
        if typed is None or _in_terminal(profile) or planned.asked is None:
            raise self._declined(waiting.id)
        if typed.strip().casefold() != waiting.word.casefold():
            self._drop(waiting.id, "it was answered with something else than the word")
            raise Refusal(
                "WordNeeded", "Nothing was changed: the word was not typed as shown.", "Make a fresh plan."
            )
        if now - planned.asked < TO_READ:
            self._drop(waiting.id, "it was answered faster than a person can read")
            raise Refusal(
                "NotAPerson",
                "Nothing was changed: the answer came faster than a person can read the plan.",
                "Make a fresh plan, and let the person answer, or run irisops approve.",
            )
        return "client"

    async def _made_again(self, planned: _Planned, profile: Profile) -> str:
        """The plan's id in the session. A plan of an earlier connection is made anew and compared.

        Raises `Refusal` if it would do something else now.
        """
        link = await self._connect(profile)
        if link.generation == planned.generation:
            return planned.in_session
        replies = await self._replies(planned.command)
        plans = [reply for reply in replies if isinstance(reply, Plan)]
        if len(plans) == 1:
            fresh = replace(planned.waiting, plan=shape_of(plans[0]))
            if fresh.digest == planned.waiting.digest:
                return plans[0].id
        for each in plans:
            self.session.decline(each.id)
        raise Refusal(
            "Moved",
            "Nothing was changed: it would do something else now than what was approved.",
            "Make a fresh plan with the tool plan.",
        )


def _in_terminal(profile: Profile) -> bool:
    """True if the yes must come from a terminal: the question would show names, or the client is not trusted so far."""
    return profile.guarded or profile.agents_names == "hidden"


def _written(text: str) -> str:
    """What the agent gave, as it is recorded: it may have put a password anywhere."""
    return scrub(without_secrets(text[:LONGEST_LINE]))


def _without_plans(replies: Sequence[Reply]) -> list[Reply]:
    return [reply for reply in replies if not isinstance(reply, Plan)]


def _call_of(caller: Caller, planned: _Planned) -> _Call:
    waiting = planned.waiting
    return _Call(caller, "apply", waiting.profile, planned.command.slash, plan=waiting.id)


def values_of(spec: CommandSpec, given: Mapping[str, str]) -> dict[str, str | list[str]]:
    """Arguments of a command from the texts that an agent gave; those that take several are split at blanks."""
    many = {part.name for part in spec.grammar if isinstance(part, Arg) and part.many}
    return {name: value.split() if name in many else value for name, value in given.items() if value.strip()}
