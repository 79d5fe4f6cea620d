"""The model: in words, as an equation, as the codebook declares it, and its parameters."""

from collections.abc import Iterator

import yaml

from securebase.report.analysed import Analysed
from securebase.report.counting import lines_or_none
from securebase.report.fit_tables import parameter_table
from securebase.report.inputs import number_at
from securebase.report.level_diagram import level_diagram
from securebase.report.section import Block, Folded, Formula, Note, Section, folded
from securebase.report.tables import Table
from securebase.report.wording import Sentence, listed, variable_words


def section(one: Analysed) -> Section:
    """Say what was fitted, in one sentence, one equation and one declaration."""
    return Section("model", "What was fitted", sentence(one), tuple(_blocks(one)))


def sentence(one: Analysed) -> Sentence:
    """Say what was fitted, and that random effects are integrated out."""
    return (*fitted(one), " Random effects are integrated out, not sampled.")


def fitted(one: Analysed) -> Sentence:
    """Name the family and count its quantities, those that claims ask about apart."""
    asked = {term.variable for result in one.claims for term in result.claim.estimand}
    focal = f"; claims ask about {listed(map(variable_words, sorted(asked)))}" if asked else ""
    lines = one.results.summary.index
    quantities = lines_or_none(f"{one.name}/summary.csv", lines, "quantity", "quantities")
    return (f"A model of {one.family_words}: ", quantities, f" are estimated{focal}.")


def _blocks(one: Analysed) -> Iterator[Block]:
    equation = one.results.posterior.attrs.get("equation")
    if equation:
        yield Formula(str(equation))
    yield level_diagram(one)
    yield _meanings(one)
    if not one.withheld:
        yield folded(parameter_table(one.results, one.labels))
    declared = one.analysis.model_dump(mode="json", exclude_defaults=True)
    yield Folded(
        "As the codebook declares it",
        (Formula(yaml.safe_dump(declared, sort_keys=False, allow_unicode=True, width=88)),),
    )
    yield Note(
        (f"Code: models/securebase/families/{one.analysis.family}.py; described in "
         f"docs/families/{one.analysis.family}.md.",)
    )  # fmt: skip


def _meanings(one: Analysed) -> Table:
    table, file = one.results.parameters, f"{one.name}/parameters.csv"
    return Table(
        caption="What is estimated",
        columns=("quantity", "#cells", "unit", "what it is"),
        rows=tuple(
            (
                variable_words(str(row["name"])),
                number_at(table, file, int(str(line)), "cells", 0),
                str(row["unit"]),
                str(row["meaning"]),
            )
            for line, row in table.iterrows()
        ),
        source=file,
    )
