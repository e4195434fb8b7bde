"""Find secrets in a typed line: one table for the parser, the screen, the history and `/save`. Pure.

No command takes a password or a token in its line, as lines are shown and kept. `refusal` refuses a line that holds one
before it is shown anywhere; code that shows or keeps lines also uses `without_secrets` or `has_secret`. The one
exception, `password_command=`, is carried out, and shown masked.

Names of users and profiles look like passwords. In "reset the password agarcia120" only the names given to
`show_names` are known to be harmless; any other word there is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from typing import NamedTuple

from irisops.contract.replies import Problem
from irisops.logs import MASK, hidden_in


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NOUNS = _words("password passwd passphrase passcode pwd pw secret token authtoken apikey api-key api_key")
"""Words for a secret in a sentence."""

KEYS = NOUNS | _words(
    """
    pass authorization credential credentials userpwd
    passwort kennwort wachtwoord contraseña contrasena senha passe
    """
)
"""Last words of a key in `key=value` whose value is secret: `NGROK_AUTHTOKEN`, `basic_auth`, `web_password`, `pw`."""

_GLUED = ("password", "passwd", "passphrase", "authtoken", "apikey", "token", "secret", "pwd", "basicauth")
"""Ends of a key that is written in one word: `webpassword`, `NGROKTOKEN`."""

_FLAGS = _words("yes no y n on off true false 1 0")
"""Values of an option such as `must_change_password=yes`."""

COMMANDS = {
    name.strip(): number
    for number, names in enumerate(
        (
            "secrets, secrets file, secrets unlock, token, authtoken, passphrase, ngrok",
            """
            password, user, user add, user create, user enable, user disable, user unlock, user lock, user show,
            user edit, user change, connect, profile add, profile edit, profile test, profile adopt,
            secrets forget, gateway password, passwd, pass, pw, pwd, login
            """,
            "user copy, user rename, user grant, user revoke, secrets move",
        )
    )
    for name in names.split(",")
}
"""Commands after which a person may type a secret -> number of names before it. Some do not exist, but are typed as if
they did (`/login`, `/token`). A test compares this with the commands' grammar."""

_ALL_SECRET = {"password": _words("generate"), "secrets file": _words(""), "secrets unlock": _words("")} | {
    name: _words("") for name in ("passwd", "pass", "pw", "pwd", "token", "authtoken", "passphrase")
}
"""Commands about nothing but a secret, with the keys that they take: the value of any other key is a secret."""

_SPELLED = ("password", "passwd", "passphrase", "token", "authtoken")
"""Command names recognised even if misspelt, because a secret follows them."""

ASKS = frozenset(
    {
        "connect", "profile add", "profile adopt", "profile edit", "profile test", "locked free", "on",
        "secrets", "secrets file", "secrets forget", "secrets move", "secrets unlock", "share", "gateway password",
        "gateway server", "app test", "assistant",
    }
)  # fmt: skip
"""Commands that may ask for a secret: another line typed meanwhile may be that secret."""
KEY_OF_MODEL = "Assistant"
"""Title of the question for the key of the model behind the chat."""

_CONNECTION_KEYS = (
    "server|port|database|uid|user|username|driver|host|hostname|namespace|dsn|data source|protocol|timeout"
)
"""Keys of a connection string: `;` or `&` ends a password, which may hold both, only before one of these."""

_KEY = re.compile(r"(?P<key>[A-Za-z_][\w.-]{0,60})[\"']?\s*(?:=|:(?!//))\s*")
_NEXT_KEY = re.compile(rf"(?i)\s(?=[A-Za-z_][\w.-]*=)|[;&]\s*(?=(?:{_CONNECTION_KEYS})\s*=)")
_URL = re.compile(r"(?:://[^\s/:@]*|(?<![^\s\"'=])[^\s:@/=\"']+(?=:(?!//))):(?P<secret>[^\s]+)@(?=[\w\[%(])")
_SWITCH = re.compile(r"(?i)(?<!\S)(?P<switch>--?[\w-]+|add-authtoken)\s+(?P<secret>\S+)")
_SQL = re.compile(r"(?i)\bidentif(?:y|ied)\s+by\s+(?P<secret>\S.*)")
_BEARER = re.compile(r"(?i)\b(?:bearer|basic)\s+(?P<secret>[\w+/=.~-]{16,})")
_SLASH = re.compile(r"(?<!\S)/(?P<name>[A-Za-z][\w-]*)")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\{[^}]*\}")
_PERMISSIONS = re.compile(r"[RWU]{1,3},?")
_PLACEHOLDER = re.compile(r"(?i)\[[a-z]+\]")
"""A part of a usage: `/gateway password [FILE]`."""
_WORD = re.compile(r"(?:[\w.-]*=)?(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|\S+")

