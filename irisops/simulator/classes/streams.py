"""`%Stream.GlobalCharacter`: text that is too long for a string, or that another method wants as a stream.

Signatures are those of the class reference, 2024.1 (`%Stream.Object`). A stream lives with its object: none is saved.
"""

from __future__ import annotations

from irisops.simulator.backend import ByRef, ObjectRef, ThrownError, Value
from irisops.simulator.classes import status
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import REGISTERED, Instance
from irisops.simulator.classes.values import as_integer, as_text

STREAM = ClassDef("%Stream.Object", base=REGISTERED, abstract=True, class_type="stream")
GLOBAL_CHARACTER = ClassDef("%Stream.GlobalCharacter", base=STREAM)
FILE_CHARACTER = ClassDef("%Stream.FileCharacter", base=STREAM)
STREAM.property("Size", "%Integer", read_only=True, initial=0)
STREAM.property("AtEnd", "%Boolean", initial=1)
MOST_CHARACTERS = 4_000_000
"""How much the simulator keeps of one stream."""


class _Text:
    """What was written, and where the next `Read` begins. A write after a read or rewind begins anew."""

    def __init__(self) -> None:
        self.text = ""
        self.position = 0
        self.writing = True


@GLOBAL_CHARACTER.class_method('%New(initval As %String = "") As %Stream.GlobalCharacter')
def _new(_job: Job, _initial: Value) -> Instance:
    instance = Instance(GLOBAL_CHARACTER)
    instance.scratch = _Text()
    return instance


@FILE_CHARACTER.class_method('%New(initval As %String = "") As %Stream.FileCharacter')
def _new_file(_job: Job, _initial: Value) -> Instance:
    instance = Instance(FILE_CHARACTER)
    instance.scratch = _Text()
    return instance


@FILE_CHARACTER.method("LinkToFile(filename As %String) As %Status")
def _link(job: Job, this: Instance, filename: Value) -> None:
    """Only messages.log is there, in the manager's directory (facts: license-sessions 5.4)."""
    job.require("%DB_IRISSYS:R")
    held: _Text = this.scratch
    is_log = as_text(filename).endswith("mgr/messages.log")
    held.text = "".join(f"{line}\n" for line in job.world.messages) if is_log else ""
    held.position, held.writing = 0, False
    _show(this)


@FILE_CHARACTER.method("MoveTo(position As %Integer) As %Status")
def _move_to(_job: Job, this: Instance, position: Value) -> None:
    held: _Text = this.scratch
    held.position, held.writing = max(as_integer(position) - 1, 0), False
    _show(this)


def text_of(job: Job, argument: Value) -> str:
    """What a stream that is an argument holds from its position on. Throws `<INVALID OREF>` for what is no stream."""
    number = (
        argument.number
        if isinstance(argument, ObjectRef)
        else as_integer(as_text(argument).partition("@")[0])
    )
    held = job.objects.get(number).scratch
    if not isinstance(held, _Text):
        raise ThrownError("<INVALID OREF>")
    return held.text if held.writing else held.text[held.position :]


@STREAM.method("Write(data As %RawString) As %Status")
def _write(_job: Job, this: Instance, data: Value) -> None:
    held: _Text = this.scratch
    if not held.writing:
        held.text, held.position, held.writing = "", 0, True
    added = as_text(data)
    if len(held.text) + len(added) > MOST_CHARACTERS:
        raise status.StatusError(5001, f"The simulator keeps {MOST_CHARACTERS} characters of a stream")
    held.text += added
    _show(this)


@STREAM.method('WriteLine(data As %RawString = "") As %Status')
def _write_line(job: Job, this: Instance, data: Value) -> None:
    _write(job, this, f"{as_text(data)}\r\n")


@STREAM.method("Rewind() As %Status")
def _rewind(_job: Job, this: Instance) -> None:
    held: _Text = this.scratch
    held.position, held.writing = 0, False
    _show(this)


@STREAM.method("MoveToEnd() As %Status")
def _move_to_end(_job: Job, this: Instance) -> None:
    held: _Text = this.scratch
    held.position, held.writing = len(held.text), True
    _show(this)


@STREAM.method("Clear() As %Status")
def _clear(_job: Job, this: Instance) -> None:
    this.scratch = _Text()
    _show(this)


@STREAM.method("Read(ByRef len As %Integer = 32656, ByRef sc As %Status) As %RawString")
def _read(_job: Job, this: Instance, length: ByRef, sc: ByRef) -> str:
    held: _Text = this.scratch
    if held.writing:
        held.position, held.writing = 0, False
    found = held.text[held.position : held.position + max(as_integer(length), 0)]
    held.position += len(found)
    length.value, sc.value = len(found), status.OK
    _show(this)
    return found


def _show(this: Instance) -> None:
    held: _Text = this.scratch
    this.values["Size"] = len(held.text)
    this.values["AtEnd"] = int(held.writing or held.position >= len(held.text))
