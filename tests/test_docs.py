"""The pages of docs/ and those beside the README must be true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # it comes with pyngrok, without types

from irisops.cli_options import parser
from irisops.commands.catalogue import default_registry
from irisops.contract.replies import Change, Done, Facts, Plan, Problem, Series, Table
from irisops.engine.reply_json import shape
from irisops.run_command import Exit

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), DOCS / "facts" / "README.md"])
BLOCK = re.compile(r"(<!-- commands:.*?-->\n)(.*?)(<!-- /commands -->)", re.DOTALL)
LINK = re.compile(r"\]\((?!http)([^)#]*)(?:#([^)]+))?\)")
OURS = re.compile(r"`((?:irisops|tests|docs|styles|\.ci)/[\w./<>-]*)`")


def read(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def command_table() -> str:
    """The table of commands as the program knows them. To write it anew: python -m tests.test_docs"""
    lines = ["| command | what it does | in plain words |", "|---|---|---|"]
    for spec in default_registry().specs:
        usage = spec.usage.replace("|", "\\|")
        example = f"`{spec.examples[0]}`" if spec.examples else ""
        lines.append(f"| `{usage}` | {spec.summary} | {example} |")
    return "\n".join(lines)


def with_command_table(text: str) -> str:
    return BLOCK.sub(lambda match: match.group(1) + command_table() + "\n" + match.group(3), text)


def anchors(text: str) -> set[str]:
    """The names by which a page's headings can be linked."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.casefold()).replace(" ", "-") for title in titles}


def test_the_commands_are_those_of_the_program() -> None:
    text = read("commands.md")
    assert BLOCK.search(text)
    assert text == with_command_table(text), "run: python -m tests.test_docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        found = page.parent / target if target else page
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found.read_text(encoding="utf-8")), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_names_are_there(page: Path) -> None:
    """A name with a placeholder, `irisops/commands/<noun>/specs.py`, stands for at least one file."""
    for name in OURS.findall(page.read_text(encoding="utf-8")):
        assert list(ROOT.glob(re.sub(r"<\w+>", "*", name).rstrip("/"))), name


def test_every_page_is_linked_from_the_readme_or_contributing() -> None:
    linked = {
        (page.parent / target).resolve()
        for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md")
        for target, _ in LINK.findall(page.read_text(encoding="utf-8"))
    }
    assert set(DOCS.glob("*.md")) <= linked


def test_every_package_has_a_line() -> None:
    table = read("ARCHITECTURE.md").split("## Read these first", 1)[0]
    packages = [path.parent.name for path in (ROOT / "irisops").glob("*/__init__.py")]
    assert len(packages) > 9
    assert [name for name in packages if f"| `irisops/{name}/` |" not in table] == []


def test_the_exit_statuses_are_those_of_the_program() -> None:
    statuses = re.findall(r"^\| (\d+) \|", read("json.md"), re.MULTILINE)
    assert [int(status) for status in statuses] == sorted(Exit)


def test_the_json_keys_are_those_of_the_program() -> None:
    """Each key that the page promises is there; keys may be added."""
    replies = (
        Facts("n", "t", {}),
        Table("n", "t", [], []),
        Series("n", "t", [], {}),
        Plan("n", "t", "i", [Change("w", "b", "a")]),
        Done("n", "m"),
        Problem("E", "m", "c"),
    )
    promised = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", read("json.md"), re.MULTILINE))
    shapes = {found["reply"]: found for reply in replies if (found := shape(reply))}
    assert promised.keys() == shapes.keys()
    for kind, told in promised.items():
        keys = set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", told)))
        assert keys
        assert keys <= shapes[kind].keys(), kind
    assert shapes["plan"]["changes"][0].keys() == {"what", "before", "after"}


def test_the_workflow_is_valid_and_its_commands_are_those_of_the_program() -> None:
    """By the syntax of GitHub Actions: triggers, jobs with a runner, steps that each use an action or run a line."""
    text = read("configuration.md")
    (block,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    workflow = yaml.safe_load(block)
    assert workflow.keys() == {"name", True, "jobs"}  # YAML 1.1 takes "on" for a truth
    assert set(workflow[True]) <= {"push", "pull_request", "schedule", "workflow_dispatch"}
    ran = []
    for job in workflow["jobs"].values():
        assert job.keys() == {"runs-on", "steps"}
        for step in job["steps"]:
            assert ("uses" in step) is not ("run" in step)
            assert step.keys() <= {"uses", "run", "with", "env", "name"}
            assert "uses" not in step or re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])
            ran.append(step.get("run", ""))
    ran += re.findall(r"(irisops export --url \S+ .*)$", block, re.MULTILINE)
    ours = [shlex.split(line) for line in ran if line.startswith("irisops ")]
    asked = [parser().parse_args(line[1:]) for line in ours]
    assert [(each.command, each.check, each.folder) for each in asked] == [("export", True, "live")] * 2
    assert [bool(each.demo) for each in asked] == [True, False]


def recipe(target: str) -> list[str]:
    """What `make TARGET` runs."""
    rest = (ROOT / "Makefile").read_text(encoding="utf-8").split(f"\n{target}:\n", 1)[1]
    return [line.strip() for line in rest.split("\n\n")[0].splitlines()]


def test_make_check_test_is_what_ci_runs() -> None:
    """Both call the same scripts, and CI's own lines judge nothing else."""
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    called = re.findall(r"^bash \.ci/\w+", run, re.MULTILINE)
    assert called == [*recipe("check"), *recipe("test")]
    assert called == ["bash .ci/check", "bash .ci/clients", "bash .ci/test"]
    assert not re.search(r"pytest|ruff|mypy|lint-imports|audit", run)


@pytest.mark.parametrize("target", ["bench", "screenshots"])
def test_what_make_runs_is_there(target: str) -> None:
    for line in recipe(target):
        module = line.removeprefix("python -m ").split()[0]
        assert (ROOT / (module.replace(".", "/") + ".py")).exists(), line


if __name__ == "__main__":
    (DOCS / "commands.md").write_text(with_command_table(read("commands.md")), encoding="utf-8")
