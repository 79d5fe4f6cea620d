"""What is compiled when the environment is made."""

from securebase.families import family_names
from securebase.warm import questions


def test_every_family_that_takes_couples_at_three_waves_is_warmed() -> None:
    warmed = [question.name for question in questions()]
    assert set(warmed) <= set(family_names())
    assert {"dyadic_growth", "dyadic_panel", "mediated_change"} <= set(warmed)
    assert len(set(warmed)) == len(warmed)
