"""What of a multiverse leaves the lab, and what a reader of the bundle asks of it."""

from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest
from multiverse_example import MULTIVERSE, fits_table, multiverse_study
from report_example import example_study

from securebase.audit.opened import Opened
from securebase.audit.specification_checks import declared_options, without_result
from securebase.bundle.tables import OF_STUDY, Told
from securebase.codebook.loading import Study
from securebase.config import Multiverse
from securebase.multiverse.gathering import NO_RESULT, public
from securebase.registration.withholding import study_without_values
from securebase.report.result_tables import as_read


def opened(study: Study, table: pd.DataFrame | None, run: bool = True) -> Opened:
    """A bundle as far as these checks read it."""
    found: dict[str, Any] = {
        "study": study,
        "as_run": SimpleNamespace(multiverse=Multiverse(run=run)),
        "has": lambda name: name == "specs.csv" and table is not None,
        "table": lambda _: as_read(cast(pd.DataFrame, table)),
    }
    return cast(Opened, SimpleNamespace(**found))


def complete(study: Study) -> pd.DataFrame:
    told = public(fits_table(study), study)
    return told.replace({"verdict": {NO_RESULT: "undecided"}})


def said(one: Opened) -> list[str]:
    return [line.words for line in without_result(one)]


def test_a_complete_table_has_nothing_to_complain_of() -> None:
    study = multiverse_study()
    bundle = opened(study, complete(study))
    assert len(declared_options(bundle)) == 6
    assert said(bundle) == []


def test_what_is_missing_is_told() -> None:
    study = multiverse_study()
    table = complete(study)
    few = table[(table["claim"] != "H3") & ~table["specification"].str.contains("prior=wide")]
    found = said(opened(study, few))
    assert any("no result for H3" in one for one in found)
    assert any("no specification with prior=wide" in one for one in found)
    assert len(found) == 2
    assert "specs.csv is not there" in said(opened(study, None))[0]


def test_specifications_without_a_result_are_told() -> None:
    study = multiverse_study()
    found = said(opened(study, public(fits_table(study), study)))
    # H2 has none in four of the eight
    assert len(found) == 4
    assert all("prior=wide" in one and "has no result" in one for one in found)


@pytest.mark.parametrize("run", [True, False])
def test_nothing_is_asked_of_a_run_without_one(run: bool) -> None:
    study = example_study() if run else multiverse_study()
    bundle = opened(study, None, run)
    assert (declared_options(bundle), said(bundle)) == ([], [])


def test_the_table_of_verdicts_goes_into_a_bundle_as_it_is() -> None:
    study = multiverse_study()
    table = public(fits_table(study), study)
    pd.testing.assert_frame_equal(OF_STUDY["specs.csv"](table, cast(Told, None)), table)
    assert "multiverse.parquet" not in OF_STUDY


def test_exclusions_of_options_do_not_name_a_unit_in_a_public_codebook() -> None:
    choices = dict(MULTIVERSE["choices"])
    excluded = {"where": {"PTNUM": [17, 23]}, "reason": "planted: two units by name"}
    choices["sample"] = {
        "kind": "assumption",
        "options": {
            "everyone": {"reason": "all that took part"},
            "without": {"reason": "without two", "change": {"exclusions": [excluded]}},
        },
    }
    study = example_study(multiverse={"choices": choices})
    told = study_without_values(study).model_dump(mode="json")
    assert "17" not in str(told["multiverse"]["choices"]["sample"])
    option = told["multiverse"]["choices"]["sample"]["options"]["without"]["change"]
    assert option["exclusions"][0]["where"] == {"PTNUM": "withheld"}
    assert told["exclusions"][0]["where"] == {"PTNUM": "withheld"}
    # the codebook itself stays as it was
    assert study.multiverse is not None
    assert "17" in str(study.multiverse.choices["sample"].options["without"].change)