# Sentences

_THE = _words(
    """
    the a an my your his her its our their this that new old current present same last first own ngrok
    user account profile instance login web database iris
    """
)
_OWNER = frozenset(("of", "for", "on", "at", "in", "by"))
_HANDED = _words("give gave tell told send sent show showed hand handed mail mailed email")
"""Verbs whose `to` names a person: "give the password to bob"."""
_LINK = _words("to is was as be being becomes equals with from should will must = : → are into")
_STILL = _words("still now really just only currently exactly literally simply called named not")
_THINGS = _words("gateway management page pages portal console csp")
"""Words of which several together name what a password is of: "the web gateway management pages"."""
_IS_KEPT = _words("live lives sit sits lie lies reside resides sleep sleeps rest rests move moves")
"""Verbs of where a password is: "the password of lab lives in the file"."""
_MAKE = _words("make use set take try enter type give put with using want choose")
_NOUN = re.compile(r"(?i)pass|pwd|pw|secret|token|key")
"""A line without one of these is no sentence about a secret; makes searching a long history fast."""
_CONNECT = re.compile(
    r"(?i)(?P<more>.*)(?<!\w)(?:connect|reconnect|log\s?in|sign\s+in)\b.*\s(?:with|using)\s+(?P<secret>\S+)\s*$"
)

_CONNECT_FIRST = re.compile(
    r"(?i)\s*(?:connect|reconnect|log\s?in|sign\s+in)\s+(?:(?:to|as|on)\s+)?(?!(?:to|as|on)\s)[^\s/]+"
    r"(?:\s*/\s*|\s+)(?!(?:to|as|on|at|of|in)\b)(?P<secret>[^\s/]+)\s*$"
)
"""`connect clinic X`, `log in as bob X`, `login bob/X`: where a command would have nothing but the name."""

_PLAIN_WORDS = _words(
    """
    wrong right correct incorrect expired expires expire expiring default defaults required require
    needed needs need missing refused rejected known unknown empty blank weak strong not too already
    about due kept stored saved in at on never always ok okay bad good changed change changes reset
    resets set lost forgotten forgot locked unlocked valid invalid accepted asked hidden shown there
    here everywhere anywhere nowhere keyring file files memory computer machine encrypted something
    whatever anything nothing nobody somebody everybody anybody everyone anyone someone policy policies
    pattern prompt command commands manager length age hash history by before after today tomorrow
    yesterday again please without and or but so yet until since while if because who whom whose which
    what when where why how has have had were did does do done can could may might shall would cannot
    can't works work working fails fail failed login logins log connect authentication field form
    question box dialog list card holder owner owners users rules rule settings setting options option
    he she it they i you we him them me us these those one ones two three times time day days hour hours
    week weeks month months year years between than more less most least many much long short out up
    down over under off through per during within instead rather also both either neither each every any
    some all no yes later soon ago next once twice service services limit limits error problem message
    messages help safe secure public private shared sharing share used use uses using refuses accepts
    took taken take takes told tell given gives give get gets got know knows keep keeps leave left allow
    allowed allows enable enabled disable disabled says said say show shows see seen look looks asks ask
    typed types type fine easy simple hard role roles resource resources privilege privileges table
    tables gone back user's longer shorter different stays stay goes go went comes come came must should
    auth authentication ldap unauthenticated delegated expected sends sent put
    tls ssl kerberos lifetime timeout timeouts attempt attempts expiry expiration validity rotation strength complexity
    endpoint endpoints scope scopes claims issuer audience
    will belongs belong often enough pc laptop plain clear ready deleted removed be
    """
)
"""Words that are not a password after "the password is" or "move the password to"."""

_HARMLESS = _PLAIN_WORDS | _THE | _OWNER | _LINK | _STILL | NOUNS

_SHORT = 6
"""Characters from which a word with digits may be a password."""

_names: set[str] = set()
_by_form: ContextVar[bool] = ContextVar("by form alone", default=False)


@contextmanager
def by_form_alone() -> Iterator[None]:
    """Within it a line is not compared with the secrets of this run: a program would learn that its guess is right."""
    before = _by_form.set(True)
    try:
        yield
    finally:
        _by_form.reset(before)


def show_names(names: Iterable[str]) -> None:
    """Add names of users, roles and profiles, which are not hidden where a password may stand."""
    _names.update(name.casefold() for name in names)


