"""Commands on what an operator looks at in a day, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Plain

_FILTER = (Arg("filter", "filter", required=False, many=True),)
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
            Plain("(who|what) is (blocked|waiting for a lock|blocking)", {"filter": ["waiting>0"]}),
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
)
