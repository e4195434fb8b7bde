"""Choice of the route to a fact: by the class dictionary, and by failures."""

from __future__ import annotations

import pytest

from irisops.instance.calls import HELPER, Answer, Call, ClassMethod, Query, Rows
from irisops.instance.capabilities import Capabilities, dictionary_query, wanted_members
from irisops.instance.errors import InstanceError, InstanceProblem, NotAvailable, NotPermitted, Unreachable
from irisops.instance.failures import call_failure
from irisops.instance.features import FEATURES, HELPER_VERSION_METHOD, Route
from irisops.instance.helper import VERSION, open_or_help
from irisops.instance.routes import explained, first_route, for_reads, lacking
from tests.instance.fake_instance import FakeInstance, everything, value

MISSING = InstanceError("<CLASS DOES NOT EXIST> *X", detail="<CLASS DOES NOT EXIST> *X")


def capabilities_of(*rows: tuple[str, str, int], namespace: str = "%SYS") -> Capabilities:
    return Capabilities.from_rows(Rows(("parent", "Name", "Projected"), list(rows)), namespace)


def test_the_dictionary_is_asked_for_every_need_in_one_query() -> None:
    query = dictionary_query()
    assert isinstance(query, Query)
    assert query.sql.count("?") == len(query.params)
    needs = {
        need for feature in FEATURES.values() for route in feature.routes for need in route.needs if need[1]
    }
    assert needs <= set(wanted_members())
    for class_name, member in needs:
        assert class_name in query.params
        assert member in query.params


def test_an_sql_route_needs_the_query_to_be_projected() -> None:
    found = capabilities_of(("Security.Users", "List", 0), ("%Library.ResultSet", "QueryName", 0))
    assert [route.kind for route in found.routes("users.list")] == ["result set"]
    (row,) = [row for row in found.doctor() if row.what == "users.list"]
    assert row.available
    assert row.route == "%Library.ResultSet Security.Users:List"
    assert row.rejected == (
        ("SQL Security.Users_List", "Security.Users_List is not projected as an SQL procedure"),
    )
    assert "round trip per cell" in row.note
    projected = capabilities_of(("Security.Users", "List", 1))
    assert projected.routes("users.list")[0].kind == "sql"


def test_what_is_missing_is_told_with_its_reason() -> None:
    elsewhere = capabilities_of(("%SYSTEM.Version", "GetVersion", 0), namespace="USER")
    available, reason = elsewhere.available("users.list")
    assert not available
    assert "only in namespace %SYS" in reason
    assert elsewhere.available("system.version") == (True, "")
    missing = dict(elsewhere.missing())
    assert missing["%SYSTEM.License.UserList"] == "there is no class %SYSTEM.License"
    assert "%SYSTEM.Version.GetVersion" not in missing
    partly = capabilities_of(("%SYSTEM.License", "LUConsumed", 0))
    assert dict(partly.missing())["%SYSTEM.License.UserList"] == "%SYSTEM.License has no UserList"


def _by_helper(route: Route) -> bool:
    return any(class_name == HELPER for class_name, _ in route.needs)


def test_an_unreadable_dictionary_strikes_nothing_out_but_says_so() -> None:
    unknown = Capabilities(note="SELECT refused")
    assert unknown.has("Anything", "at all")
    assert unknown.missing() == []
    for name, feature in FEATURES.items():
        # That of the web port is not in the dictionary: it takes a profile that has one. The helper takes an install.
        assert unknown.routes(name) == [
            route for route in feature.routes if route.kind != "rest" and not _by_helper(route)
        ]
    assert all("SELECT refused" in row.note for row in unknown.doctor())
    # What %SYS alone has is elsewhere, whether the dictionary can be read or not.
    elsewhere = Capabilities(namespace="USER", note="SELECT refused")
    assert elsewhere.available("users.list") == (
        False,
        "Security.Users is only in namespace %SYS; this connection is in USER",
    )
    assert elsewhere.available("license.counts")[0]
    # A column that may not be there is asked for until a read of it has failed.
    assert unknown.has_start_time()
    unknown.learn_no_start_time()
    assert not unknown.has_start_time()
    assert capabilities_of(("%SYS.ProcessQuery", "StartTimeUTC", 0)).has_start_time()


async def test_the_next_route_is_tried_when_one_is_not_there_and_only_once() -> None:
    instance = FakeInstance({})
    tried: list[str] = []

    async def attempt(route: Route) -> str:
        tried.append(route.kind)
        if route.kind == "sql":
            raise MISSING
        return "done"

    for _ in range(2):
        assert await first_route(instance, "users.list", attempt) == "done"
    assert tried == ["sql", "result set", "result set"]


