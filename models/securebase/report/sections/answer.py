"""What the analysis answers: verdicts, posteriors of what is claimed, expected scores."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from securebase.claims import estimand_draws
from securebase.report import claim_figures, figures
from securebase.report.analysed import Analysed
from securebase.report.claim_counts import claims_counted
from securebase.report.claims import ClaimResult, verdict_sentence
from securebase.report.fit_tables import change_table
from securebase.report.section import Block, Densities, Gallery, Heading, Note, Section, Verdicts
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import role_labels, wave_labels
from securebase.report.wording import (
    Sentence,
    estimand_words,
    fixed,
    listed,
    plain,
    short,
    strung,
)

_WITHHELD = (
    "A check of this analysis failed: what the model expects, and its estimates, are withheld. "
    "Observed means stay."
)


def section(one: Analysed) -> Section:
    """Answer what was claimed, then show change and its uncertainty."""
    return Section("answer", "The answer", sentence(one), tuple(_blocks(one)))


def sentence(one: Analysed) -> Sentence:
    """Count the verdicts: "Of 3 claims, 1 is supported and 2 are undecided"."""
    if not one.claims:
        return ("Nothing is claimed of this analysis: it is described.",)
    words = dict.fromkeys(result.verdict for result in one.claims)
    groups = {word: [two for two in one.claims if two.verdict == word] for word in words}
    parts = [
        (claims_counted(alike), f" {'is' if len(alike) == 1 else 'are'} {word}")
        for word, alike in groups.items()
    ]
    return ("Of ", claims_counted(one.claims, "claim"), ", ", *strung(parts), ".")


def _blocks(one: Analysed) -> Iterator[Block]:
    if one.claims:
        yield Verdicts([(two, verdict_sentence(two, one.rules.decision)) for two in one.claims])
    if one.withheld:
        yield Note((_WITHHELD,))
    if one.shown:
        yield Heading("What the claims ask")
        yield Note((_density_note(one),))
        yield Densities([(two, _density(two, one), density_words(two)) for two in one.shown])
    yield Heading("Expected scores")
    expected = _expected(one)
    limits = figures.trajectory_limits(expected, _ranges(one))
    yield Gallery(_trajectories(one, expected, limits))
    yield Note((_trajectory_note(one, limits),))
    changes = None if one.withheld else change_table(one.results, one.labels)
    if changes:
        yield changes


def _density_note(one: Analysed) -> str:
    prior = "prior" in one.results.posterior.children
    return (
        "Posterior of each quantity, coloured by region; the bar below is the median and 95 % ETI"
        + (", the dotted line what the priors alone allow." if prior else ".")
    )


def _density(result: ClaimResult, one: Analysed) -> Picture:
    tree = one.results.posterior
    draws = {
        group: estimand_draws(result.claim, tree[group].to_dataset()).to_numpy().ravel()
        for group in ("posterior", "prior")
        if group in tree.children
    }
    drawing = claim_figures.contrast_density(
        draws["posterior"], result.claim, result.unit, draws.get("prior")
    )
    words = plain(density_words(result))
    return Picture(inline_svg(drawing, f"contrast-{result.claim.id}", words), words)


def density_words(result: ClaimResult) -> Sentence:
    """Say what is drawn: the quantity, its median and its interval."""
    return (
        f"Posterior of {estimand_words(result.claim)}: median ",
        *(result.estimate("median"), f"{result.unit_words}, 95 % ETI "),
        *(result.estimate("q2_5"), " to ", result.estimate("q97_5"), "."),
    )


def _expected(one: Analysed) -> pd.DataFrame:
    table = one.results.trajectories
    return table.assign(expected=np.nan, q2_5=np.nan, q97_5=np.nan) if one.withheld else table


def _trajectories(
    one: Analysed, expected: pd.DataFrame, limits: Mapping[str, tuple[float, float]]
) -> list[Picture]:
    pictures = []
    for position, outcome in enumerate(expected["outcome"].drop_duplicates()):
        rows = expected[expected["outcome"] == outcome]
        roles = role_labels(one.study, rows)
        title = one.labels.get(outcome, outcome)
        panel = figures.trajectory_panel(
            rows,
            roles,
            wave_labels(one.study),
            figures.outcome_colour(outcome, position),
            limits[outcome],
            title,
            _scale_words(one, outcome),
        )
        words = _trajectory_words(rows, roles, title)
        pictures.append(Picture(inline_svg(panel, f"{one.name}-{outcome}", words), words))
    return pictures


def _trajectory_words(rows: pd.DataFrame, roles: Mapping[str, str], title: str) -> str:
    if rows["expected"].isna().all():
        return f"{title}: observed means only; what the model expects is withheld."
    parts = []
    for role, label in roles.items():
        part = rows[rows["role"] == role].sort_values("time")
        first, last = part.iloc[0], part.iloc[-1]
        if len(part) == 1:
            parts.append(f"{label} {fixed(first['expected'], 2)}")
            continue
        parts.append(
            f"{label} from {fixed(first['expected'], 2)} at {short(first['time'])} "
            f"to {fixed(last['expected'], 2)} at {short(last['time'])} {last['time_unit']}"
        )
    return f"{title}, expected: {listed(parts)}."


def _trajectory_note(one: Analysed, limits: Mapping[str, tuple[float, float]]) -> str:
    lines = (
        ""
        if one.withheld
        else "Lines: the expected mean of everybody in the study, with its 95 % posterior band, "
        "as if those who left differ only in what they had answered before. "
    )
    points = (
        "Points: observed means of those who answered at that wave, ± one standard error of the "
        "mean; n people below. "
    )
    if one.results.trajectories["observed_mean"].isna().all():
        points = "Observed means are not told. "
    return f"{lines}{points}{_axis_words(one, limits)}"


def _ranges(one: Analysed) -> dict[str, tuple[float, float]]:
    return {name: scale.score_range for name, scale in one.study.scales.items()}


def _axis_words(one: Analysed, limits: Mapping[str, tuple[float, float]]) -> str:
    known = _ranges(one)
    ranges = {known.get(name) for name in limits}
    if len(ranges) != 1 or None in ranges:
        return "Panels of one scale show the same number of points, so their slopes compare by eye."
    low, high = known[next(iter(limits))]
    bottom, top = next(iter(limits.values()))
    span = short(float(f"{top - bottom:.2g}"))
    return (
        f"Every panel shows {span} points of a scale from {short(low)} to {short(high)}, "
        "so slopes compare by eye."
    )


def _scale_words(one: Analysed, outcome: str) -> str:
    if outcome not in one.study.scales:
        return ""
    low, high = one.study.scales[outcome].score_range
    return f"points, {short(low)} to {short(high)}"
