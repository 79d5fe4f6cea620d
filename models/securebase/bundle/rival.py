"""Another structure for the same moments: what a reviewer would rather have asked."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from securebase.bundle.template import panel_of
from securebase.codebook.analysis import Analysis
from securebase.codebook.document import error_details
from securebase.codebook.rivals import CHANGED
from securebase.families import load_family
from securebase.faults import Fault, InputError
from securebase.priors import Priors, overridden_priors


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
        Keys that would ask of other scores, or that no analysis has.
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
    panel = panel_of(other)
    family = load_family(panel.analysis.family)
    family.refuse_other_keys(panel.analysis, "change")
    defaults = family.default_priors(panel)
    return other, overridden_priors(defaults, panel.analysis.priors, "priors of the analysis")
