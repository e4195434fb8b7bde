"""Commands on what an operator looks at in a day, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Plain

_FILTER = (Arg("filter", "filter", required=False, many=True),)
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
)