class Found(NamedTuple):
    """Position of a secret in a line. `taken`: a command uses it, so that the line is not refused."""

    start: int
    end: int
    taken: bool = False


LONGEST = 4_000
"""Characters of a line that are examined; the rest counts as one secret if it may hold any."""


def secrets_in(line: str) -> list[Found]:
    """The secrets of a line, in order and without overlap."""
    if len(line) > LONGEST:
        rest = line[LONGEST:]
        doubtful = not _is_masked(rest) and (re.search(r"[=:@]", rest) or _NOUN.search(line))
        return [*secrets_in(line[:LONGEST]), *([Found(LONGEST, len(line))] if doubtful else [])]
    found = sorted(
        (each for rule in _RULES for each in rule(line) if not _is_masked(line[each.start : each.end])),
        key=lambda each: (each.start, -each.end),
    )
    whole: list[Found] = []
    for each in found:
        if whole and each.start < whole[-1].end:
            last = whole[-1]
            whole[-1] = Found(last.start, max(last.end, each.end), last.taken and each.taken)
        else:
            whole.append(each)
    return whole


def _is_masked(text: str) -> bool:
    text = text.lstrip("\"' ")
    return not text or text.startswith(MASK)


def has_secret(line: str) -> bool:
    """True if a line seems to hold a password, a token, or an address or a connection string with a password."""
    return bool(secrets_in(line))


def without_secrets(line: str) -> str:
    """The line with its secrets masked; existing masks stay."""
    shown, place = [], 0
    for each in secrets_in(line):
        shown += [line[place : each.start], MASK]
        place = each.end
    return "".join([*shown, line[place:]])


def refusal(line: str) -> Problem | None:
    """The refusal of a line that holds a secret which no command uses; contains nothing of the secret."""
    if all(each.taken for each in secrets_in(line)):
        return None
    return Problem(
        "SecretInLine",
        "This line seems to hold a password or a token, so it was not taken, and the history does not keep it.",
        "Leave it out: /password NAME opens a form for a user's new password, and /connect and /share ask for what "
        "they need, with nothing shown. If it was a user's name, write: the password of NAME.",
        text=without_secrets(line),
    )


# Rules


def _told(line: str) -> Iterator[Found]:
    """Secrets known to this run: typed in answer to a question, or from the keyring."""
    if _by_form.get():
        return
    for start, end in hidden_in(line):
        yield Found(start, end)


def _addresses(line: str) -> Iterator[Found]:
    """`iris://user:X@host`, `user:X@host`; a password may itself hold `/`, `:` and `@`."""
    for match in _URL.finditer(line):
        yield Found(*match.span("secret"))


def _patterns(line: str) -> Iterator[Found]:
    """`--password X`, `add-authtoken X`, `IDENTIFIED BY X`, `Bearer X`, `log in with X`."""
    for match in _SWITCH.finditer(line):
        user = match["switch"] in ("-u", "--user") and ":" in match["secret"]
        if user or is_secret_key(match["switch"].lstrip("-")):
            yield Found(*match.span("secret"))
    for pattern in (_SQL, _BEARER):
        for match in pattern.finditer(line):
            yield Found(*match.span("secret"))
    first = _CONNECT_FIRST.match(line)
    if first is not None and _looks_secret(first["secret"]) and not _is_harmless(first["secret"]):
        yield Found(*first.span("secret"))
    last = _CONNECT.match(line)
    if last is not None and not _is_harmless(last["secret"]):
        # At the start it is a command; within a sentence it may be about a user or a service.
        if last["more"].strip(" /") and not _looks_secret(last["secret"]):
            return
        yield Found(*last.span("secret"))


def is_secret_key(key: str) -> bool:
    """True if the value of `key=value` is secret: `pw`, `NGROK_AUTHTOKEN`, `basic_auth`, `password_command`."""
    parts = [part for part in re.split(r"[_.\-]+|(?<=[a-z])(?=[A-Z])", key) if part]
    words = [part.casefold() for part in parts]
    if not words:
        return False
    if words[-1] in ("command", "again") and len(words) > 1:
        words.pop()
    joined = "".join(words)
    return words[-1] in KEYS or joined.endswith((*_GLUED, "accesskey", "privatekey", "secretkey"))


