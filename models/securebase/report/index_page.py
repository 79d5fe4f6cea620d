"""The first page of a run: its studies, their verdicts, and anxiety against avoidance over all."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from securebase.codebook.loading import Study
from securebase.config import Decision
from securebase.report.claim_counts import claims_counted
from securebase.report.claims import ClaimResult, claim_results, sides
from securebase.report.headline import verdict_sentence
from securebase.report.headline_pictures import headline_pictures
from securebase.report.inputs import read_people
from securebase.report.rendering import rendered, write_page
from securebase.report.result_tables import FAIL, read_table
from securebase.report.svg import Picture
from securebase.report.tables import people
from securebase.report.wording import VERDICTS, Number, Sentence, estimand_words, told_below
from securebase.synthesis.headline import Headline
from securebase.synthesis.settings import Synthesis


@dataclass(frozen=True)
class Entry:
    """A study of a run.

    Parameters
    ----------
    study : Study
        The codebook.
    people : tuple of str and Number
        Who took part.
    claims : list of ClaimResult
        In declared order.
    failed : list of str
        Analyses of which a check failed.
    """

    study: Study
    people: tuple[str | Number, ...]
    claims: list[ClaimResult]
    failed: list[str]

    @property
    def counts(self) -> dict[str, Number | str]:
        """How many claims got each verdict; verdicts that none got are left out."""
        groups = {word: [one for one in self.claims if one.verdict == word] for word in VERDICTS}
        return {word: claims_counted(alike) for word, alike in groups.items() if alike}


@dataclass(frozen=True)
class Answer:
    """The headline as the first page shows it."""

    synthesis: Synthesis
    verdict: str
    sentence: Sentence
    forest: Picture | None

    @property
    def sign(self) -> str:
        """The verdict as a sign."""
        return VERDICTS[self.verdict]


def read_entry(study: Study, folder: Path) -> Entry:
    """Read what became of the claims of a study.

    Parameters
    ----------
    study : Study
        The codebook.
    folder : pathlib.Path
        ``results/<study>``.
    """
    checks = {name: read_table(folder / name / "checks.tsv") for name in study.analyses}
    failures = {name: table[table["passed"] == FAIL] for name, table in checks.items()}
    file = f"{study.study}/claims.csv"
    claims = claim_results(study, read_table(folder / "claims.csv"), failures, file)
    failed = [name for name, table in failures.items() if not table.empty]
    return Entry(study, told_below(people(read_people(folder), study), study.study), claims, failed)


def read_answer(synthesis: Synthesis, folder: Path, decision: Decision) -> Answer:
    """Read the headline.

    Parameters
    ----------
    synthesis : Synthesis
        As declared.
    folder : pathlib.Path
        ``results/headline``.
    decision : Decision
        The rule of verdicts.
    """
    found = Headline.read(folder)
    row = found.summary.iloc[0].to_dict()
    sentence = verdict_sentence(row, synthesis.as_claim(), decision)
    forest = headline_pictures(synthesis, found).get("forest")
    return Answer(synthesis, str(row["verdict"]), sentence, forest)


def write_index(
    studies: Sequence[Study],
    results: Path,
    destination: Path,
    decision: Decision,
    synthesis: Synthesis | None = None,
) -> None:
    """Write the first page of a run: one HTML file that loads nothing.

    Parameters
    ----------
    studies : sequence of Study
        The codebooks, in the order of the run.
    results : pathlib.Path
        Folder of the results of all studies.
    destination : pathlib.Path
        The file to write. It appears whole or not at all.
    decision : Decision
        The rule of verdicts.
    synthesis : Synthesis, optional
        What is pooled over studies, where anything is.
    """
    entries = [read_entry(study, results / study.study) for study in studies]
    text = rendered(
        "index.html.j2",
        entries=entries,
        simulated=[one for one in entries if one.study.simulated],
        answer=synthesis and read_answer(synthesis, results / "headline", decision),
        signs=VERDICTS,
        estimand_words=estimand_words,
        sides=sides,
    )
    write_page(text, destination)
