"""What the tools do: read, plan, and carry out what a person has approved, on one connection at a time.

Every call ends in an answer (a JSON object) or raises `Failed`, and is written to the calls of agents either way.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from irisops.agents.answers import Page, answer
from irisops.agents.calls import LONGEST_LINE, Call, Caller, Failed, Json, Recorder
from irisops.agents.connecting import AgentConnection
from irisops.agents.hiding import Hiding, are_hidden, without_conditions
from irisops.agents.plans import Planned, WaitingPlans, where_agreed
from irisops.agents.policy import allows, check_command, check_level, check_places, level_of
from irisops.agents.question import Question, odd_names
from irisops.background import Background, to_log
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Done, Effect, Form, Plan, Problem, Refusal, Reply
from irisops.contract.secret_words import by_form_alone
from irisops.contract.wording import harmless, listed, whole_lists
from irisops.engine.plans import LIFETIME
from irisops.engine.spec import Arg, CommandSpec, Registry
from irisops.journal import JournalError
from irisops.profiles.model import Profile
from irisops.session import Session

_LOG_IN_FIRST = (
    "A person can connect once in irisops, whose keyring keeps it, or give the profile a password_command."
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A line as it was understood, on its connection. `said` is the command as the agent may see it."""

    profile: Profile
    link: Link
    command: Command
    said: str
    conditions: Sequence[str] = ()
    """Words that choose among the rows as they are shown."""