def _pairs(line: str) -> Iterator[Found]:
    """`key=value` and `key: value`. A value without quotes may hold blanks and ends at the next key."""
    for match in _KEY.finditer(line):
        if not is_secret_key(match["key"]):
            continue
        start = match.end()
        if start >= len(line):
            continue
        quoted = _QUOTED.match(line, start)
        following = _NEXT_KEY.search(line, start)
        end = quoted.end() if quoted else following.start() if following else len(line)
        value = line[start:end].strip()
        if value.casefold() in _FLAGS or _says_nothing(line, match, start):
            continue
        if ":" in match[0] and _PERMISSIONS.fullmatch(value.split()[0]):
            continue  # %App_Token:RW
        yield Found(start, end, taken=match["key"].casefold() == "password_command")


def _says_nothing(line: str, match: re.Match[str], start: int) -> bool:
    """True for a flag followed by words (`password=yes and`) or an empty value (`password= host=h`)."""
    word = _WORD.match(line, start)
    if word is None:
        return True
    return (
        word[0].casefold() in _FLAGS
        or word[0].startswith("yes|no")
        or ("=" in match[0] and match[0][-1].isspace() and _is_key(word[0]))
    )


def _is_key(word: str) -> bool:
    return re.match(r"[A-Za-z_]+=", word) is not None


def _commands(line: str) -> Iterator[Found]:
    """`/password bob X`: words after the names of a command."""
    for match in _SLASH.finditer(line):
        words = list(_WORD.finditer(line, match.end()))
        name = match["name"].casefold()
        if words and f"{name} {words[0][0].casefold()}" in COMMANDS:
            name = f"{name} {words.pop(0)[0].casefold()}"
        elif (
            words and name == "user" and words[0][0].casefold() in ("delete", "remove")
        ) or name == "profile":
            continue
        name = name if name in COMMANDS else _meant(name)
        if not name:
            continue
        left = COMMANDS[name]
        for word in words:
            if word[0].startswith("/"):
                break  # a line of its own
            if _is_key(word[0]):
                yield from _foreign_key(name, word)
                continue
            if word[0].startswith(("[", "…")):
                continue
            if not word[0].startswith(("'", '"')) and word[0].casefold().strip(",") in _BETWEEN:
                continue
            if left > 0:
                left -= 1
                continue
            yield Found(*word.span())


def _foreign_key(name: str, word: re.Match[str]) -> Iterator[Found]:
    """`new=X` of `/password bob new=X`: a key that a command about nothing but a secret does not take."""
    key, _, value = word[0].partition("=")
    taken = key.casefold() in _ALL_SECRET.get(name, (key.casefold(),))
    if not taken and value and value.casefold() not in _FLAGS:
        yield Found(word.start() + len(key) + 1, word.end())


def _meant(name: str) -> str:
    """`password` for `/pasword` and `/passw`; "" for what resembles none of `_SPELLED`."""
    if len(name) > len("pass") and "password".startswith(name):
        return "password"
    return next(iter(get_close_matches(name, _SPELLED, n=1, cutoff=0.8)), "") if len(name) <= 20 else ""


_BETWEEN = _OWNER | NOUNS | {"to", "is", "as", "with", "the", "user", "new", "=", "set", "and"}


class _Token(NamedTuple):
    """A word of a sentence: normalised text, position, and whether a comma or colon follows."""

    word: str
    start: int
    end: int
    comma: bool
    colon: bool


def _tokens(line: str) -> list[_Token]:
    tokens = []
    for match in _WORD.finditer(line):
        raw = match[0].casefold()
        word = raw.strip(",.!?;:()“”") or raw
        tokens.append(_Token(word, match.start(), match.end(), raw.endswith(","), raw.endswith(":")))
    return tokens


def _sentences(line: str) -> Iterator[Found]:
    """`set the password of bob to X`, `bob's password is X`, `the token X`, `use X as the password`."""
    tokens = _tokens(line) if _NOUN.search(line) else []
    for place, token in enumerate(tokens):
        two = token.word == "key" and place and tokens[place - 1].word in ("api", "access")
        strict = token.word == "pass"
        if token.word not in NOUNS and not two and not strict:
            continue
        handed = any(each.word in _HANDED for each in tokens[:place])
        behind, reached = _behind(tokens, place + 1, token.colon, strict=strict, handed=handed)
        if behind is None and not strict and not handed:
            behind = _further_on(tokens, reached)
        if behind is not None:
            yield Found(behind.start, len(line.rstrip()))
        if not strict:
            yield from _before(tokens, place)


def _further_on(tokens: list[_Token], place: int) -> _Token | None:
    """The secret after filler words: `set the password of bob, who forgot it, to X`; `password change bob X`."""
    before = tokens[place - 1]
    for token in tokens[place:]:
        said = token is tokens[-1] and before.word in ("to", "is", "=", "as")
        if before.word not in _OWNER and not _is_harmless(token.word) and (said or _looks_secret(token.word)):
            return token
        before = token
    return None


