"""Examples evaluated once for all tests of a module."""

from collections.abc import Callable

import numpy as np
import pytest
from growth_by_hand import EXAMPLES, Evaluated, evaluated
from growth_examples import growth_panel, growth_study


@pytest.fixture(scope="module")
def at() -> Callable[[str], Evaluated]:
    """Evaluate an example once for all tests of this module."""
    known: dict[str, Evaluated] = {}

    def find(name: str) -> Evaluated:
        if name not in known:
            one, rng = EXAMPLES[name], np.random.default_rng(7)
            panel, priors = growth_panel(growth_study(one.analysis, **one.study), rng, **one.waves)
            known[name] = evaluated(panel, priors, rng)
        return known[name]

    return find
