"""The flow chart of participants: complete, adding up, and refused where it does not."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from address_rules import lines_of, read_address
from page_parts import Page, agrees
from report_example import ROLES, WAVES, example_study, write_example

from securebase.codebook.loading import Study
from securebase.faults import InputError
from securebase.report.analysed import analysed
from securebase.report.claims_page import render_claims
from securebase.report.flow_chart import FlowChart, flow_chart
from securebase.report.inputs import StudyResults, read_results
from securebase.report.rules import Rules
from securebase.report.wording import Number, plain


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_example(tmp_path_factory.mktemp("flow") / "couples_example")


@pytest.fixture(scope="module")
def results(folder: Path) -> StudyResults:
    return read_results(example_study(), folder)


def drawn(study: Study, results: StudyResults) -> FlowChart:
    chart = flow_chart(study, results)
    assert chart is not None
    return chart


def numbers(chart: FlowChart) -> list[Number]:
    sentences = [chart.start, *chart.aside]
    for step in chart.steps:
        sentences += step.losses
        sentences += [(one.answered, one.due, *one.span) for one in step.turnouts if one]
    for end in chart.ends:
        sentences += [end.analysed, *end.left_out]
    return [piece for words in sentences for piece in words if isinstance(piece, Number)]


def lines(source: str) -> set[int]:
    return lines_of(source)


def flow_of(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["stage", "wave", "role", "persons", "reason"])
    table.insert(4, "units", table["persons"])
    return table.set_index(pd.RangeIndex(2, 2 + len(table)))


def test_answered_and_lost_are_those_who_were_due(results: StudyResults) -> None:
    chart, flow = drawn(example_study(), results), results.flow
    assert [step.title for step in chart.steps] == [f"month {wave[1:]}" for wave in WAVES]
    for step, wave in zip(chart.steps, WAVES, strict=True):
        for one, role in zip(step.turnouts, ROLES, strict=True):
            here = flow[(flow["wave"] == wave) & (flow["role"] == role)]
            sums = here.groupby("stage")["persons"].sum()
            assert one is not None
            assert one.answered.value == sums["answered"]
            assert one.due.value == sums["answered"] + sums["lost"] == 151
            assert one.share == pytest.approx(sums["answered"] / 151)


def test_every_number_of_the_chart_is_in_the_cells_it_names(
    results: StudyResults, folder: Path
) -> None:
    found = numbers(drawn(example_study(), results))
    assert len(found) > 30
    for one in found:
        assert one.value == read_address(one.source, folder, folder), one.source
        assert agrees(one.value, one.text)


def test_no_line_of_the_flow_is_missing_from_the_page(results: StudyResults) -> None:
    chart, flow = drawn(example_study(), results), results.flow
    seen = set().union(*(lines(one.source) for one in numbers(chart) if "flow.csv" in one.source))
    counted = flow["stage"].isin(["answered", "lost", "quarantined"])
    assert set(flow.index[counted]) <= seen
    rules = Rules()
    html = render_claims(example_study(), results, analysed(example_study(), results, rules), rules)
    sources = {source for source, _, _ in Page(html).numbers if source.startswith("flow.csv")}
    assert set().union(*map(lines, sources)) == set(flow.index)


def test_analysed_and_left_out_are_those_who_took_part(results: StudyResults) -> None:
    chart = drawn(example_study(), results)
    (end,) = chart.ends
    assert end.name == "growth"
    assert plain(end.analysed) == "150 couples (patient 150, partner 149)"
    assert [plain(words) for words in end.left_out] == ["1 couple left out: no score at any wave"]
    used, lost = end.analysed[0], end.left_out[0][0]
    assert isinstance(used, Number)
    assert isinstance(lost, Number)
    assert used.value + lost.value == results.people["unit"].nunique()


def test_the_chart_is_told_to_those_who_cannot_see_it(results: StudyResults) -> None:
    told = drawn(example_study(), results).sentence
    assert told.startswith("Took part: 151 couples, 300 persons, 5 waves. 1 record ")
    assert "month 3: patient 128 of 151 answered; partner 121 of 151 answered; patient: " in told
    assert "23 not at this wave, attachment anxiety scored for 127" in told
    assert told.endswith("1 couple left out: no score at any wave.")


def test_many_waves_are_told_together(results: StudyResults) -> None:
    days = {f"d{day}": {"time": float(day), "label": f"day {day}"} for day in range(40)}
    study = example_study(waves={"time_unit": "day", "levels": days}, analyses={}, claims=())
    came = {day: 140 - place for place, day in enumerate(days)}
    rows = [("quarantined", "d3", "patient", 2, "empty_row")]
    for day, number in came.items():
        rows += [("answered", day, "patient", number, "")]
        rows += [("lost", day, "patient", 151 - number, "not at this wave")]
    chart = drawn(study, replace(results, flow=flow_of(rows), analyses={}))
    (step,) = chart.steps
    (one,) = step.turnouts
    assert one is not None
    assert step.title == "40 waves, day 0 to day 39"
    assert (one.answered.value, one.due.value) == (sum(came.values()), 40 * 151)
    assert plain(one.span) == "101 at day 39 to 140 at day 0"
    assert one.shares == pytest.approx([number / 151 for number in came.values()])
    lost = 40 * 151 - sum(came.values())
    assert plain(step.losses[0]) == f"{lost:,} not at this wave, 2 records set aside (empty row)"


def test_a_role_that_a_wave_does_not_ask_has_no_box(results: StudyResults) -> None:
    rows = [
        ("answered", "m0", "patient", 151, ""),
        ("answered", "m0", "partner", 9, ""),
        ("lost", "m3", "patient", 151, "not at this wave"),
    ]
    chart = drawn(example_study(), replace(results, flow=flow_of(rows)))
    first, second = chart.steps
    assert [one and one.answered.value for one in first.turnouts] == [151, 9]
    nobody, unasked = second.turnouts
    assert unasked is None
    assert nobody is not None
    assert (nobody.answered.value, nobody.due.value) == (0, 151)


def test_a_study_in_which_nobody_answered_has_no_chart(results: StudyResults) -> None:
    rows = [("in raw files", "m0", "patient", 3, "")]
    assert flow_chart(example_study(), replace(results, flow=flow_of(rows))) is None


Spoil = Callable[[pd.DataFrame], None]


def _set(line: int, column: str, value: object) -> Spoil:
    def spoil(table: pd.DataFrame) -> None:
        table[column] = table[column].astype(object)
        table.loc[line - 2, column] = value

    return spoil


@pytest.mark.parametrize(
    ("file", "spoil", "told"),
    [
        ("flow.csv", _set(4, "role", "boss"), r"row 4, role: 'boss'; expected one of: patient"),
        ("flow.csv", _set(4, "wave", "m7"), r"row 4, wave: 'm7'; expected one of: m0"),
        ("flow.csv", _set(4, "stage", "went"), r"row 4, stage: 'went'; expected one of: in raw"),
        ("flow.csv", _set(4, "persons", -2), r"row 4, persons: -2(\.0)?; expected a count"),
        ("flow.csv", _set(4, "persons", "few"), r"row 4, persons: nan; expected a count"),
        ("flow.csv", _set(5, "persons", 999), r"row 5, persons: 999 scored of 151 who answered"),
        (
            "flow.csv",
            _set(7, "persons", 5),
            r"156 patient answered or lost at m0; expected the 151",
        ),
        (
            "growth/levels.csv",
            _set(2, "number", 151),
            "151 units used and 1 left out; expected the",
        ),
    ],
)
def test_a_flow_that_does_not_add_up_is_refused(
    tmp_path: Path, file: str, spoil: Spoil, told: str
) -> None:
    folder = write_example(tmp_path / "couples_example")
    table = pd.read_csv(folder / file)
    spoil(table)
    table.to_csv(folder / file, index=False)
    with pytest.raises(InputError, match="1 fault\n") as caught:
        read_results(example_study(), folder)
    assert re.search(told, str(caught.value)), caught.value
