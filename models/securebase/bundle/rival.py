"""Another structure for the same moments: what a reviewer would rather have asked."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from securebase.bundle.template import panel_of
from securebase.codebook.analysis import Analysis
from securebase.codebook.document import error_details
from securebase.codebook.rivals import CHANGED
from securebase.families import load_family
from securebase.family import Built, build
from securebase.faults import Fault, InputError
from securebase.panel import Panel
from securebase.part import Part
from securebase.priors import Priors, overridden_priors

_NOT_OF_MOMENTS: Final = (
    "what moments of planned waves tell",
    "only the records can answer: ask the author",
)
_NAMED: Final = ("names that model.json has", "see its waves, roles, owners and measures")


def rival_of(
    template: Mapping[str, Any], change: Mapping[str, Any]
) -> tuple[dict[str, Any], Priors]:
    """Change what an analysis declares, as `rivals` of a codebook may.

    Parameters
    ----------
    template : mapping
        See `template.template_of`.
    change : mapping
        Keys of an analysis and their values; "family" too, if it takes the same scores.

    Returns
    -------
    (template, priors)
        Of the other model: the priors of its family, with those that the analysis declares.

    Raises
    ------
    InputError
        Keys that would ask of other scores, or that no analysis has; what moments do not tell:
        predictors they are not of, times and observations of each unit's own.
    """
    allowed = CHANGED | {"family"}
    faults = [
        Fault("change", f"'{key}'", f"one of: {', '.join(sorted(allowed))}")
        for key in change
        if key not in allowed
    ]
    if faults:
        raise InputError("a rival of an analysis", faults)
    declared = {**template["declared"], **change}
    try:
        Analysis.model_validate(declared)
    except ValidationError as error:
        wrong = [
            Fault(
                "change",
                f"{one['input']!r}",
                str(one["msg"]),
                column=".".join(map(str, one["loc"])),
            )
            for one in error_details(error)
        ]
        raise InputError("a rival of an analysis", wrong) from None
    other = {**template, "declared": declared}
    panel, priors = _posed(other)
    built = build(load_family(panel.analysis.family), panel, priors)
    known = {one["name"]: one for one in template["parts"]}
    wrong = [fault for part in built.parts for fault in _unknown(part, known[part.name])]
    if wrong:
        raise InputError("a rival of an analysis", wrong)
    return {**other, "parts": _narrowed(known, built)}, priors


def _posed(template: Mapping[str, Any]) -> tuple[Panel, Priors]:
    """Arrange the panel of a changed template, and the priors of its family."""
    faults = list(_time_faults(template, template["declared"].get("time", {})))
    if faults:
        raise InputError("a rival of an analysis", faults)
    try:
        panel = panel_of(template)
        family = load_family(panel.analysis.family)
        family.refuse_other_keys(panel.analysis, "change")
        defaults = family.default_priors(panel)
    except InputError:
        raise
    except (KeyError, ValueError) as error:
        # names that the template does not have
        given = str(error).strip('"')
        raise InputError("a rival of an analysis", [Fault("change", given, *_NAMED)]) from error
    return panel, overridden_priors(defaults, panel.analysis.priors, "priors of the analysis")


def _time_faults(template: Mapping[str, Any], time: Mapping[str, Any]) -> Iterator[Fault]:
    if time.get("measured_by") == "date" and not template["own_times"]:
        yield Fault("change", "times of each unit's own", *_NOT_OF_MOMENTS)
    waves = list(template["waves"])
    for wave in (*time.get("knots", ()), time.get("origin")):
        if wave is not None and wave not in waves:
            yield Fault("change", f"no wave '{wave}'", f"one of: {', '.join(waves)}")


def _unknown(part: Part, known: Mapping[str, Any]) -> Iterator[Fault]:
    """What a part asks of that the moments do not tell."""
    if part.effects.unit_basis is not None:
        given = "effects multiplied with what each unit observed, or at times of its own"
        yield Fault("change", given, *_NOT_OF_MOMENTS)
    missing = [name for name in part.columns if name not in known["columns"]]
    if missing:
        expected = f"columns that the moments are of: {', '.join(known['columns'])}"
        remedy = "ask the author for moments with these columns"
        yield Fault("change", f"columns {', '.join(missing)} of {part.name}", expected, remedy)


def _narrowed(known: Mapping[str, Mapping[str, Any]], built: Built) -> list[dict[str, Any]]:
    """Tell the columns of the other model alone; those of a part that it leaves out go with it."""
    parts = []
    for part in built.parts:
        own = known[part.name]
        told = own["told"]
        if told is not None:
            place = [own["columns"].index(name) for name in part.columns]
            told = {key: _chosen(value, place) for key, value in told.items()}
        parts.append({**own, "columns": list(part.columns), "told": told})
    return parts


def _chosen(value: Any, place: list[int]) -> Any:
    """Take some columns of a list, or rows and columns of a matrix."""
    if not isinstance(value, list):
        return value
    kept = [value[one] for one in place]
    return [[row[one] for one in place] for row in kept] if isinstance(kept[0], list) else kept
