"""Answers as the page of an audit shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from securebase.audit.questions.answers import Answer, Judged, Line
from securebase.audit.questions.telling import chance_text, estimate_text, title
from securebase.report.wording import VERDICTS


@dataclass(frozen=True)
class Side:
    """A claim before or after: texts to print."""

    verdict: str
    sign: str
    estimate: str
    chance: str

    @property
    def style(self) -> str:
        """Class of its chip."""
        return self.verdict.replace(" ", "-")


@dataclass(frozen=True)
class Row:
    """A claim."""

    line: Line
    before: Side
    after: Side


@dataclass(frozen=True)
class AnswerShown:
    """An answer.

    Parameters
    ----------
    title : str
    answer : Answer
    rows : sequence of Row
    """

    title: str
    answer: Answer
    rows: Sequence[Row]

    @property
    def changed(self) -> str:
        """Say how many verdicts are others."""
        count = sum(one.line.changed for one in self.rows)
        return f"{count} of {len(self.rows)} verdicts change." if count else "No verdict changes."


def answer_shown(answer: Answer) -> AnswerShown:
    """Arrange an answer for the page."""
    rows = [Row(one, _side(one.before), _side(one.after)) for one in answer.lines]
    return AnswerShown(title(answer), answer, rows)


def _side(judged: Judged) -> Side:
    sign = VERDICTS.get(judged.verdict, "")
    return Side(judged.verdict, sign, estimate_text(judged), chance_text(judged))