async def test_a_refused_change_is_not_tried_another_way() -> None:
    tried: list[str] = []

    async def attempt(route: Route) -> None:
        tried.append(route.label)
        raise InstanceError("ERROR #883: Role x does not exist.", code=883)

    with pytest.raises(InstanceError):
        await first_route(FakeInstance({}), "users.add_role", attempt)
    assert tried == ["Security.Users.AddRoles"]


async def test_a_read_tries_all_and_prefers_to_name_the_missing_privilege() -> None:
    async def attempt(route: Route) -> None:
        if route.kind == "sql":
            raise NotPermitted("no")
        raise InstanceError("something else")

    with pytest.raises(NotPermitted) as refused:
        await first_route(FakeInstance({"Security.Check": value(0)}), "users.list", attempt, again=for_reads)
    assert refused.value.privilege == "%Admin_Secure:U"


NO_GRANT = call_failure("[SQLCODE: <-99>:<Privilege violation>] User secadmin is not privileged")
PROTECTED = call_failure("<PROTECT>")


@pytest.mark.parametrize(
    ("feature", "problem", "held", "said"),
    [
        ("users.list", PROTECTED, 0, "This account lacks %Admin_Secure:U."),
        (
            "users.list",
            NO_GRANT,
            1,
            "This account has %Admin_Secure:U, but SQL wants EXECUTE on Security.Users_List as well.",
        ),
        ("webapps.edit", PROTECTED, 1, "the instance protects the objects of Security.Applications"),
        ("users.delete", PROTECTED, 1, "has %Admin_Secure:U, which is what this is documented to need"),
        ("sessions.list", NO_GRANT, 1, "SQL wants EXECUTE on %CSP.Session_SessionInfo"),
        ("processes.list", NO_GRANT, 1, "SQL wants SELECT on %SYS.ProcessQuery"),
        ("users.list", PROTECTED, NotPermitted("no"), "It is documented to need %Admin_Secure:U."),
    ],
)
async def test_no_privilege_is_named_that_the_account_has(
    feature: str, problem: InstanceProblem, held: int | NotPermitted, said: str
) -> None:
    answer = value(held) if isinstance(held, int) else held
    known = FEATURES[feature]
    told = await explained(FakeInstance({"Security.Check": answer}), problem, known, known.routes[0])
    assert isinstance(told, NotPermitted)
    assert said in told.message
    assert ("lacks" in told.message) is (held == 0)


async def test_a_table_that_may_be_of_all_alone_has_the_cure_of_both_kinds_of_release() -> None:
    known = FEATURES["oauth.clients"]
    told = await explained(FakeInstance({}), NO_GRANT, known, known.routes[0])
    assert isinstance(told, NotPermitted)
    assert (told.message, told.privilege) == ("SQL wants SELECT on OAuth2.Client.", "%All")
    for said in ("as a user with %All", "Before 2025.2", "GRANT SELECT ON OAuth2.Client TO this account"):
        assert said in told.cure


async def test_only_the_privilege_that_is_lacking_is_named() -> None:
    def check(call: Call) -> Answer:
        assert isinstance(call, ClassMethod)
        return value(int(call.args[0] == "%Admin_Operate"))

    known = FEATURES["sessions.list"]
    told = await explained(FakeInstance({"Security.Check": check}), PROTECTED, known, known.routes[0])
    assert told.message == "This account lacks %DB_IRISSYS:R."


@pytest.mark.parametrize(
    ("has", "lacks"),
    [("%Admin_Task", ""), ("%Admin_Tasks", ""), ("%Admin_Operate", "%Admin_Task:U or %Admin_Tasks:U")],
)
async def test_of_two_spellings_of_a_privilege_either_will_do(has: str, lacks: str) -> None:
    def check(call: Call) -> Answer:
        assert isinstance(call, ClassMethod)
        return value(int(call.args[0] == has))

    assert await lacking(FakeInstance({"Security.Check": check}), FEATURES["tasks.run"].privilege) == lacks


async def test_a_lost_connection_ends_the_search() -> None:
    tried: list[str] = []

    async def attempt(route: Route) -> None:
        tried.append(route.kind)
        raise Unreachable("gone")

    with pytest.raises(Unreachable):
        await first_route(FakeInstance({}), "users.list", attempt, again=for_reads)
    assert tried == ["sql"]


async def test_without_any_route_the_reasons_are_given() -> None:
    instance = FakeInstance({}, everything("Security.Users.List"))

    async def attempt(_route: Route) -> None:
        raise AssertionError("there is nothing to try")

    with pytest.raises(NotAvailable, match=r"Security\.Users has no List"):
        await first_route(instance, "users.list", attempt)