def _looks_secret(word: str) -> bool:
    """True for letters mixed with digits or special characters, which names seldom are."""
    letters = any(character.isalpha() for character in word)
    digits = any(character.isdigit() for character in word)
    return letters and ((digits and len(word) >= _SHORT) or any(sign in word for sign in "!#$^&*+?~|\\<>"))


def _behind(
    tokens: list[_Token], place: int, linked: bool, *, strict: bool, handed: bool
) -> tuple[_Token | None, int]:
    """The first word of the secret after the noun at `place - 1`, which extends to the end of the line.

    Also returns where the search ended. With `strict` only a link ("is", "=") makes a word a secret; with `handed` a
    "to" names a person.
    """
    owned = False
    while place < len(tokens):
        token = tokens[place]
        if (token.word in _OWNER or (handed and token.word == "to")) and not linked:
            place = _past_owner(tokens, place + 1)
            owned = True
            linked = linked or (place > 0 and tokens[place - 1].colon)
        elif token.word in _LINK or token.word in _STILL:
            linked = linked or token.word in _LINK
            place += 1
        elif token.word in _THE and linked:
            place += 1
        elif not linked and not owned and token.word in _names:
            owned = True  # "the password agarcia120"
            place += 1
        elif _is_harmless(token.word) or (strict and not linked):
            return None, place
        elif (
            not linked
            and token.word in _IS_KEPT
            and (_asks(tokens) or (owned and _followed_by_owner(tokens, place)))
        ):
            return None, place  # "can the password of lab live in the file", "how long does the token live"
        else:
            return token, place
    return None, place


def _asks(tokens: list[_Token]) -> bool:
    """True for a question about how long or where."""
    return tokens[0].word in ("how", "where")


def _followed_by_owner(tokens: list[_Token], place: int) -> bool:
    """True before `in the file`, `on this computer`."""
    return place + 1 < len(tokens) and tokens[place + 1].word in _OWNER


def _past_owner(tokens: list[_Token], place: int) -> int:
    """The position after `[the] [user] NAME [and NAME …]`."""
    while place < len(tokens):
        while place < len(tokens) - 1 and tokens[place].word in _THE:
            place += 1
        if place < len(tokens) and tokens[place].word in _PLAIN_WORDS:
            break
        listed = tokens[place].comma if place < len(tokens) else False
        thing = place < len(tokens) and re.sub("[’']s$", "", tokens[place].word) in _THINGS
        place += 1
        while thing and not listed and place < len(tokens) and tokens[place].word in _THINGS:
            listed = tokens[place].comma
            place += 1
        if place < len(tokens) and tokens[place].word in ("and", "or", "&") and not listed:
            place += 1
        elif not listed:
            break
    return min(place, len(tokens))


def _before(tokens: list[_Token], place: int) -> Iterator[Found]:
    """`X is the password`, `use X as his password`, `make X the password`."""
    link = place - 1
    while link >= 0 and tokens[link].word in _THE:
        link -= 1
    if link < 0:
        return
    if tokens[link].word in ("is", "as", "was"):
        last = link - 1
        first = last
        while first > 0 and tokens[first - 1].word not in _MAKE:
            first -= 1
    elif (
        link
        and tokens[link - 1].word in ("make", "use", "set")
        and {each.word for each in tokens[link + 1 : place]} & {"the", "my", "his", "her", "their"}
        and not {each.word for each in tokens[link + 1 : place]} & {"a", "new"}
    ):
        first = last = link
    else:
        return
    if last < 0 or _is_harmless(tokens[last].word) or tokens[last].word in _MAKE:
        return
    if tokens[last].word in _names or tokens[last].word.endswith(("'s", "’s")):
        return
    yield Found(tokens[first].start, tokens[last].end)


def _is_harmless(word: str) -> bool:
    plain = word.casefold().strip(",.!?;:()")
    shown = plain in _HARMLESS or plain in _names or _is_key(word) or _PLACEHOLDER.fullmatch(word) is not None
    return not plain or shown or word.startswith("/") or _FILE.fullmatch(plain) is not None


_FILE = re.compile(r"[\w./~-]+\.(?:md|txt|toml|csv)")
"""A file that something is written to: `write the pass of guest-fox-1 to fox.md`."""


_RULES = (_told, _addresses, _patterns, _pairs, _commands, _sentences)
