from pathlib import Path

import numpy as np
import pytest

import securebase  # noqa: F401  (chooses the folder of compiled code before others do)


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the root of this checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture
def rng() -> np.random.Generator:
    """Give a generator with a fixed seed: a test that fails, fails again."""
    return np.random.default_rng(20261123)
