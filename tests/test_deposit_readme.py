"""README.md: the order of the data editors, sixteen rules, and nothing that is not so."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from deposit_example import OF_ANALYSIS, contents_of

from securebase.deposit.contents import TO_FILL_IN, Contents
from securebase.deposit.dcas import RULES, answers, answers_in
from securebase.deposit.jobs import GIVEN, RAW, WAVES, jobs_of
from securebase.deposit.measured import (
    Measured,
    bracket,
    gigabytes,
    measured_jobs,
    read_benchmark,
    times_of_fits,
)
from securebase.deposit.readme import readme
from securebase.sampling import derived_seed

# of templates/README_sparse.md of the social science data editors, version 1.2
ORDER = [
    *("Overview", "Data Availability and Provenance Statements", "Statement about Rights"),
    *("License for Data", "Summary of Availability", "Details on each Data Source", "Dataset list"),
    *("Computational requirements", "Software Requirements", "Controlled Randomness"),
    *("Memory, Runtime, Storage Requirements", "Summary time to reproduce"),
    *("Summary of required storage space", "Computational Details", "Description of programs/code"),
    *("License for Code", "Instructions to Replicators", "Details on various programs"),
    *("List of tables and programs", "References"),
]


@pytest.fixture(scope="module")
def real(root: Path) -> Contents:
    return contents_of(root, "couples_ecr")


@pytest.fixture(scope="module")
def simulated(root: Path) -> Contents:
    return contents_of(root, "asem_tightrope")


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.*)$", text, re.MULTILINE)


def section(text: str, name: str) -> str:
    found = re.search(rf"^#+ {re.escape(name)}\n(.*?)(?=^#+ |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, name
    return found[1]


def test_sections_are_in_the_order_of_the_data_editors(real: Contents) -> None:
    found = headings(readme(real))
    assert [one for one in found if one in ORDER] == ORDER
    assert len(set(found)) == len(found)
    assert found.index("What is omitted, and why") == found.index("References") - 1


def test_every_file_it_names_is_there(real: Contents) -> None:
    text = readme(real)
    named = re.findall(r"`((?:analyses|pages|env|seal|attest)/[^`*]+)`", text)
    assert len(named) > 30
    assert set(named) <= real.files.keys()
    without = {path: one for path, one in real.files.items() if "prior_grid" not in path}
    assert "prior_grid" in text
    assert "prior_grid" not in readme(replace(real, files=without))


def test_every_table_has_its_rule_and_its_program(real: Contents, root: Path) -> None:
    rules = (root / "workflow" / "rules").glob("*.smk")
    workflow = "\n".join(path.read_text(encoding="utf-8") for path in rules)
    names = set(re.findall(r"^rule (\w+):", workflow, re.MULTILINE))
    names |= {
        one.format(study="couples_ecr") for one in re.findall(r'f"(\w+_\{study\})"', workflow)
    }
    listed = section(readme(real), "List of tables and programs")
    rows = [line.split(" | ") for line in listed.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 30
    for row in rows:
        rule, program, file = (cell.strip("` ") for cell in row[2:5])
        if not rule.startswith("bundle"):
            assert rule in names
            assert (root / program).is_file()
            assert program.rsplit("/", 1)[1] in workflow
        assert file in real.files


def test_raw_files_are_not_provided_and_are_sealed(real: Contents) -> None:
    listed = section(readme(real), "Details on each Data Source")
    for file in real.study.raw.files:
        (row,) = [line for line in listed.splitlines() if file.path in line]
        assert "| no |" in row
        assert real.commitments[file.path] in row
        # the digest of the file itself could be tried out on guesses
        assert file.sha256
        assert file.sha256 not in readme(real)
    assert f"| `{WAVES}` |" in section(readme(real), "Dataset list")


def test_source_and_licence_are_those_of_the_codebook(real: Contents, simulated: Contents) -> None:
    assert real.study.source in section(readme(real), "References").replace("\n", " ")
    assert TO_FILL_IN in section(readme(real), "License for Data")
    assert section(readme(simulated), "License for Data").strip().endswith("MIT.")


def test_simulated_studies_say_so(real: Contents, simulated: Contents) -> None:
    text = readme(simulated)
    assert text.count("simulated") >= 2
    for name in ("Overview", "Data Availability and Provenance Statements"):
        assert "imulated" in section(text, name)
    assert "imulated" not in readme(real)
    assert f"securebase simulate {simulated.study.study}" in text


def test_seeds_follow_their_rule(real: Contents) -> None:
    told = section(readme(real), "Controlled Randomness")
    for name in real.study.analyses:
        assert f"| {derived_seed(20261123, 'couples_ecr', name)} |" in told


def test_a_clock_does_not_show(real: Contents) -> None:
    slower = {name: Measured(one.seconds * 1.5, 900.0) for name, one in real.measured.items()}
    assert readme(replace(real, measured=slower)) == readme(real)
    hours = {name: Measured(20_000, 900.0) for name in real.measured}
    assert "8 to 24 hours" in readme(replace(real, measured=hours))


def test_a_controlled_bundle_is_not_for_publication(real: Contents) -> None:
    controlled = readme(replace(real, tier="controlled"))
    assert "not for publication" in controlled.replace("**", "")
    assert "350 observed values" in readme(real)
    assert "350 observed values" not in controlled


# --- the sixteen rules -----------------------------------------------------------------------


def test_every_rule_is_answered_once_and_read_back(real: Contents, simulated: Contents) -> None:
    for contents in (real, simulated):
        found = answers_in(readme(contents))
        assert list(found) == list(range(1, 17))
        assert [one.status for one in found.values()] == [one.status for one in answers(contents)]
    assert len(RULES) == 16


def test_what_only_the_depositor_knows_is_left_open(real: Contents, simulated: Contents) -> None:
    def still_open(contents: Contents) -> list[int]:
        found = answers_in(readme(contents))
        return [number for number, one in found.items() if one.status == TO_FILL_IN]

    assert still_open(real) == [1, 10, 11, 14, 15]
    assert still_open(simulated) == [14]
    assert still_open(replace(simulated, measured={})) == [13, 14]
    assert "expected run time" in readme(replace(simulated, measured={}))


def test_answers_point_to_sections_that_are_there(real: Contents) -> None:
    text = readme(real)
    for one in answers(real):
        for name in re.findall(r"“([^”]+)”", one.words):
            assert name in headings(text)


def test_rows_that_are_filled_in_or_gone_are_seen(real: Contents) -> None:
    text = readme(real)
    (ethics,) = [line for line in text.splitlines() if line.startswith("| 11 | Ethics")]
    filled = text.replace(ethics, "| 11 | Ethics | answered | Committee of X, 2026/7. |")
    assert answers_in(filled)[11].status == "answered"
    half = text.replace(ethics, f"| 11 | Ethics | answered | {TO_FILL_IN} later |")
    assert answers_in(half)[11].status == TO_FILL_IN
    assert 11 not in answers_in(text.replace(ethics, ""))
    assert 11 not in answers_in(text.replace(ethics, "| 11 | Ethics | perhaps | see there |"))
    assert answers_in("") == {}


# --- jobs and what they took -------------------------------------------------------------------


def test_every_file_is_made_once_or_given(real: Contents) -> None:
    made = [path for job in jobs_of(real) for path in job.makes if path != WAVES]
    assert sorted(made) == sorted(real.files.keys() - set(GIVEN))


def test_jobs_take_what_is_there_already(real: Contents) -> None:
    known = {*GIVEN, *(f"{RAW}{file.path}" for file in real.study.raw.files)}
    for job in jobs_of(real):
        assert set(job.takes) <= known, job.name
        known |= set(job.makes)
    names = [job.name for job in jobs_of(real)]
    assert len(set(names)) == len(names)
    assert len(OF_ANALYSIS) * len(real.study.analyses) < len(known)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "less than 10 minutes"), (600, "10 to 60 minutes"), (86_400 * 20, "more than 14 days")],
)
def test_brackets(seconds: float, words: str) -> None:
    assert bracket(seconds) == words


def test_memory_is_rounded_up() -> None:
    assert gigabytes([600.0, 1025.0, math.nan]) == 2
    assert gigabytes([math.nan]) is None


def test_benchmarks_of_snakemake_are_read(tmp_path: Path) -> None:
    file = tmp_path / "growth.benchmark.tsv"
    head = "s\th:m:s\tmax_rss\tmax_vms\n"
    file.write_text(f"{head}55.56\t0:00:55\t527.82\t2375.06\n")
    assert read_benchmark(file) == Measured(55.56, 527.82)
    file.write_text(f"{head}55.56\t0:00:55\t-\t-\n")
    assert math.isnan(read_benchmark(file).megabytes)
    file.write_text(head)
    with pytest.raises(ValueError, match="holds no row"):
        read_benchmark(file)


def test_times_of_fits_are_those_of_the_last_that_was_finished(real: Contents) -> None:
    def start(number: int, analysis: str, purpose: str = "posterior") -> dict[str, object]:
        told = {"study": "couples_ecr", "analysis": analysis, "purpose": purpose}
        return {"event": "started", "number": number, "time": f"2026-03-0{number}", **told}

    def end(number: int, started: int, event: str = "finished") -> dict[str, object]:
        return {"event": event, "number": number, "time": f"2026-03-0{number}", "started": started}

    entries = [
        *(start(1, "growth"), end(2, 1), start(3, "growth"), end(4, 3)),
        *(start(5, "growth"), end(6, 5, "failed"), start(7, "growth", "other priors"), end(8, 7)),
        start(9, "panel"),
    ]
    assert times_of_fits(entries, real.study) == {"fit growth": ("2026-03-03", "2026-03-04")}


def test_jobs_are_measured_by_their_benchmarks_and_else_by_the_ledger(
    real: Contents, tmp_path: Path
) -> None:
    times = {
        "fit growth": ("2026-03-03T10:00:00Z", "2026-03-03T10:01:30Z"),
        "fit panel": ("2026-03-03T11:00:00Z", "2026-03-03T11:00:20Z"),
    }
    folder = tmp_path / "sample_posterior" / "couples_ecr"
    folder.mkdir(parents=True)
    (folder / "panel.benchmark.tsv").write_text("s\tmax_rss\n55.5\t527.8\n")
    (folder / "growth.benchmark.tsv").write_text("s\tmax_rss\n")
    found = measured_jobs(tmp_path, real.study, times)
    assert found["fit panel"] == Measured(55.5, 527.8)
    assert found["fit growth"].seconds == 90.0
    assert set(found) == set(times)


def test_who_has_the_raw_data_is_told_to_ask_for_the_exclusions(real: Contents) -> None:
    words = "Ask the depositor for the values of exclusions"
    assert real.study.exclusions
    assert words in readme(real)
    assert words not in readme(replace(real, tier="controlled"))
