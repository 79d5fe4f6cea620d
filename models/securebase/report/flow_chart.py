"""Who took part: from enrolment to each wave and each analysis, as a flow chart (CONSORT, JARS)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from securebase.codebook.loading import Study
from securebase.report.counting import lines_of, summed
from securebase.report.inputs import AnalysisResults, StudyResults
from securebase.report.tables import labels_of, took_part, wave_labels
from securebase.report.wording import Number, Sentence, counted, listed, plain

FILE: Final = "flow.csv"
DECLARED: Final = "declared"
# more waves are told together, as in a diary
MOST_WAVES: Final = 12


@dataclass(frozen=True)
class Turnout:
    """Those of one role who answered, of those who were due.

    Parameters
    ----------
    role : str
        Its label.
    answered, due : Number
        Persons; answers, where many waves are told together.
    span : Sentence
        Fewest and most at one of many waves; empty at a single one.
    shares : tuple of float
        Share of those due who answered, wave by wave; NaN where it is not told.
    """

    role: str
    answered: Number
    due: Number
    span: Sentence
    shares: tuple[float, ...]

    @property
    def share(self) -> float:
        """Share who answered, all waves taken together."""
        return self.answered.value / self.due.value

    @property
    def words(self) -> Sentence:
        """How many answered, of how many."""
        if not self.answered.available:
            return (self.answered, " how many answered")
        return (self.answered.stressed(), " of ", self.due, " answered")


@dataclass(frozen=True)
class Step:
    """A wave, or all of many: who answered, role by role (None: not asked), and who did not."""

    title: str
    turnouts: tuple[Turnout | None, ...]
    losses: tuple[Sentence, ...]


@dataclass(frozen=True)
class End:
    """An analysis: whom it uses, and whom it leaves out, by reason."""

    name: str
    analysed: Sentence
    left_out: tuple[Sentence, ...]


@dataclass(frozen=True)
class FlowChart:
    """A flow chart of participants.

    Parameters
    ----------
    start : Sentence
        Who took part at all.
    aside : tuple of Sentence
        What was set aside before anyone was counted.
    steps : tuple of Step
        Wave after wave.
    ends : tuple of End
        The analyses.
    """

    start: Sentence
    aside: tuple[Sentence, ...]
    steps: tuple[Step, ...]
    ends: tuple[End, ...]

    @property
    def roles(self) -> int:
        """How many roles stand side by side."""
        return max((len(step.turnouts) for step in self.steps), default=1)

    @property
    def sentence(self) -> str:
        """All that the chart shows, for those who cannot see it."""
        return " ".join(f"{part}." for part in map(plain, self._told()))

    def _told(self) -> Iterator[Sentence]:
        yield ("Took part: ", *self.start)
        yield from self.aside
        for step in self.steps:
            yield (f"{step.title}: ", *_joined([*_turnouts_told(step), *step.losses]))
        for end in self.ends:
            yield (f"Analysed in {end.name}: ", *_joined([end.analysed, *end.left_out]))


def _turnouts_told(step: Step) -> Iterator[Sentence]:
    for one in step.turnouts:
        if one:
            span = (" (", *one.span, ")") if one.span else ()
            yield (f"{one.role} ", *one.words, *span)


def _joined(sentences: Sequence[Sentence], between: str = "; ") -> Sentence:
    pieces: list[str | Number] = []
    for one in sentences:
        pieces += [*((between,) if pieces else ()), *one]
    return tuple(pieces)


def flow_chart(study: Study, results: StudyResults) -> FlowChart | None:
    """Draw up the flow chart of a study; None where nobody answered.

    Parameters
    ----------
    study : Study
        The codebook.
    results : StudyResults
        Whose flow has no fault, see `flow_faults`.
    """
    flow = results.flow
    came = flow[flow["stage"].isin(["answered", "lost"])]
    waves = [wave for wave in study.waves.levels if wave in set(came["wave"])]
    roles = [role for role in study.roles.levels if role in set(came["role"])]
    if not waves:
        return None
    together = [waves] if len(waves) > MOST_WAVES else [[wave] for wave in waves]
    return FlowChart(
        start=took_part(results, study),
        aside=tuple(_set_aside_before(study, flow)),
        steps=tuple(_step(study, flow, some, roles) for some in together),
        ends=tuple(_end(study, one, results) for one in results.analyses.values()),
    )


def _set_aside_before(study: Study, flow: pd.DataFrame) -> Iterator[Sentence]:
    """Tell rows that are no part of a wave: declared ones, and those of an unknown wave or role."""
    early = flow[(flow["stage"] == "quarantined") & _early(flow)]
    for rule, rows in early.groupby("reason", sort=False):
        number = summed(flow, FILE, rows.index, "persons", "record")
        words = _rule_words(str(rule))
        if rule == DECLARED:
            reasons = listed(one.reason.rstrip(".") for one in study.exclusions)
            words = f"left out as declared beforehand ({reasons})"
        yield (number, f" {words}" if rule == DECLARED else f" set aside: {words}")


def _early(flow: pd.DataFrame) -> pd.Series:
    return (flow["reason"] == DECLARED) | (flow["wave"] == "") | (flow["role"] == "")


def _rule_words(rule: str) -> str:
    return rule.replace("_", " ")


def _step(study: Study, flow: pd.DataFrame, waves: Sequence[str], roles: Sequence[str]) -> Step:
    labels = wave_labels(study)
    title = labels[waves[0]]
    if len(waves) > 1:
        title = f"{counted(len(waves), 'wave')}, {labels[waves[0]]} to {labels[waves[-1]]}"
    here = flow[flow["wave"].isin(waves)]
    return Step(
        title=title,
        turnouts=tuple(_turnout(study, here, role) for role in roles),
        losses=tuple(_losses(study, here, roles)),
    )


def _turnout(study: Study, here: pd.DataFrame, role: str) -> Turnout | None:
    own = here[here["role"] == role]
    answered, lost = (own[own["stage"] == stage] for stage in ("answered", "lost"))
    due = own[own["stage"].isin(["answered", "lost"])]
    if due.empty:
        return None
    by_wave = due.groupby("wave", sort=False)["persons"].agg(_sum)
    came = answered.groupby("wave")["persons"].agg(_sum).reindex(by_wave.index, fill_value=0)
    number = summed(here, FILE, answered.index, "persons")
    if answered.empty:
        # nobody came: the lines of those who were lost say so
        number = Number(0, "0", summed(here, FILE, lost.index, "persons").source)
    return Turnout(
        role=labels_of(study)[role],
        answered=number,
        due=summed(here, FILE, due.index, "persons"),
        span=_span(study, answered) if len(by_wave) > 1 else (),
        shares=tuple(float(share) for share in came / by_wave),
    )


def _sum(counts: pd.Series) -> float:
    return float(counts.sum(skipna=False))


def _span(study: Study, answered: pd.DataFrame) -> Sentence:
    """Say the fewest and the most who answered at one of many waves."""
    if answered["persons"].isna().any() or answered.empty:
        return ()
    labels = wave_labels(study)
    ends = [int(str(answered["persons"].idxmin())), int(str(answered["persons"].idxmax()))]
    fewest, most = (summed(answered, FILE, [line], "persons") for line in ends)
    when = [labels[str(answered.at[line, "wave"])] for line in ends]
    return (fewest, f" at {when[0]} to ", most, f" at {when[1]}")


def _losses(study: Study, here: pd.DataFrame, roles: Sequence[str]) -> Iterator[Sentence]:
    """Say role by role who was lost and why, what was set aside, and what could not be scored."""
    for role in roles:
        own = here[here["role"] == role]
        parts = [*_lost(own), *_set_aside(own), *_unscored(study, own)]
        if parts:
            whose = f"{labels_of(study)[role]}: " if len(roles) > 1 else ""
            yield (whose, *_joined(parts, ", "))


def _lost(own: pd.DataFrame) -> Iterator[Sentence]:
    for reason, rows in own[own["stage"] == "lost"].groupby("reason", sort=False):
        yield (summed(own, FILE, rows.index, "persons"), f" {reason}")


def _set_aside(own: pd.DataFrame) -> Iterator[Sentence]:
    aside = own[(own["stage"] == "quarantined") & ~_early(own)]
    for rule, rows in aside.groupby("reason", sort=False):
        number = summed(own, FILE, rows.index, "persons", "record")
        yield (number, f" set aside ({_rule_words(str(rule))})")


def _unscored(study: Study, own: pd.DataFrame) -> Iterator[Sentence]:
    """Tell scales that not everybody who answered has a score of."""
    came = own[own["stage"] == "answered"].set_index("wave")["persons"]
    for scale, rows in own[own["stage"] == "scored"].groupby("reason", sort=False):
        if _sum(rows["persons"]) < _sum(came.reindex(rows["wave"])):
            number = summed(own, FILE, rows.index, "persons")
            yield (f"{labels_of(study)[str(scale)]} scored for ", number)


def _end(study: Study, one: AnalysisResults, results: StudyResults) -> End:
    left_out: list[Sentence] = []
    if one.left_out is None and results.counted is not None:
        left_out.append(("whether any are left out is not told",))
    if one.left_out is not None:
        for reason, rows in one.left_out.groupby("reason", sort=False):
            number = lines_of(f"{one.name}/left_out.csv", rows.index, study.unit)
            left_out.append((number, f" left out: {reason}"))
    return End(one.name, _analysed(study, one), tuple(left_out))


def _analysed(study: Study, one: AnalysisResults) -> Sentence:
    """Say how many units and persons an analysis uses, in how many clusters."""
    levels, file, labels = one.levels, f"{one.name}/levels.csv", labels_of(study)
    of_level = dict(iter(levels.groupby("level", sort=False)))
    units = summed(levels, file, of_level["unit"].index, "number", study.unit)
    # where a unit is one person, that person's role says nothing more; nor does what is not told
    told = [
        (f"{labels[str(levels.at[line, 'role'])]} ", summed(levels, file, [line], "number"))
        for line in of_level["person"]["number"].dropna().index
        if study.roles.members != (levels.at[line, "role"],)
    ]
    whom = (" (", *_joined(told, ", "), ")") if told else ()
    clusters: Sentence = ()
    if "cluster" in of_level:
        clusters = (" in ", summed(levels, file, of_level["cluster"].index, "number", "cluster"))
    return (units, *clusters, *whom)
