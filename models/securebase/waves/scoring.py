"""Scoring: keyed items, scale scores, and whether the keys are right."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from securebase.codebook.scale import Scale
from securebase.codebook.study import Study
from securebase.faults import Fault
from securebase.names import WAVE
from securebase.waves.cleaning import CleanAnswers
from securebase.waves.quarantine import entries
from securebase.waves.reliability import (
    against_the_others,
    cronbach_alpha,
    item_rest_correlations,
    mcdonald_omega,
)

COLUMNS: Final = (
    *("scale", "wave", "item", "n", "mean", "sd", "item_rest", "reversed"),
    *("alpha", "omega", "verdict"),
)
# the row of a scale among its items, and of all waves among the waves
SCALE_ROW: Final = "(scale)"
ALL_WAVES: Final = "(all)"
# fewer persons than this say nothing about the sign of a correlation
FEWEST: Final = 20
# more negative items than this share: not single items, the key as a whole is in doubt
_MANY: Final = 1 / 3
_GRAVEST_FIRST: Final = ("negative", "accepted", "too_few")


@dataclass(frozen=True)
class Scores:
    """What comes out of scoring.

    Parameters
    ----------
    scores : pd.DataFrame
        Aligned with the keys of the answers: a column per scale, NaN where it has no score.
    scoring : pd.DataFrame
        Columns `COLUMNS`: one row per scale, wave and item, the items as keyed; a row "(scale)"
        per scale and wave with mean, sd, alpha and omega of the score; and one over all waves.
    unscored : list of pd.DataFrame
        Quarantine entries of scores with too few answered items.
    """

    scores: pd.DataFrame
    scoring: pd.DataFrame
    unscored: list[pd.DataFrame]


def score(answers: CleanAnswers, study: Study) -> Scores:
    """Key the items, make the scores and judge the keys.

    Parameters
    ----------
    answers : CleanAnswers
        Items as answered.
    study : Study
        The codebook.

    Returns
    -------
    Scores
        With a verdict per item and wave: ok, negative, accepted, or too_few to judge.
    """
    scores: dict[str, pd.Series] = {}
    tables: list[tuple[object, ...]] = []
    unscored: list[pd.DataFrame] = []
    for name, scale in study.scales.items():
        keyed = keyed_items(answers, scale)
        scores[name] = scale_scores(keyed, scale)
        tables += _scale_rows(name, scale, keyed, scores[name], answers.keys[WAVE], study)
        unscored.append(_too_few(name, scale, keyed, answers.keys))
    scoring = pd.DataFrame(tables, columns=list(COLUMNS))
    return Scores(pd.DataFrame(scores, index=answers.keys.index), scoring, unscored)


def keyed_items(answers: CleanAnswers, scale: Scale) -> pd.DataFrame:
    """Turn the items of a scale so that more is more of what it measures.

    Returns
    -------
    pd.DataFrame
        A column per item; a reversed answer x is lowest + highest - x.
    """
    items = answers.items[list(scale.items)]
    waves = list(answers.keys[WAVE].unique())
    turned = pd.DataFrame(
        [[scale.is_reversed(item, wave) for item in scale.items] for wave in waves], index=waves
    )
    flips = turned.reindex(answers.keys[WAVE]).to_numpy(dtype=bool)
    return items.where(~flips, sum(scale.range) - items)


def scale_scores(keyed: pd.DataFrame, scale: Scale) -> pd.Series:
    """Score a scale: the mean of the answered items, times their number for a sum.

    Returns
    -------
    pd.Series
        NaN where fewer items than `minimum_items` were answered.
    """
    factor = len(scale.items) if scale.score == "sum" else 1
    return (keyed.mean(axis=1) * factor).where(keyed.count(axis=1) >= scale.needed_items)


def keying_faults(scoring: pd.DataFrame, study: Study) -> list[Fault]:
    """Say which items turn negative, where, and what to do.

    A negative item-rest correlation after keying means that the item is keyed the wrong way round,
    in the codebook or on the form of that wave; items that are negative only because of such others
    are not named (`reliability.against_the_others`).

    Parameters
    ----------
    scoring : pd.DataFrame
        The table of `score`.
    study : Study
        The codebook.

    Returns
    -------
    list of Fault
        One per scale and item, with its waves and correlations; empty where all keys hold.
    """
    negative = scoring[scoring["verdict"] == "negative"]
    negative = negative[negative["item"] != SCALE_ROW]
    faults = [
        _keying_fault(str(name), str(item), part, study)
        for (name, item), part in negative.groupby(["scale", "item"], sort=False)
    ]
    return [*faults, *_doubtful_keys(negative, study)]


def _doubtful_keys(negative: pd.DataFrame, study: Study) -> Iterator[Fault]:
    for name, scale in study.scales.items():
        items = negative.loc[negative["scale"] == name, "item"].unique()
        if len(items) > _MANY * len(scale.items):
            yield Fault(
                f"{study.study}.yaml",
                f"{len(items)} of {len(scale.items)} items of {name} are against the others",
                "a few at most",
                "so many speak against the key as a whole: compare `reverse` with the form",
                column=f"scales.{name}.reverse",
            )


def _keying_fault(name: str, item: str, part: pd.DataFrame, study: Study) -> Fault:
    scale = study.scales[name]
    asked = list(scale.waves or study.waves.levels)
    waves = list(part["wave"])
    shown = ", ".join(f"{wave} {r:.2f}" for wave, r in zip(waves, part["item_rest"], strict=True))
    if waves == asked or len(waves) > len(asked) / 2:
        turn = f"take {item} out of reverse" if item in scale.reverse else f"add {item} to reverse"
    else:
        turn = f"rekeyed: [{{item: {item}, waves: [{', '.join(waves)}], reason: ...}}]"
    return Fault(
        f"{study.study}.yaml",
        f"item {item} of {name} runs against the other items (item-rest r: {shown})",
        "positive correlations once items are keyed",
        f"look at the form; then {turn}, or accepted_items: {{{item}: reason}} if this is right",
        column=f"scales.{name}",
    )


def _scale_rows(
    name: str,
    scale: Scale,
    keyed: pd.DataFrame,
    scores: pd.Series,
    waves: pd.Series,
    study: Study,
) -> Iterator[tuple[object, ...]]:
    for wave in scale.waves or study.waves.levels:
        at_wave = (waves == wave).to_numpy()
        part, cov = keyed[at_wave], _covariances(keyed[at_wave])
        rest = item_rest_correlations(cov)
        against = {scale.items[place] for place in against_the_others(cov)}
        verdicts = [
            _verdict(scale, item, int(part[item].count()), r, item in against)
            for item, r in zip(scale.items, rest, strict=True)
        ]
        whole = next((one for one in _GRAVEST_FIRST if one in verdicts), "ok")
        yield _scale_row(name, wave, scores[at_wave], cov, whole)
        for item, r, verdict in zip(scale.items, rest, verdicts, strict=True):
            answers = part[item]
            turned = scale.is_reversed(item, wave)
            numbers = (int(answers.count()), answers.mean(), answers.std(), r)
            yield (name, wave, item, *numbers, turned, np.nan, np.nan, verdict)
    yield _scale_row(name, ALL_WAVES, scores, _covariances(keyed), "ok")


def _scale_row(
    name: str, wave: str, scores: pd.Series, cov: NDArray[np.float64], verdict: str
) -> tuple[object, ...]:
    numbers = (int(scores.count()), scores.mean(), scores.std(), np.nan, False)
    return (name, wave, SCALE_ROW, *numbers, cronbach_alpha(cov), mcdonald_omega(cov), verdict)


def _covariances(keyed: pd.DataFrame) -> NDArray[np.float64]:
    # pairwise, so that planned missingness (no person answers all items) can be judged
    return keyed.cov().to_numpy(dtype=float)


def _verdict(scale: Scale, item: str, answered: int, rest: float, against: bool) -> str:
    if len(scale.items) == 1:
        return "ok"
    if answered < FEWEST or not np.isfinite(rest):
        return "too_few"
    if not against:
        return "ok"
    return "accepted" if item in scale.accepted_items else "negative"


def _too_few(name: str, scale: Scale, keyed: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """List the scores that were not made although something was answered."""
    counts = keyed.count(axis=1)
    short = ((counts > 0) & (counts < scale.needed_items)).to_numpy()
    reason = f"fewer than {scale.needed_items} of {len(scale.items)} items answered"
    values = [f"{count} answered" for count in counts[short]]
    return entries(
        keys[short], "too_few_items", reason, "cell", name, values, "score set to missing"
    )
