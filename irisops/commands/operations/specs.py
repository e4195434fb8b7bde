"""Commands on what an operator looks at in a day, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Keyword, Plain

_FILTER = (Arg("filter", "filter", required=False, many=True),)
_NAMESPACE = (Arg("namespace", "namespace", show="NAMESPACE"),)
_COMPONENT = (Arg("component", "component", show="NAME"), Keyword("in"), *_NAMESPACE)
_TASK = (Arg("task", "task", show="ID|NAME"),)
_DATABASE = (Arg("database", "database", show="NAME"),)

_command = partial(CommandSpec, needs_connection=True)
_list = partial(_command, grammar=_FILTER, live=True)
_SHOW = "(show|list|see|display) [me] [all] [the|my]"

SPECS: tuple[CommandSpec, ...] = (
    _list(
        name="databases",
        summary="Databases with size, space left, growth and state, what is wrong first; filter and sort by words",
        handler="operations.databases:show_databases",
        plain=(
            Plain(f"{_SHOW} (databases|database files)"),
            Plain("(databases|dbs|database sizes)"),
            Plain("how (big|large|full) are [the|my] databases"),
            Plain("how much (space|room) is (left|free) [in the databases|on the disk|on the disks]"),
            Plain("which databases are (not mounted|dismounted)", {"filter": ["mounted=no"]}),
            Plain("which database (grew|grows|has grown) [most|the most]", {"filter": ["sort=-grown_mb"]}),
            Plain("(which|what) database is [the] (biggest|largest)", {"filter": ["sort=-size_mb"]}),
        ),
        examples=("show databases", "how much space is left"),
        aliases=("dbs",),
        needs=("databases.names",),
    ),
    _command(
        name="database",
        summary="All about one database: limits, space, disk, journaling, namespaces",
        handler="operations.databases:show_database",
        grammar=_DATABASE,
        plain=(
            Plain("(show|open|explain) [me] [the] database {database}"),
            Plain("how (big|large|full) is [the] database {database}"),
        ),
        examples=("how big is the database IRISTEMP",),
        needs=("databases.names",),
        live=True,
    ),
    _command(
        name="database mount",
        undo={"database.mount": "operations.databases:AGAIN"},
        summary="Mount a database, readonly=yes for reading alone",
        handler="operations.databases:mount_database",
        grammar=_DATABASE,
        options={"readonly": "flag"},
        plain=(
            Plain("mount [the] database {database}"),
            Plain("mount [the] database {database} (readonly|read-only|for reading)", {"readonly": "yes"}),
        ),
        examples=("mount the database USER",),
        changes=True,
        needs=("databases.mount",),
    ),
    _command(
        name="database dismount",
        summary="Dismount a database until it is mounted again; says who works in it",
        handler="operations.databases:dismount_database",
        grammar=_DATABASE,
        plain=(Plain("(dismount|unmount) [the] database {database}"),),
        examples=("dismount the database USER",),
        changes=True,
        needs=("databases.dismount",),
    ),
    _list(
        name="tasks",
        summary="Scheduled tasks, failed ones first: next run, last run, result; filter and sort by words",
        handler="operations.tasks:show_tasks",
        plain=(
            Plain(f"{_SHOW} [scheduled] tasks"),
            Plain("(tasks|task list|scheduled tasks)"),
            Plain(
                "(which|what) tasks (failed|have failed) [last night|today|tonight]",
                {"filter": ["failed=yes"]},
            ),
            Plain("(did|has) [any|a|some] task (fail|failed) [last night|today]", {"filter": ["failed=yes"]}),
            Plain("(which|what) tasks are suspended", {"filter": ["suspended=yes"]}),
            Plain("(which|what) (task|tasks) (runs|run|is|are) next", {"filter": ["sort=next"]}),
        ),
        examples=("show tasks", "which tasks failed last night"),
        needs=("tasks.list",),
    ),
    _command(
        name="task",
        summary="All about one scheduled task",
        handler="operations.tasks:show_task",
        grammar=_TASK,
        plain=(
            Plain("(show|open|explain) [me] [the] task {task}"),
            Plain("why did [the] task {task} fail"),
        ),
        examples=("show the task 3",),
        needs=("tasks.list",),
        live=True,
    ),
    _command(
        name="task run",
        summary="Run a task now; says what it does and as whom",
        handler="operations.tasks:run_task",
        grammar=_TASK,
        plain=(Plain("(run|start|execute) [the] task {task} [now]"),),
        examples=("run the task 5 now",),
        changes=True,
        needs=("tasks.list", "tasks.run"),
    ),
    _command(
        name="task suspend",
        undo={"task.suspend": "operations.tasks:AGAIN"},
        summary="Keep a task from running until it is resumed",
        handler="operations.tasks:suspend_task",
        grammar=_TASK,
        plain=(Plain("(suspend|pause|stop) [the] task {task}"),),
        examples=("suspend the task 3",),
        changes=True,
        needs=("tasks.list", "tasks.suspend"),
    ),
    _command(
        name="task resume",
        summary="Let a suspended task run by its schedule again",
        handler="operations.tasks:resume_task",
        grammar=_TASK,
        plain=(Plain("(resume|continue|unpause) [the] task {task}"),),
        examples=("resume the task 7",),
        changes=True,
        needs=("tasks.list", "tasks.suspend"),
    ),
    _list(
        name="locks",
        summary="Locks with holder, waiters and age, the waited for first; filter and sort by words",
        handler="operations.locks:show_locks",
        plain=(
            Plain(f"{_SHOW} locks"),
            Plain("(locks|lock table|the lock table)"),
            Plain("(who|what) (holds|has) [the|all] locks"),
            Plain(
                "(who|what) is (waiting for a lock|blocking others)",
                {"filter": ["waiting>0"]},
            ),
            Plain("(show|list) [me] [the] locks of [process|pid] {pid}", {"filter": ["pid={pid}"]}),
        ),
        examples=("show locks", "who is waiting for a lock"),
        needs=("locks.detail",),
    ),
    _command(
        name="lock delete",
        summary="Delete a lock; says who holds it, who waits, and what that risks",
        handler="operations.locks:delete",
        grammar=(Arg("lock", "lock", show="LOCK"),),
        plain=(Plain("(delete|remove|clear) [the] lock [on] {lock}"),),
        examples=("delete the lock on ^Ship.OrderD(4711)",),
        changes=True,
        needs=("locks.detail", "locks.delete"),
    ),
    _command(
        name="journal",
        summary="The journal: state, space, and the days left at this pace",
        handler="operations.journal:show_journal",
        plain=(
            Plain("(show|open|check) [me] [the] journal"),
            Plain("(journal|journaling|journal space)"),
            Plain("how is [the] journal [doing]"),
            Plain("how (long|many days) (does|will) [the] journal [space] last"),
            Plain("is [the] journal (full|ok|frozen|on|enabled)"),
        ),
        examples=("how is the journal",),
        needs=("journal.state",),
        live=True,
    ),
    _list(
        name="log",
        summary="The end of messages.log, newest first, with what known lines mean; filter and sort by words",
        handler="operations.log:show_log",
        plain=(
            Plain(
                "(show|list|see|read|open) [me] [the] (log|messages log|messages.log|system log|console log)"
            ),
            Plain("(log|messages log|messages.log|console log|cconsole.log|the log)"),
            Plain(
                "(show|list|see) [me] [the] (errors|problems) (in|of|from) [the] (log|messages log|messages.log)",
                {"filter": ["level>=2"]},
            ),
            Plain("(system alerts|errors in the log)", {"filter": ["level>=2"]}),
        ),
        examples=("show the log", "show the errors in the log"),
        needs=("messages.log", "databases.names"),
    ),
    _list(
        name="productions",
        summary="Productions of all namespaces: state, queues, errors of the last hour; filter and sort by words",
        handler="operations.productions:show_productions",
        plain=(
            Plain(f"{_SHOW} productions"),
            Plain("(productions|interoperability|ensemble)"),
            Plain("(is|are) [the|my|all] (production|productions) (running|ok|up)"),
            Plain("which productions are (running|stopped|troubled)"),
        ),
        examples=("show productions",),
    ),
    _command(
        name="production",
        summary="The production of a namespace with its components, queues and errors",
        handler="operations.productions:show_production",
        grammar=_NAMESPACE,
        plain=(
            Plain("(show|open|explain) [me] [the] production (of|in) [namespace|the namespace] {namespace}"),
            Plain("how is [the] production (of|in) [namespace|the namespace] {namespace} [doing]"),
        ),
        examples=("show the production of SHIP",),
        live=True,
    ),
    _command(
        name="production start",
        undo={"production.state": "operations.productions:AGAIN"},
        summary="Start the production of a namespace",
        handler="operations.productions:start_production",
        grammar=_NAMESPACE,
        plain=(Plain("start [the] production (of|in) [namespace|the namespace] {namespace}"),),
        examples=("start the production of SHIP",),
        changes=True,
    ),
    _command(
        name="production stop",
        summary="Stop the production of a namespace; force=yes does not wait for its work",
        handler="operations.productions:stop_production",
        grammar=_NAMESPACE,
        options={"force": "flag"},
        plain=(
            Plain("(stop|end) [the] production (of|in) [namespace|the namespace] {namespace}"),
            Plain(
                "force [the] production (of|in) [namespace|the namespace] {namespace} to stop",
                {"force": "yes"},
            ),
        ),
        examples=("stop the production of SHIP",),
        changes=True,
    ),
    _command(
        name="production recover",
        summary="Recover a troubled production, so that it can be started",
        handler="operations.productions:recover_production",
        grammar=_NAMESPACE,
        plain=(Plain("recover [the] production (of|in) [namespace|the namespace] {namespace}"),),
        examples=("recover the production of SHIP",),
        changes=True,
    ),
    _command(
        name="component restart",
        summary="Restart one component of a production",
        handler="operations.productions:restart_component",
        grammar=_COMPONENT,
        plain=(Plain("restart [the] component {component} (of|in) {namespace}"),),
        examples=('restart the component "To carrier" in SHIP',),
        changes=True,
    ),
    _command(
        name="component start",
        undo={"component.state": "operations.productions:COMPONENT_AGAIN"},
        summary="Enable a component of a production",
        handler="operations.productions:start_component",
        grammar=_COMPONENT,
        plain=(Plain("(start|enable) [the] component {component} (of|in) {namespace}"),),
        examples=('start the component "To carrier" in SHIP',),
        changes=True,
    ),
    _command(
        name="component stop",
        summary="Disable a component of a production; its messages wait",
        handler="operations.productions:stop_component",
        grammar=_COMPONENT,
        plain=(Plain("(stop|disable) [the] component {component} (of|in) {namespace}"),),
        examples=('stop the component "To carrier" in SHIP',),
        changes=True,
    ),
    _list(
        name="namespaces",
        summary="Namespaces and the databases behind them; filter and sort by words",
        handler="operations.namespaces:show_namespaces",
        plain=(
            Plain(f"{_SHOW} namespaces"),
            Plain("(namespaces|namespace list)"),
            Plain("(which|what) namespaces (are there|exist|do we have|does the instance have)"),
        ),
        examples=("show namespaces",),
        needs=("namespaces.list",),
    ),
    _list(
        name="sql running",
        summary="SQL statements that run now, the longest first; filter and sort by words",
        handler="operations.statements:show_running",
        plain=(
            Plain("(show|list|see) [me] [the|all] running (sql|queries|statements|sql statements)"),
            Plain("(running sql|running queries|sql activity)"),
            Plain("(which|what) (queries|sql statements|statements) (are running|run) [now]"),
            Plain("which (query|statement) (is|runs) [the] (slow|slowest|longest)"),
        ),
        examples=("show running queries",),
        needs=("statements.list",),
    ),
    _command(
        name="sql cancel",
        summary="End the SQL statement that a process runs; the process goes on",
        handler="operations.statements:cancel",
        grammar=(Arg("pid", "number", show="PID"),),
        plain=(
            Plain(
                "(cancel|stop|end|abort) [the] (query|statement|sql|sql statement) (of|in) [the] [process|pid] {pid}"
            ),
        ),
        examples=("cancel the query of process 4711",),
        changes=True,
        needs=("statements.list", "statements.cancel"),
    ),
    _command(
        name="mirror",
        summary="This instance's part in its mirror",
        handler="operations.mirror:show_mirror",
        plain=(
            Plain("(show|check|open) [me] [the] mirror [state|status]"),
            Plain("(mirror|mirroring|mirror state|mirror status)"),
            Plain("how is [the] mirror [doing]"),
            Plain("is [the] mirror (ok|in sync|working|up)"),
            Plain("(is this|am i on) [the|a] (primary|backup) [member]"),
        ),
        examples=("how is the mirror",),
        needs=("mirror.state",),
        live=True,
    ),
)
