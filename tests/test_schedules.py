"""Times of answering: counted within the unit, in the study's time unit, faults all listed."""

import numpy as np
import pandas as pd
import pytest
from growth_examples import dated_panel, growth_study, wave_table

from securebase.codebook.loading import Study
from securebase.faults import InputError
from securebase.panel import panel_from_waves
from securebase.schedules import answer_times

DATES = {"time": {"measured_by": "date"}}
ROLES = ("patient", "partner")


def waves_of(study: Study, dates: dict[tuple[str, str, str], str | None]) -> pd.DataFrame:
    rows = [
        {"unit": unit, "role": role, "wave": wave, "date": date, "anxiety": 3.0, "avoidance": 2.0}
        for (unit, role, wave), date in dates.items()
    ]
    table = wave_table(rows, study)
    return table.assign(date=[row["date"] for row in rows])


def faults_of(study: Study, dates: dict[tuple[str, str, str], str | None]) -> InputError:
    with pytest.raises(InputError) as raised:
        answer_times(waves_of(study, dates), study, ROLES)
    return raised.value


@pytest.fixture
def study() -> Study:
    return growth_study(DATES)


def test_times_are_counted_from_the_unit_s_first_dated_wave(study: Study) -> None:
    waves = waves_of(
        study,
        {
            ("a", "patient", "w1"): "2020-01-11",
            ("a", "partner", "w1"): "2020-01-01",
            ("a", "patient", "w3"): "2021-01-01",
            ("b", "partner", "w2"): "2021-05-05T12:00:00",
            ("b", "partner", "w4"): "2022-05-05T18:00:00",
            ("b", "patient", "w4"): None,
        },
    )
    times = answer_times(waves, study, ROLES)
    assert times.dims == ("unit", "wave", "role")
    found = {
        key: float(times.sel(unit=key[0], role=key[1], wave=key[2]))
        for key in (
            ("a", "patient", "w1"), ("a", "partner", "w1"), ("a", "patient", "w3"),
            ("b", "partner", "w2"), ("b", "partner", "w4"), ("b", "patient", "w4"),
            ("a", "partner", "w2"),
        )
    }  # fmt: skip
    # planned: 0, 0.5, 1.5, 2 years
    assert list(found.values()) == pytest.approx(
        [10 / 365.25, 0.0, 366 / 365.25, 0.5, 0.5 + 365.25 / 365.25, 2.0, 0.5]
    )


def test_faults_of_dates_are_all_listed(study: Study) -> None:
    found = faults_of(
        study,
        {
            ("a", "patient", "w1"): "soon",
            ("a", "patient", "w2"): "2020-02-31",
            ("b", "patient", "w1"): "2020-02-01",
        },
    )
    assert "'soon' as date of a, patient, w1" in str(found)
    assert "'2020-02-31' as date of a, patient, w2" in str(found)
    assert len(found.faults) == 2


def test_later_waves_lie_later(study: Study) -> None:
    found = faults_of(
        study,
        {
            ("a", "patient", "w1"): "2020-06-01",
            ("a", "patient", "w2"): "2020-12-01",
            ("a", "patient", "w4"): "2020-07-01",
            ("b", "partner", "w1"): "2020-06-01",
            ("b", "partner", "w2"): "2019-06-01",
        },
    )
    text = str(found)
    assert "a, patient: w4 is dated 153 days before an earlier wave" in text
    assert "b, partner: w2 is dated 366 days before an earlier wave" in text


def test_no_dates_and_no_length_of_time_are_refused_together(study: Study) -> None:
    blurred = study.model_copy(
        update={"waves": study.waves.model_copy(update={"time_unit": "session"})}
    )
    found = faults_of(blurred, {("a", "patient", "w1"): None, ("b", "patient", "w1"): None})
    assert "no answer has a date" in str(found)
    assert "day, week, month, year" in str(found)


def test_a_free_path_does_not_go_by_dates() -> None:
    with pytest.raises(ValueError, match="dates have no place"):
        growth_study({"time": {"shape": "free", "measured_by": "date"}})


def test_panel_has_times_only_where_the_analysis_goes_by_dates(rng: np.random.Generator) -> None:
    panel, _ = dated_panel(growth_study(DATES), rng)
    assert panel.data["unit_time"].dims == ("unit", "wave", "role")
    assert bool(panel.data["unit_time"].notnull().all())
    plain = growth_study()
    waves = waves_of(plain, {(u, "patient", w): "soon" for u in "ab" for w in ("w1", "w2", "w3")})
    assert "unit_time" not in panel_from_waves(waves, plain, "growth").data
