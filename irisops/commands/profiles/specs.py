"""Commands on profiles and secrets, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Keyword, Plain

OPTIONS = {
    "host": "text",
    "port": "number",
    "namespace": "text",
    "user": "text",
    "colour": "text",
    "read_only": "flag",
    "guarded": "flag",
    "web_port": "number",
    "web_scheme": "text",
    "path_prefix": "text",
    "sslconfig": "text",
    "poll_interval": "text",
    "password_command": "text",
    "agents": "text",
    "agents_names": "text",
}

_command = partial(CommandSpec, group="profiles")

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="connect",
        summary="Log in to a profile, or to iris://user@host:port/NAMESPACE",
        handler="profiles.connect:connect",
        grammar=(Arg("profile", "profile", required=False),),
        plain=(
            Plain(
                "(connect|log in|login|sign in|reconnect) [me] (to|into) [the] [profile|instance] {profile}"
            ),
            Plain("(switch|change|go) to [the] [profile|instance] {profile}"),
            Plain("use [the] (profile|instance) {profile}"),
            Plain("(connect|reconnect|log in|login)"),
        ),
        examples=("connect to local",),
    ),
    _command(
        name="disconnect",
        summary="Log out of an instance and stop reading it",
        handler="profiles.connect:disconnect",
        grammar=(Arg("profile", "profile", required=False),),
        plain=(
            Plain("(disconnect|log out|logout|sign out) [me] (from|of) [the] [profile|instance] {profile}"),
            Plain("(disconnect|log out|logout|sign out|log me out)"),
        ),
        examples=("log out of local",),
    ),
    _command(
        name="profiles",
        summary="The instances you know, with their state",
        handler="profiles.profiles:list_profiles",
        plain=(
            Plain("(show|list|see|display) [me] [the|my|all] (profiles|instances|connections)"),
            Plain("(profiles|instances|connections|my profiles|my instances)"),
            Plain("(what|which) (profiles|instances) (are there|do i have|are connected|exist)"),
        ),
        examples=("show profiles",),
        live=True,
    ),
    _command(
        name="profile add",
        summary="Add an instance: opens a form, or takes host= port= user= …",
        handler="profiles.profiles:add",
        grammar=(Arg("name", "text", required=False),),
        options=OPTIONS,
        plain=(
            Plain("(add|create|make|new) [a] [new] (profile|instance|connection)"),
            Plain("(add|create|make|new) [a] [new] (profile|instance|connection) [called|named] {name}"),
        ),
        examples=("add a profile",),
    ),
    _command(
        name="profile edit",
        summary="Change a profile: opens a form, or takes host= port= user= …",
        handler="profiles.profiles:edit",
        grammar=(Arg("name", "profile"),),
        options=OPTIONS,
        plain=(
            Plain("(edit|change|modify|update) [the] (profile|instance) {name}"),
            Plain("(edit|change|modify|update) [the] {name} profile"),
        ),
        examples=("edit the profile local",),
    ),
    _command(
        name="profile remove",
        summary="Forget a profile and its password",
        handler="profiles.profiles:remove",
        grammar=(Arg("name", "profile"),),
        plain=(Plain("(remove|delete|forget|drop) [the] (profile|instance) {name}"),),
        examples=("remove the profile old",),
        aliases=("profile delete",),
        changes=True,
    ),
    _command(
        name="profile test",
        summary="Name lookup, port, protocol, TLS, login, namespace: which works, and the cure",
        handler="profiles.connection_test:test",
        grammar=(Arg("name", "profile", required=False),),
        plain=(
            Plain("(test|check|try) [the] (profile|connection|instance) [to] {name}"),
            Plain("why can (i|we) not connect to {name}"),
            Plain("why can't (i|we) connect to {name}"),
        ),
        examples=("test the profile local",),
    ),
    _command(
        name="profile copy",
        summary="A second profile with the same fields",
        handler="profiles.files:copy",
        grammar=(Arg("name", "profile"), Keyword("to"), Arg("new", show="NEW")),
        plain=(Plain("(copy|duplicate) [the] (profile|instance) {name} (to|as) {new}"),),
        examples=("copy the profile local to other",),
    ),
    _command(
        name="profile move",
        summary="Change the order of profiles: first, last or a number",
        handler="profiles.files:move",
        grammar=(Arg("name", "profile"), Keyword("to"), Arg("position")),
        plain=(
            Plain("(move|put) [the] (profile|instance) {name} (to|at) [the] [place|position] {position}"),
        ),
        examples=("move the profile local to first",),
    ),
    _command(
        name="profiles export",
        summary="Write the profiles to a file for a colleague, without passwords",
        handler="profiles.files:export",
        grammar=(Arg("file", "file"),),
        plain=(Plain("export [the|my|all] profiles (to|into|as) {file}"),),
        examples=("export my profiles to team.toml",),
    ),
    _command(
        name="profiles import",
        summary="Add the profiles of a file, after showing which",
        handler="profiles.files:take_in",
        grammar=(Arg("file", "file"),),
        plain=(Plain("import [the] profiles (from|of) {file}"),),
        examples=("import profiles from team.toml",),
        changes=True,
    ),
    _command(
        name="discover",
        summary="Instances found here: installed, in containers, in VS Code, in variables",
        handler="profiles.discover:discover",
        plain=(
            Plain(
                "(discover|find|detect|search|look for|scan for) [my|all|the|local] (instances|iris|servers)"
            ),
            Plain("what (instances|iris instances|servers) (are|is) here"),
        ),
        examples=("find my instances",),
    ),
    _command(
        name="profile adopt",
        summary="Make a profile of what /discover found, and connect",
        handler="profiles.discover:adopt",
        grammar=(Arg("found", "found"),),
        options={"password": "flag", "name": "text"},
        plain=(Plain("(adopt|take) [the] [instance] {found}"),),
        examples=("adopt docker:iris-1",),
    ),
    _command(
        name="secrets",
        summary="Where each password is (never its value)",
        handler="profiles.secrets:show",
        plain=(
            Plain("(show|list) [me] [the|my] (secrets|passwords)"),
            Plain("where (are|is) [the|my|all] (passwords|password|secrets) [kept|stored|saved]"),
        ),
        examples=("where are my passwords",),
    ),
    _command(
        name="secrets move",
        summary="Move a password to the keyring, the encrypted file or memory",
        handler="profiles.secrets:move",
        grammar=(Arg("name", "profile", show="PROFILE"), Keyword("to"), Arg("place", "place")),
        plain=(
            Plain("(move|put) [the] password of {name} (to|into) [the] {place}"),
            Plain("(move|put) {name's} password (to|into) [the] {place}"),
        ),
        examples=("move the password of local to the keyring",),
    ),
    _command(
        name="secrets forget",
        summary="Remove a password from this computer",
        handler="profiles.secrets:forget",
        grammar=(Arg("name", "profile", show="PROFILE"),),
        plain=(
            Plain("(forget|delete|remove) [the] [stored|kept] password of {name}"),
            Plain("(forget|delete|remove) {name's} [stored|kept] password"),
        ),
        examples=("forget the stored password of local",),
        changes=True,
    ),
    _command(
        name="secrets file",
        summary="Set up the encrypted file of passwords, or change its passphrase",
        handler="profiles.secrets:file",
        plain=(
            Plain("(set up|create|make) [the|an] encrypted file [of|for] [passwords]"),
            Plain("change [the] passphrase [of the encrypted file]"),
        ),
        examples=("set up an encrypted file",),
    ),
    _command(
        name="secrets unlock",
        summary="Open the encrypted file of passwords for this run",
        handler="profiles.secrets:unlock",
        plain=(Plain("(unlock|open) [the] (encrypted file|secrets|passwords)"),),
        examples=("unlock the encrypted file",),
    ),
    _command(
        name="targets",
        summary="Write the instances as targets for Prometheus, and a dashboard for Grafana, into a folder",
        handler="profiles.targets:write_targets",
        grammar=(Arg("folder", "file", show="DIR"),),
        plain=(
            Plain(
                "(write|make|create|generate) [me] [the|a] (prometheus|grafana) (targets|dashboard|files) "
                "(to|in|into) [the] [folder] {folder}"
            ),
        ),
        examples=("write the prometheus targets into ./monitoring",),
    ),
)