def states(capabilities: Capabilities, feature: str) -> tuple[str, str]:
    (row,) = [row for row in capabilities.doctor() if row.what == feature]
    return row.state, row.route


async def test_what_worked_is_told_from_what_is_only_there() -> None:
    instance = FakeInstance({})

    async def attempt(route: Route) -> None:
        if route.kind == "sql":
            raise NO_GRANT

    assert states(instance.capabilities, "users.list") == ("not tried yet", "SQL Security.Users_List")
    instance.script["Security.Check"] = value(1)
    await first_route(instance, "users.list", attempt, again=for_reads)
    assert states(instance.capabilities, "users.list") == ("worked", "%Library.ResultSet Security.Users:List")
    # It is tried again, as the privilege may be granted; a route that did not exist would not be.
    assert instance.capabilities.routes("users.list")[0].kind == "sql"
    ((label, reason),) = instance.capabilities.reasons("users.list")
    assert label == "SQL Security.Users_List"
    assert "EXECUTE on Security.Users_List" in reason
    assert instance.capabilities.proved("users.list") is None


async def test_a_feature_all_of_whose_routes_were_refused_has_failed() -> None:
    instance = FakeInstance({"Security.Check": value(0)})

    async def attempt(_route: Route) -> None:
        raise PROTECTED

    with pytest.raises(NotPermitted):
        await first_route(instance, "users.list", attempt, again=for_reads)
    assert states(instance.capabilities, "users.list")[0] == "failed"
    assert states(FakeInstance({}, everything("Security.Users.List")).capabilities, "users.list") == (
        "not there",
        "",
    )


async def test_an_error_about_an_object_says_nothing_of_the_route() -> None:
    instance = FakeInstance({})

    async def attempt(_route: Route) -> None:
        raise InstanceError("ERROR #883: Role x does not exist.", code=883, detail="ERROR #883")

    with pytest.raises(InstanceError):
        await first_route(instance, "users.add_role", attempt)
    assert states(instance.capabilities, "users.add_role")[0] == "not tried yet"


PROTECTED = NotPermitted("<PROTECT>", detail="<PROTECT>")
OBJECT, BY_HELPER = FEATURES["services.edit"].routes


async def test_where_one_object_is_protected_all_are_and_the_helper_comes_first() -> None:
    capabilities = everything(helper=True)
    assert capabilities.routes("services.edit") == [OBJECT, BY_HELPER]
    capabilities.fail(FEATURES["users.read"].routes[0], PROTECTED)
    assert capabilities.routes("services.edit") == [BY_HELPER, OBJECT]
    # An error of one object says nothing about the others, and one that opens says that all do.
    capabilities.fail(OBJECT, InstanceError("gone", code=809))
    assert capabilities.routes("webapps.edit")[0].by_helper
    capabilities.prove(OBJECT)
    assert capabilities.routes("services.edit") == [OBJECT, BY_HELPER]


async def test_the_last_word_of_a_route_that_did_the_work_is_told() -> None:
    instance = FakeInstance({}, everything(helper=True))

    async def attempt(route: Route) -> None:
        if route == OBJECT:
            raise PROTECTED
        raise InstanceError("ERROR #809: Service x does not exist", code=809)

    with pytest.raises(InstanceError) as told:
        await open_or_help(instance, "services.edit", attempt)
    assert told.value.code == 809


@pytest.mark.parametrize("there", [False, True])
async def test_the_helper_is_sought_where_objects_are_protected(there: bool) -> None:
    instance = FakeInstance({"Check": value(1)}, everything())
    if there:
        instance.script[HELPER_VERSION_METHOD] = value(VERSION)

    async def attempt(route: Route) -> str:
        if route == OBJECT:
            raise PROTECTED
        return route.label

    if there:
        assert await open_or_help(instance, "services.edit", attempt) == BY_HELPER.label
        return
    with pytest.raises(NotPermitted) as told:
        await open_or_help(instance, "services.edit", attempt)
    assert told.value.privilege == "%All"
    assert told.value.cure.startswith("/helper install offers")


async def test_for_want_of_a_privilege_no_helper_is_sought() -> None:
    instance = FakeInstance({"Check": value(0)}, everything())

    async def attempt(_route: Route) -> None:
        raise PROTECTED

    with pytest.raises(NotPermitted, match="lacks %Admin_Secure:U") as told:
        await open_or_help(instance, "services.edit", attempt)
    assert "/helper" not in told.value.cure
    assert not any(isinstance(call, ClassMethod) and call.class_name == HELPER for call in instance.calls)
