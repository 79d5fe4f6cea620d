"""Patterns of answers: every unit counted once, by who answered when."""

import numpy as np
from growth_examples import growth_study, random_waves

from securebase.panel import panel_from_waves
from securebase.patterns import pattern_table


def test_every_unit_is_counted_in_its_pattern() -> None:
    study = growth_study()
    waves = random_waves(study, np.random.default_rng(2), units=40, missing=0.3)
    panel = panel_from_waves(waves, study, "growth")
    table = pattern_table(panel)
    assert table["units"].sum() == panel.data.sizes["unit"]
    assert table["units"].is_monotonic_decreasing
    assert not table["answered"].duplicated().any()
    seen = panel.data["score"].notnull().any("outcome").transpose("unit", "role", "wave").values
    roles = [str(role) for role in panel.data["role"].values]
    told = [
        ", ".join(
            f"{role} {''.join('○●'[int(one)] for one in own)}"
            for role, own in zip(roles, unit, strict=True)
        )
        for unit in seen
    ]
    counts = table.set_index("answered")["units"].to_dict()
    assert counts == {one: told.count(one) for one in told}
