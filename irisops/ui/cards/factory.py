"""Which section shows which kind of reply."""

from __future__ import annotations

from irisops.contract.replies import Done, Facts, Form, Plan, Problem, Progress, Reply, Series, Table
from irisops.ui.cards.facts import FactsSection
from irisops.ui.cards.plan import PlanSection
from irisops.ui.cards.plot import PlotSection
from irisops.ui.cards.problem import ProblemSection
from irisops.ui.cards.section import Section
from irisops.ui.cards.small import DoneSection, FormSection, ProgressSection
from irisops.ui.cards.table import TableSection


def section_for(reply: Reply) -> Section:
    """A new widget for a reply. An `Effect` is carried out, not shown: asking for one is a TypeError."""
    match reply:
        case Table():
            section: Section = TableSection(reply)
        case Series():
            section = PlotSection(reply)
        case Facts():
            section = FactsSection(reply)
        case Plan():
            section = PlanSection(reply)
        case Problem():
            section = ProblemSection(reply)
        case Progress():
            section = ProgressSection(reply)
        case Done():
            section = DoneSection(reply)
        case Form():
            section = FormSection(reply)
        case _:
            raise TypeError(f"{type(reply).__name__} is not shown in a card")
    return section
