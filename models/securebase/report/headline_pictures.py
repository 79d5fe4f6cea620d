"""The forests of the headline, drawn from its tables."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from securebase.report.headline_forest import (
    Bar,
    EffectsRow,
    StudyRow,
    effects_forest,
    headline_forest,
)
from securebase.report.svg import Picture, inline_svg
from securebase.synthesis.contributions import QUANTITIES
from securebase.synthesis.headline import Headline
from securebase.synthesis.settings import Synthesis


def headline_pictures(synthesis: Synthesis, headline: Headline) -> dict[str, Picture]:
    """Draw the difference over studies ("forest") and both effects side by side ("effects").

    Without a study that can be used there is none.
    """
    studies = headline.studies[headline.studies["used"]]
    if studies.empty:
        return {}
    of = {name: studies[studies["quantity"] == name] for name in QUANTITIES}
    sentences = {one.study: one.sentence for one in synthesis.contributions}
    titles = [f"{name}: {sentences[name]}" for name in of["difference"]["study"]]
    means = dict(zip(QUANTITIES, _bars(headline.summary, "median"), strict=True))
    new = _bars(headline.summary, "median", "new_")[0]
    rows = [
        StudyRow(*row)
        for row in zip(
            titles,
            _bars(of["difference"], "mean"),
            _bars(of["difference"], "mean", "shrunken_"),
            of["difference"]["share"],
            strict=True,
        )
    ]
    both = (_bars(of[name], "mean") for name in ("anxiety", "avoidance"))
    effects = [EffectsRow(*row) for row in zip(titles, *both, strict=True)]
    effects.append(EffectsRow("Mean over studies", means["anxiety"], means["avoidance"], True))
    forest = headline_forest(rows, means["difference"], new, synthesis.as_claim())
    told = "Effects on anxiety and on avoidance of each study, and their means over studies."
    return {
        "forest": _picture(forest, "forest", _told(rows, means["difference"])),
        "effects": _picture(effects_forest(effects), "effects", told),
    }


def _bars(table: pd.DataFrame, middle: str, prefix: str = "") -> list[Bar]:
    columns = (table[f"{prefix}{name}"].astype(float) for name in ("q2_5", middle, "q97_5"))
    return [Bar(*row) for row in zip(*columns, strict=True)]


def _picture(figure: Figure, name: str, label: str) -> Picture:
    return Picture(inline_svg(figure, name, label), label)


def _told(rows: Sequence[StudyRow], mean: Bar) -> str:
    parts = [f"{row.title}: {row.own}." for row in rows]
    return f"Difference by study, baseline sds. {' '.join(parts)} Mean over studies: {mean}."
