"""What a page of claims says of other fits and of the registered plan."""

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from address_rules import read_address
from ledger_example import GROWTH, attempt
from page_parts import Page
from report_example import example_study, write_example

from securebase.codebook.analysis import Analysis
from securebase.codebook.plan import plan_of
from securebase.config import Decision
from securebase.ledger.models import choices, declared_digest
from securebase.ledger.recording import Attempt, recorded, recording
from securebase.report.study_pages import write_study_pages


class Project:
    """Results of the example beside a ledger."""

    def __init__(self, folder: Path) -> None:
        self.ledger = folder / "ledger.jsonl"
        self.results = write_example(folder / "results" / "couples_example")
        self.waves = self.results / "waves.parquet"

    def record(self, one: Attempt, data: Path | None = None, failed: int = 0) -> None:
        with recording(self.ledger, data or self.waves), recorded(one) as ending:
            ending.lost(["RuntimeError: no draws"] * failed)

    def page(self, **changes: Any) -> Page:
        study = example_study(**changes)
        write_study_pages(study, self.results, ledger=self.ledger)
        return Page((self.results / "claims.html").read_text(encoding="utf-8"))

    def section(self, name: str, **changes: Any) -> str:
        self.page(**changes)
        html = (self.results / "claims.html").read_text(encoding="utf-8")
        part = re.search(f'<section id="{name}".*?</section>', html, re.DOTALL)
        assert part is not None
        return re.sub(r" (?=[.,;:)])|(?<=\() ", "", Page(part[0]).text)

    @property
    def fits(self) -> pd.DataFrame:
        return pd.read_csv(self.results / "fits.csv")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_page_counts_and_lists_every_fit(project: Project) -> None:
    curved = Analysis.model_validate(GROWTH.model_dump() | {"time": {"shape": "free"}})
    other = {"model": choices(curved), "declared_sha256": declared_digest(curved)}
    earlier = project.results / "summary"
    earlier.write_bytes(b"other scores")
    project.record(attempt(400, purpose="recovery"), data=earlier)
    project.record(attempt(), data=earlier)
    project.record(attempt())
    project.record(attempt(1, **other), failed=1)
    project.record(attempt(22, purpose="other priors"), failed=2)
    project.record(attempt(2, seed=4711, seed_as_ruled=False))
    project.record(attempt(9, study="another"))
    said = project.section("tried")
    assert said.startswith(
        "What else was tried 27 fits of this study were run: all 27 are listed; 3 failed. Among "
        "these: 1 of models that the codebook does not declare now, 1 to other scores than those "
        "of now and 2 with a seed that was chosen, not made by the rule. Beside these, 400 fits"
    )
    assert "Ledger intact: 436 fits, first 2" in said
    assert "This page was made after its entry 14 (" in said
    assert "growth time: free as now posterior 1 1 0" in said
    assert "as declared as now posterior 3 0 0" in said
    assert "2, 1 chosen" in said


def test_every_count_is_the_sum_of_the_lines_it_names(project: Project) -> None:
    project.record(attempt())
    project.record(attempt(22, purpose="other priors"), failed=2)
    project.record(attempt(400, purpose="recovery"))
    project.record(attempt(70, purpose="drop-out"))
    numbers = [one for one in project.page().numbers if one[0].startswith("fits.csv")]
    # of the sentence, of what is said beside it, of the table
    assert len(numbers) == 3 + 1 + 3 * 4
    for source, value, text in numbers:
        there = read_address(source, project.results, project.results)
        assert float(text.removesuffix(" fits")) == float(value) == there


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (2, "1 fit of this study was run: it is listed; none failed. All are of declared models"),
        (1, "1 fit of this study was run: it is listed; 1 did not end. The fit that is shown of"),
    ],
)
def test_a_fit_that_did_not_end_is_not_the_one_that_is_shown(
    project: Project, lines: int, told: str
) -> None:
    project.record(attempt())
    kept = project.ledger.read_bytes().splitlines(keepends=True)[:lines]
    project.ledger.write_bytes(b"".join(kept))
    project.ledger.with_suffix(".head").unlink()
    assert told in project.section("tried")


def test_without_a_ledger_a_page_says_so(project: Project) -> None:
    assert project.section("tried") == (
        "What else was tried No ledger of fits was kept beside these results."
    )
    assert project.fits.empty


def test_a_ledger_without_the_study_vouches_for_nothing(project: Project) -> None:
    project.record(attempt(study="another"))
    said = project.section("tried")
    assert "No fit of this study is in the ledger. The fit that is shown of growth is not" in said


def test_a_broken_ledger_is_told_first(project: Project) -> None:
    project.record(attempt())
    project.record(attempt())
    lines = project.ledger.read_bytes().splitlines(keepends=True)
    project.ledger.write_bytes(b"".join(lines[:1] + lines[2:]))
    assert project.section("tried").startswith(
        "What else was tried Ledger broken at entry 2: entries were removed or edited. What can "
        "still be read: 2 fits of this study were run: all 2 are listed; "
    )


def test_the_same_ledger_gives_the_same_page(project: Project) -> None:
    project.record(attempt())
    project.page()
    first = (project.results / "claims.html").read_bytes()
    project.page()
    assert (project.results / "claims.html").read_bytes() == first


def registered(folder: Path, **more: Any) -> dict[str, Any]:
    """Register the example with another ROPE of H2, without H4 and with a lower bar."""
    plan = plan_of(example_study(), Decision(probability=0.9), "0.1.0").model_dump(mode="json")
    plan["claims"] = list(plan["claims"][:3])
    plan["claims"][1]["rope"]["low"] = -0.2
    plan["note"] = "Registered by no significant other."
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(plan, sort_keys=False))
    digest = sha256(path.read_bytes()).hexdigest()
    return {"file": str(path), "sha256": digest, "date": "2999-01-31", **more}


def test_deviations_are_listed_with_their_reasons(project: Project, tmp_path: Path) -> None:
    project.record(attempt(3))
    because = {"what": "ROPE of H2", "reason": "Norms were published since."}
    plan = registered(tmp_path, doi="10.1/x", deviations=[because])
    said = project.section("deviations", registration=plan)
    assert said.startswith(
        "Deviations from the plan 3 deviations from the plan registered on 2999-01-31, 2 of them "
        "not explained."
    )
    assert "ROPE of H2 \N{MINUS SIGN}0.2 to 0.1 \N{MINUS SIGN}0.1 to 0.1 Norms were" in said
    assert "probability a verdict needs 0.9 0.95 \N{BLACK UP-POINTING TRIANGLE} not expl" in said
    assert "Registered by no significant other." in said
    assert "Deposited: doi:10.1/x." in said
    assert f"SHA-256 {plan['sha256']}" in said
    assert "Declared after the registration, and so exploratory: H4." in said
    assert "3 fits in the ledger began before that day." in said


def test_a_plan_that_was_kept_is_said_to_be(project: Project, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    frozen = plan_of(example_study(), Decision(), "0.1.0").model_dump(mode="json")
    plan.write_text(yaml.safe_dump(frozen, sort_keys=False))
    digest = sha256(plan.read_bytes()).hexdigest()
    kept = {"file": str(plan), "sha256": digest, "date": "2026-01-31"}
    project.record(attempt())
    said = project.section("deviations", registration=kept)
    assert "Nothing is different from the plan registered on 2026-01-31." in said
    assert "The plan was not deposited with anyone." in said
    assert "began before" not in said


def test_nothing_registered_is_said_plainly(project: Project) -> None:
    assert project.section("deviations") == (
        "Deviations from the plan No plan was registered; all claims are as declared in the "
        "codebook."
    )
