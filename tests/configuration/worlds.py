"""Random configurations: names and texts as nasty as an instance allows."""

from __future__ import annotations

from hypothesis import strategies as st

from irisops.configuration.kinds import KINDS, ConfigKind
from irisops.configuration.model import ConfigObject, Configuration, Unread, keyed
from irisops.configuration.values import Property, Value
from irisops.instance.security.authentication import METHODS

ODD = "aAbBzZ09%_-./:*~ “”\"'\\\n\r\t#;=ßİıẞéЖ漢🜁\u202e\u2066\u200b\x00\x7f\ufeff"
"""Letters of both cases, what files and TOML treat in a special way, foreign letters, marks that turn the direction."""
texts = st.text(st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=["Cs"])), max_size=40)
names = st.text(st.sampled_from(ODD.replace("\x00", "")), min_size=1, max_size=64).filter(str.strip)
"""Of objects, with up to 64 characters (facts: iris-security 3.1)."""
plain_names = st.text(st.sampled_from("aAbB%_-é漢0"), min_size=1, max_size=12)
"""Without the signs that separate names in a list."""


def value_of(known: Property) -> st.SearchStrategy[Value]:
    """Any canonical value of a property."""
    raw: st.SearchStrategy[object]
    if known.type == "flag":
        raw = st.booleans()
    elif known.type == "number":
        raw = st.integers(0, 10**6)
    elif known.type == "date":
        raw = st.one_of(st.just(""), st.dates().map(str))
    elif known.type == "choice":
        raw = st.one_of(st.sampled_from([word for word in known.words if word]), st.just("77"))
    elif known.type == "methods":
        raw = st.lists(st.sampled_from(list(METHODS.values())), unique=True)
    elif known.type == "permission":
        raw = st.sampled_from(["", "R", "W", "U", "RW", "RU", "WU", "RWU"])
    elif known.type == "privileges":
        raw = st.lists(st.tuples(plain_names, st.sampled_from(["R", "RW", "U"])).map(":".join))
    elif known.type == "groups":
        raw = st.lists(st.tuples(st.one_of(st.just(""), plain_names), plain_names).map(":".join))
    elif known.type == "table":
        raw = st.dictionaries(plain_names, plain_names).map(
            lambda found: [f"{key} = {value}" for key, value in found.items()]
        )
    elif known.name == "Privileges":
        grants = st.builds(
            "{} ON {} {}{}".format,
            st.sampled_from(["SELECT", "EXECUTE", "x"]),
            st.sampled_from(["TABLE", "SCHEMA", "VIEW", "7"]),
            texts,
            st.sampled_from(["", " WITH GRANT OPTION"]),
        )
        raw = st.lists(st.one_of(texts, grants))
    elif known.type in ("names", "list"):
        raw = st.lists(texts)
    else:
        raw = texts
    return raw.map(known.canonical)


@st.composite
def objects_of(draw: st.DrawFn, kind: ConfigKind) -> ConfigObject:
    """One object, with every property at its default or at any value."""
    values = {}
    for known in kind.readable:
        default = known.default
        some = value_of(known) if default is None else st.one_of(st.just(default), value_of(known))
        values[known.name] = draw(some)
    return ConfigObject(draw(names), values)


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """A configuration of some kinds, with a few objects each, and properties of which nothing is known."""
    kinds = draw(st.lists(st.sampled_from(KINDS), unique=True, max_size=4))
    found = {}
    unread = []
    absent = {}
    for kind in sorted(kinds, key=KINDS.index):
        some = {each.key: each for each in draw(st.lists(objects_of(kind), max_size=3))}
        for each in list(some.values()):
            if draw(st.integers(0, 3)) == 0:
                lost = draw(st.sampled_from(kind.readable)).name
                unread.append(Unread(kind.name, draw(texts), each.name, lost))
                rest = {name: value for name, value in each.values.items() if name != lost}
                some[each.key] = ConfigObject(each.name, rest)
        if draw(st.booleans()):
            lost = draw(st.sampled_from(kind.readable)).name
            absent[kind.name] = (lost,)
            some = {
                key: ConfigObject(each.name, {name: at for name, at in each.values.items() if name != lost})
                for key, each in some.items()
            }
        found[kind.name] = keyed(some.values())
    return Configuration(found, draw(texts), draw(texts), tuple(unread), absent)
