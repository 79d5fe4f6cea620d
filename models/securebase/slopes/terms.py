"""What predicts an outcome of a member: at each occasion, or always."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from securebase.codebook.terms import Interaction, Predictor
from securebase.growth.design import Column, GrowthDesign
from securebase.names import MEASURE, OWNER, UNIT
from securebase.predictors import owners_of


@dataclass(frozen=True)
class Term:
    """A predictor, or a product of several, as one member sees it.

    Parameters
    ----------
    source : str
        Whose value it is ("actor", "partner", …), or "interaction".
    label : str
        Its coordinate in the posterior.
    slot : str
        Member whose outcomes it predicts.
    outcomes : tuple of str
        Which of them.
    varying : tuple of (measure, owner)
        Whose deviations from their own means are multiplied, at each occasion.
    static : tuple of (measure, owner)
        Whose values are multiplied, the same at every occasion.
    """

    source: str
    label: str
    slot: str
    outcomes: tuple[str, ...]
    varying: Column
    static: Column


def terms_of(design: GrowthDesign) -> Iterator[Term]:
    """List the terms of every member of a composition.

    A varying predictor is two: its deviation at an occasion, and the person's mean. In a
    product it is the deviation. A product with an outcome's group mean is none of these.
    """
    analysis = design.panel.analysis
    by_term = {predictor.term: predictor for predictor in analysis.predictors}
    for slot in design.composition.slots:
        for predictor in analysis.predictors:
            outcomes = predictor.outcomes or analysis.outcomes
            for label in design.labels_of(predictor):
                pairs = _pairs(design, (predictor,), (label,), slot)
                if pairs and predictor.varying:
                    yield Term(predictor.of, label, slot, outcomes, pairs, ())
                if pairs:
                    yield Term(predictor.of, label, slot, outcomes, (), pairs)
        for interaction in analysis.interactions:
            if all(term in by_term for term in interaction.of):
                parts = [by_term[term] for term in interaction.of]
                yield from _products(design, interaction, parts, slot)


def _products(
    design: GrowthDesign, interaction: Interaction, parts: Sequence[Predictor], slot: str
) -> Iterator[Term]:
    outcomes = interaction.outcomes or design.panel.analysis.outcomes
    for labels in product(*(design.labels_of(part) for part in parts)):
        levels = [label.partition("[")[2].rstrip("]") for label in labels]
        inside = ",".join(level for level in levels if level)
        name = f"{interaction.name}[{inside}]" if inside else interaction.name
        split = []
        for varying in (True, False):
            chosen = [place for place, part in enumerate(parts) if part.varying == varying]
            mine, own = [parts[place] for place in chosen], [labels[place] for place in chosen]
            split.append(_pairs(design, mine, own, slot) if chosen else ())
        if sum(map(len, split)) == len(parts):
            yield Term("interaction", name, slot, outcomes, *split)


def _pairs(
    design: GrowthDesign, parts: Sequence[Predictor], labels: Sequence[str], slot: str
) -> Column:
    """(measure, owner) of each, none if one of them has no owner or is known of nobody."""
    panel = design.panel
    roles = [str(role) for role in panel.data[OWNER].values]
    known = panel.data["predictor_value"].notnull().any(UNIT)
    pairs: list[tuple[str, str]] = []
    for label, part in zip(labels, parts, strict=True):
        pairs += [(label, owner) for owner in owners_of(part, slot, roles, panel.leader)]
    there = all(bool(known.sel({MEASURE: name, OWNER: owner})) for name, owner in pairs)
    return tuple(sorted(pairs)) if there and len(pairs) == len(parts) else ()