@dataclass(slots=True)
class AgentService:
    """The tools of one server. `served` are the profiles given by name; empty means all."""

    session: Session
    registry: Registry
    served: Sequence[str] = ()
    _hiding: Hiding = field(init=False)
    _connection: AgentConnection = field(init=False)
    _plans: WaitingPlans = field(init=False)
    _recorder: Recorder = field(init=False)
    _carrying: Background = field(init=False)

    def __post_init__(self) -> None:
        self._hiding = Hiding(self.session, self.registry)
        self._connection = AgentConnection(self.session)
        self._plans = WaitingPlans(self.session)
        self._carrying = Background()
        self._recorder = Recorder(self.session.places.journals, self.session.clock, self._hiding.failed)

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

        async def work(_call: Call) -> Json:
            return {
                "instances": [
                    {
                        "profile": each.name,
                        "namespace": each.namespace,
                        "agents": level_of(each),
                        "names": each.agents_names,
                        "approval": where_agreed(each),
                    }
                    for each in self.profiles()
                ]
            }

        return await self._recorder.recorded(Call(caller, "instances"), work)

    async def ask(self, caller: Caller, tool: str, profile: str, line: str, page: Page) -> Json:
        """Answer a reading command, given as a slash line or in plain words."""

        async def work(call: Call) -> Json:
            asked = await self._understood(call, profile, line, "read")
            replies = await self._replies(asked.command)
            for reply in replies:
                if isinstance(reply, Plan):
                    self.session.decline(reply.id)
            if any(isinstance(reply, Plan) for reply in replies) and asked.command.name != "evidence":
                raise Refusal(
                    "NeedsPlan", f"/{asked.command.name} changes something.", "Give it to the tool plan."
                )
            shown = [
                self._hiding.select(asked.profile, reply, asked.conditions)
                for reply in replies
                if not isinstance(reply, Plan)
            ]
            return self._answer(asked.profile, asked.said, shown, page)

        return await self._in_turn(Call(caller, tool, profile, line), work)

    async def plan(self, caller: Caller, profile: str, line: str, tool: str = "plan") -> Json:
        """Plan a change. Nothing is changed."""

        async def work(call: Call) -> Json:
            asked = await self._understood(call, profile, line, "plan")
            command = asked.command
            replies = await self._replies(command, whole=True)
            plans = [reply for reply in replies if isinstance(reply, Plan)]
            for extra in plans[1:] if len(plans) > 1 else ():
                self.session.decline(extra.id)
            if len(plans) != 1:
                raise Refusal(
                    "NothingToPlan", f"/{command.name} changes nothing.", "The tool ask answers it."
                )
            names = odd_names(self._spec(command), command)
            planned = self._plans.keep(
                caller, asked.profile, command, plans[0], self._state(asked.link), names=names
            )
            call.plan = planned.waiting.id
            made = self._answer(asked.profile, asked.said, replies, Page())
            about = {"plan_id": planned.waiting.id, "valid_seconds": int(LIFETIME)}
            return about | made | self._next(asked.profile)

        return await self._in_turn(Call(caller, tool, profile, line), work)

    def question(self, caller: Caller, plan_id: str, *, again: bool = False) -> Question | None:
        """What to ask the person before `apply`; None if a person said yes in a terminal. Raises `Failed`.

        The text depends on the plan alone, so it is the same each time. `again` is true if the call brings the answer.
        """
        call = Call(caller, "apply", plan=plan_id[:40])
        try:
            planned, profile = self._found(plan_id)
            waiting = planned.waiting
            call = Call(caller, "apply", waiting.profile, planned.command.slash, plan=waiting.id)
            asked = self._plans.question(caller, planned, profile, again=again)
        except Refusal as refusal:
            self._recorder.write(call, refusal.error)
            raise self._hiding.failed(refusal, call.profile) from None
        if asked is not None and not (again and planned.asked is not None):
            self._plans.note_asked(planned)
            self._recorder.write(call, "asked")
        return asked

    async def refuse(self, caller: Caller, plan_id: str) -> Json:
        """Drop a plan to which a person said no in the client. Raises `Failed`."""

        async def work(call: Call) -> Json:
            planned, _ = self._found(plan_id)
            call.profile, call.line = planned.waiting.profile, planned.command.slash
            raise self._plans.declined(planned)

        return await self._in_turn(Call(caller, "apply", plan=plan_id[:40]), work)

    async def misused(self, caller: Caller, tool: str, problem: Problem) -> Json:
        """Record a call that no tool could take. Raises `Failed`."""

        async def work(_call: Call) -> Json:
            raise Failed(problem)

        return await self._recorder.recorded(Call(caller, tool), work)

    async def apply(self, caller: Caller, plan_id: str, typed: str | None) -> Json:
        """Carry a plan out. `typed` is what a person typed in the client; None if nobody agreed there.

        A call that is given up (a client's deadline) stops nothing that has begun: half of a change has no yes.
        """

        async def work(call: Call) -> Json:
            planned, chosen = self._found(plan_id)
            call.profile, call.line = planned.waiting.profile, planned.command.slash
            call.approval = self._plans.approval(planned, chosen, typed)
            self._plans.drop(plan_id, "this plan was already used")
            in_session = await self._made_again(planned, chosen)
            self._recorder.write(call, "begun")
            call.begun = True
            replies = [reply async for reply in self.session.confirm(in_session, planned.waiting.word)]
            masked = self._hiding.masking(chosen)
            problems = [reply for reply in replies if isinstance(reply, Problem)]
            if problems:
                raise Failed(problems[0], chosen.name, masked)
            call.change = next((each.undo for each in replies if isinstance(each, Done) and each.undo), None)
            return self._answer(chosen, masked(planned.command.slash), replies, Page())

        call = Call(caller, "apply", plan=plan_id[:40])
        carrying = self._carrying.start(self._in_turn(call, work), "a change of an agent", _unless_told)
        try:
            return await asyncio.shield(carrying)
        except asyncio.CancelledError:
            if not call.begun:
                carrying.cancel()
            raise

    async def close(self) -> None:
        """End what has begun, drop all plans and log out. The session is closed by its owner."""
        await self._carrying.wait()
        await self._connection.close()
        self._plans.close()

    async def _in_turn(self, call: Call, work: Callable[[Call], Awaitable[Json]]) -> Json:
        async def in_turn(call: Call) -> Json:
            async with self._connection.turn():
                return await work(call)

        return await self._recorder.recorded(call, in_turn)

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

    async def _understood(self, call: Call, name: str, line: str, level: str) -> _Asked:
        """What a line means on a profile. Raises `Refusal` or `Failed`."""
        profile = self._chosen(name, level)
        call.profile = profile.name
        if len(line) > LONGEST_LINE:
            raise Refusal("TooLong", f"A command has at most {LONGEST_LINE} characters.", "Ask for less.")
        call.line = line = line.strip()
        hidden = are_hidden(profile)
        if hidden or not line.startswith("/"):
            await self._connect(profile)
        if not line.startswith("/"):
            await self.session.prepare(line)
        with by_form_alone():  # a refusal of the password itself would tell that a guess is right
            command = self._hiding.parse(profile, line, self.profiles())
        if isinstance(command, Problem):
            raise Failed(command, profile.name)  # made of the line alone, which is the agent's own
        spec = self._spec(command)
        check_command(spec, level, profile)
        if (
            spec.name == "evidence"
        ):  # its file is never written, and an agent must not learn which files exist
            unwritten = str(self.session.places.state / "agents" / "evidence.json")
            command = replace(command, args={"file": unwritten})
            return _Asked(profile, await self._connect(profile), command, command.slash)
        said, conditions = command.slash, list[str]()
        if hidden and level == "read":
            command, conditions = without_conditions(spec, command)
        if hidden:
            command = self._hiding.real(profile, spec, command)
        check_places(spec, command, self.profiles())
        call.line = self._hiding.of(profile).real(said)
        return _Asked(profile, await self._connect(profile), command, said, conditions)

    def _spec(self, command: Command) -> CommandSpec:
        spec = self.registry.get(command.name)
        assert spec is not None  # noqa: S101 - the session's parser knows the same commands
        return spec

    async def _replies(self, command: Command, *, whole: bool = False) -> list[Reply]:
        """The replies to a command, `whole` with all names in their lists.

        Raises `Failed` for a problem, or for what only a screen can do.
        """
        name = self.session.hub.active.name if self.session.hub.active else ""
        with whole_lists() if whole else contextlib.nullcontext():
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
            raise Failed(problem, name, self._hiding.masking(self.session.hub.find(name)))
        return replies

    def _answer(self, profile: Profile, said: str, replies: Sequence[Reply], page: Page) -> Json:
        masked = self._hiding.of(profile).shape if are_hidden(profile) else None
        about: Json = {
            "profile": profile.name,
            "namespace": profile.namespace,
            "command": harmless(said, 400),
        }
        return answer(about, replies, page, masked)

    async def _connect(self, profile: Profile) -> Link:
        """The connection to a profile. Raises `Failed` or `Refusal`."""
        if are_hidden(profile):  # a failed login names them
            self._hiding.of(profile).learn("user", [profile.user])
            self._hiding.of(profile).learn("address", [profile.host])
        link = await self._connection.connect(profile)
        if isinstance(link, Problem):
            served = {each.name for each in self.profiles()}
            others = [each.name.casefold() for each in self.session.hub.profiles() if each.name not in served]
            kept = [line for line in link.suggestions if not any(name in line.casefold() for name in others)]
            # Nobody can be asked here, and the agent's person starts no program for it.
            cure = _LOG_IN_FIRST if link.error == "PasswordNeeded" else link.cure
            raise Failed(
                replace(link, suggestions=kept, cure=cure), profile.name, self._hiding.masking(profile)
            )
        if are_hidden(profile):
            await self._hiding.learn(link)
        return link

    # Plans

    def _next(self, profile: Profile) -> Json:
        if not allows(profile, "apply"):
            return {"next": f"Agents may only plan on {profile.name}: a person carries it out in irisops."}
        return {
            "next": "Nothing is changed yet. apply with this plan_id asks a person, who alone can say yes."
        }

    def _found(self, plan_id: str) -> tuple[Planned, Profile]:
        """A plan that can be carried out, and its profile as it is now. Raises `Refusal`."""
        planned = self._plans.found(plan_id)
        chosen = self._chosen(planned.waiting.profile, "apply")
        self._plans.check_open(planned, chosen)
        return planned, chosen

    def _state(self, link: Link) -> tuple[int, int]:
        """A connection's login, and the number of the last change there: the effects of a plan hold until the next."""
        try:
            entries = self.session.context.journal(link.name).entries()
        except JournalError:
            return link.generation, -1  # then nothing is carried out, either
        return link.generation, entries[-1].number if entries else 0

    async def _made_again(self, planned: Planned, profile: Profile) -> str:
        """The plan's id in the session. After a new login or another change it is made anew and compared.

        Raises `Refusal` if it would do something else now.
        """
        link = await self._connect(profile)
        if self._state(link) == planned.state:
            return planned.in_session
        return self._plans.same(planned, await self._replies(planned.command, whole=True))


def _unless_told(name: str, error: BaseException) -> None:
    if not isinstance(error, Failed):
        to_log(name, error)


def values_of(spec: CommandSpec, given: Mapping[str, str]) -> dict[str, str | list[str]]:
    """Arguments of a command from the texts that an agent gave; those that take several are split at blanks."""
    many = {part.name for part in spec.grammar if isinstance(part, Arg) and part.many}
    return {name: value.split() if name in many else value for name, value in given.items() if value.strip()}
