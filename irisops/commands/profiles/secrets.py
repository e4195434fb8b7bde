"""/secrets: where each password is stored, never its value; move, forget, and the encrypted file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from irisops.contract.chat import Command
from irisops.contract.nearest import nearest
from irisops.contract.quoting import quote
from irisops.contract.replies import Cell, Change, Column, Done, Plan, Refusal, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.asking import NewSecret, ask_twice
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.profiles.address import named
from irisops.profiles.secrets import PLACES, NotKeptError, Place, account_of
from irisops.profiles.vault import VaultError

NGROK = "ngrok"
"""Account name of the authtoken for sharing."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A possible secret: its name for people, and its account."""

    name: str
    account: str
    what: str
    command: str = ""


def _known(context: Context) -> list[_Known]:
    profiles = [
        _Known(profile.name, account_of(profile), "password", profile.password_command)
        for profile in context.hub.profiles()
    ]
    return [*profiles, _Known(NGROK, NGROK, "ngrok authtoken")]


async def show(context: Context, _command: Command) -> Replies:
    """One row per profile, for the ngrok authtoken, and for leftovers of removed profiles in the encrypted file."""
    secrets = context.hub.secrets
    rows: list[dict[str, Cell]] = []
    known = _known(context)
    left_over = set(await secrets.vault_accounts()) - {each.account for each in known}
    for each in [*known, *(_Known(account, account, "password") for account in sorted(left_over))]:
        places = await secrets.where(each.account)
        if not places and each.account == NGROK:
            continue
        rows.append(
            {
                "name": each.name,
                "what": each.what,
                "where": _where(places, each.command),
                "account": each.account,
                "places": list(places),
            }
        )
    notes = [f"Keyring: {await secrets.describe()}."]
    vault = secrets.vault
    if vault is not None:
        state = (
            "open" if vault.is_open else "locked, so what it keeps is not listed; /secrets unlock opens it"
        )
        notes.append(f"Encrypted file {vault.path}: {state}.")
    yield Table(
        name="secrets",
        title="Where passwords are",
        columns=[
            Column("name", "NAME"),
            Column("what", "WHAT"),
            Column("where", "WHERE", grow=True),
            Column("account", "KEPT AS", hide_under=90),
            Column("places", "PLACES", "list", hide_under=1000),
        ],
        rows=rows,
        key="name",
        notes=notes,
        actions=[("x", "forget", "/secrets forget {name}")],
    )


def _where(places: Sequence[Place], command: str) -> str:
    said = [PLACES[place] for place in places]
    if command:
        said.append(f"printed by {harmless(command, 80)}")
    return listed(said) or "nowhere: it is asked for"


def _find(context: Context, name: str) -> _Known:
    """The secret of a profile or an account. Raises `Refusal`."""
    known = _known(context)
    wanted = name.casefold()
    for each in known:
        if wanted in (each.name.casefold(), each.account.casefold()):
            return each
    if "@" in name:
        return _Known(name, name, "password")  # of a removed profile
    close = nearest(name, [each.name for each in known])
    cure = f"Did you mean {', '.join(close)}?" if close else "/secrets lists them all."
    raise Refusal("NoSuchProfile", f"There is no profile {harmless(named(name), 60)}.", cure)


async def move(context: Context, command: Command) -> Replies:
    """Move a secret to one place and remove it from the others."""
    known = _find(context, str(command.args["name"]))
    place = _place(str(command.args["place"]))
    try:
        was = await context.hub.secrets.move(known.account, place)
    except KeyError:
        raise Refusal(
            "NoSecret",
            f"No {known.what} of {harmless(known.name)} is kept anywhere.",
            f"/connect {quote(known.name)} asks for it and keeps it.",
        ) from None
    except NotKeptError as error:
        raise Refusal(
            "NotMoved", f"Nothing was moved: {error}.", "/secrets shows which places can be used."
        ) from None
    yield Done(
        "secrets",
        f"The {known.what} of {harmless(known.name)} is now {PLACES[place]}.",
        [f"It was {PLACES[was]}"],
    )


def _place(text: str) -> Place:
    for place in PLACES:
        if place == text.casefold():
            return place
    cure = f"Choose one of {', '.join(PLACES)}."
    raise Refusal("NotUnderstood", f"There is no place {harmless(text, 40)}.", cure)


async def forget(context: Context, command: Command) -> Replies:
    """Plan to remove a secret from everywhere on this machine."""
    known = _find(context, str(command.args["name"]))
    secrets = context.hub.secrets
    await _open(context)
    places = await secrets.where(known.account)
    if not places:
        raise Refusal(
            "NoSecret", f"No {known.what} of {harmless(known.name)} is kept.", "/secrets lists them all."
        )

    async def carry_out() -> Replies:
        await secrets.forget_secret(known.account)
        left = await secrets.where(known.account)
        if left:
            raise Refusal(
                "NotForgotten",
                f"It is still {listed(PLACES[place] for place in left)}.",
                "Unlock that place, then try again.",
            )
        yield Done("secrets", f"The {known.what} of {harmless(known.name)} is forgotten.")

    yield context.plans.add(
        Plan(
            name="secrets",
            title=f"Forget the {known.what} of {harmless(known.name)}?",
            instance="this computer",
            changes=[Change(known.account, listed(PLACES[place] for place in places), "nowhere", "gone")],
            effects=["The instance is not touched. The next login asks for it."],
        ),
        carry_out,
    )


async def _open(context: Context, *, again: bool = False) -> bool:
    """Open the encrypted file; False if it is missing or stays locked. Raises `Refusal` if it cannot be used."""
    try:
        return await context.hub.secrets.unlock(again=again)
    except VaultError as error:
        raise Refusal(
            "EncryptedFile", str(error), "Move that file away and set up another: /secrets file"
        ) from None


async def file(context: Context, command: Command) -> Replies:
    """Create the encrypted file, or change its passphrase."""
    secrets = context.hub.secrets
    try:
        if secrets.vault is None:
            passphrase = await ask_twice(
                context,
                command,
                NewSecret("passphrase", "Set up an encrypted file of passwords", "Passphrase"),
            )
            await secrets.create_vault(passphrase)
            made = secrets.vault
            yield Done(
                "secrets",
                "The encrypted file is set up.",
                [
                    f"Kept in {made.path}" if made is not None else "",
                    "Its passphrase is asked for once per start, when a password is needed.",
                    "Without the passphrase the passwords in it are lost.",
                ],
            )
            return
        if not await secrets.unlock(again=True):
            raise Refusal(
                "EncryptedFileLocked", "The encrypted file was not opened.", "/secrets unlock asks again."
            )
        await secrets.change_passphrase(
            await ask_twice(
                context,
                command,
                NewSecret("passphrase", "Another passphrase for the encrypted file", "Passphrase"),
            )
        )
    except VaultError as error:
        raise Refusal("EncryptedFile", str(error), "Nothing was changed.") from None
    yield Done("secrets", "The encrypted file has another passphrase.")


async def unlock(context: Context, _command: Command) -> Replies:
    """Open the encrypted file for this run."""
    if context.hub.secrets.vault is None:
        raise Refusal("NoEncryptedFile", "There is no encrypted file.", "/secrets file sets one up.")
    if not await _open(context, again=True):
        raise Refusal(
            "EncryptedFileLocked", "The encrypted file stays locked.", "/secrets unlock asks again."
        )
    yield Done("secrets", "The encrypted file is open until you quit.")
