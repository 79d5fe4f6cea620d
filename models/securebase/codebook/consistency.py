"""What a codebook says twice must agree: every name it uses is one it declares."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from securebase.codebook.document import KeyPath
from securebase.codebook.questions import Problem, question_problems, unknown
from securebase.codebook.rivals import rival_problems
from securebase.codebook.scale import Covariate, Scale
from securebase.codebook.study import Level, Study, code_texts
from securebase.names import WAVE_KEYS

# columns that a record of raw answers has beside its answers
RECORD_KEYS = (*WAVE_KEYS, "file", "row", "declared")

# pages of a study that are not of an analysis
PAGES = frozenset({"claims", "paper"})


def inconsistencies(study: Study, stem: str) -> Iterator[Problem]:
    """Find what in a codebook does not fit together.

    Parameters
    ----------
    study : Study
        The codebook.
    stem : str
        Its file name without ".yaml".

    Yields
    ------
    tuple of (key path, given, expected, remedy)
    """
    if study.study != stem:
        yield ("study",), f"study '{study.study}'", f"'{stem}', the name of the file", ""
    yield from _sources_of_wave_and_role(study)
    yield from _files(study)
    yield from _levels(study)
    for name, scale in study.scales.items():
        yield from _scale(name, scale, study)
    for name, covariate in study.covariates.items():
        yield from _covariate(name, covariate, study)
    yield from _names(study)
    yield from question_problems(study)
    yield from rival_problems(study)


def _sources_of_wave_and_role(study: Study) -> Iterator[Problem]:
    raw = study.raw
    for position, file in enumerate(raw.files):
        if file.wave is None and not (
            raw.columns.wave or raw.has_place("wave") or len(study.waves.levels) == 1
        ):
            expected = "`wave` of the file, `raw.columns.wave` or {wave} in `raw.pattern`"
            yield ("raw", "files", position), "nothing says the wave of its rows", expected, ""
        if file.role is None and not (
            raw.columns.role
            or raw.has_place("role")
            or len(study.roles.levels) == 1
            or (study.roles.exchangeable and raw.columns.person)
        ):
            expected = "`role` of the file, `raw.columns.role` or {role} in `raw.pattern`"
            yield ("raw", "files", position), "nothing says the role of its rows", expected, ""


def _files(study: Study) -> Iterator[Problem]:
    seen: set[str] = set()
    for position, file in enumerate(study.raw.files):
        place: KeyPath = ("raw", "files", position)
        if file.name in seen:
            yield (*place, "path"), f"'{file.name}' again", "each file (and sheet) once", ""
        seen.add(file.name)
        if file.wave is not None:
            yield from unknown((*place, "wave"), [file.wave], study.waves.levels, "wave")
        if file.role is not None:
            yield from unknown((*place, "role"), [file.role], study.roles.levels, "role")


def _levels(study: Study) -> Iterator[Problem]:
    roles, waves = study.roles, study.waves
    yield from _codes(("roles", "levels"), roles.levels.items())
    yield from _codes(("waves", "levels"), waves.levels.items())
    for (before, first), (name, second) in pairwise(waves.levels.items()):
        if second.time <= first.time:
            given = f"time {second.time:g} after {first.time:g} of {before}"
            yield ("waves", "levels", name, "time"), given, "increasing times", "reorder the waves"
    if roles.leader is not None:
        yield from unknown(("roles", "leader"), [roles.leader], roles.levels, "role")
        if study.raw.columns.cluster is None:
            given = "leaders without clusters"
            yield ("roles", "leader"), given, "`raw.columns.cluster`: who leads whom", ""
    if not 1 <= len(roles.members) <= 2:
        given = f"{len(roles.members)} roles of members"
        yield ("roles", "levels"), given, "one or two, and at most one `leader` beside them", ""
    if roles.exchangeable and len(roles.members) != 2:
        given = f"exchangeable with {len(roles.members)} role"
        yield ("roles", "exchangeable"), given, "two roles, such as a and b", ""
    yield from _codes(("roles", "compositions"), (roles.compositions or {}).items())
    column = study.raw.columns.composition
    if (column is None) != (roles.compositions is None):
        given = "one of `roles.compositions` and `raw.columns.composition` is missing"
        yield ("roles", "compositions"), given, "both or neither", ""
    if roles.exchangeable and roles.compositions is not None:
        given = "exchangeable: true beside compositions"
        yield ("roles", "exchangeable"), given, "`exchangeable` in each composition", ""


def _codes(path: KeyPath, levels: Iterable[tuple[str, Level]]) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for name, level in levels:
        for code in code_texts(level.code, name):
            if code in owners:
                given = f"code {code} again, also of {owners[code]}"
                yield (*path, name, "code"), given, "each code once", ""
            owners[code] = name


def _scale(name: str, scale: Scale, study: Study) -> Iterator[Problem]:
    place: KeyPath = ("scales", name)
    items = scale.items
    for item in sorted(item for item, count in Counter(items).items() if count > 1):
        yield (*place, "items"), f"item '{item}' twice", "each item once", ""
    yield from unknown((*place, "reverse"), scale.reverse, items, "item")
    yield from unknown((*place, "accepted_items"), scale.accepted_items, items, "item")
    yield from _coverage(place, scale, study)
    for position, change in enumerate(scale.rekeyed):
        where = (*place, "rekeyed", position)
        yield from unknown((*where, "item"), [change.item], items, "item")
        asked = scale.waves or tuple(study.waves.levels)
        yield from unknown((*where, "waves"), change.waves, asked, "wave")
    if scale.needed_items > len(items):
        given = f"minimum_items {scale.needed_items} of {len(items)} items"
        yield (*place, "minimum_items"), given, f"at most {len(items)}", ""
    yield from _range((*place, "range"), scale.range)
    for code in scale.missing_codes:
        if scale.range[0] <= code <= scale.range[1]:
            given = f"missing code {code:g} lies in the range {scale.range[0]:g} to "
            given += f"{scale.range[1]:g}, where it would delete true answers"
            yield (*place, "missing_codes"), given, "a code outside the range", ""


def _covariate(name: str, covariate: Covariate, study: Study) -> Iterator[Problem]:
    place: KeyPath = ("covariates", name)
    yield from _coverage(place, covariate, study)
    if (covariate.type == "categorical") != bool(covariate.levels):
        given = f"type {covariate.type} with{'' if covariate.levels else 'out'} levels"
        yield (*place, "levels"), given, "levels with type categorical, and only with it", ""
    if covariate.range is not None:
        yield from _range((*place, "range"), covariate.range)
        if covariate.type == "categorical":
            given = "a range with type categorical"
            yield (*place, "range"), given, "levels, or type continuous", ""


def _coverage(place: KeyPath, measure: Scale | Covariate, study: Study) -> Iterator[Problem]:
    yield from unknown((*place, "roles"), measure.roles, study.roles.levels, "role")
    yield from unknown((*place, "waves"), measure.waves, study.waves.levels, "wave")


def _range(place: KeyPath, limits: tuple[float, float]) -> Iterator[Problem]:
    if limits[0] >= limits[1]:
        yield place, f"range {limits[0]:g} to {limits[1]:g}", "lowest before highest", ""


def _names(study: Study) -> Iterator[Problem]:
    for name in study.covariates:
        if name in study.scales:
            yield ("covariates", name), f"'{name}' is also a scale", "another name", ""
    for part, names in (("scales", study.scales), ("covariates", study.covariates)):
        for name in names:
            if name in WAVE_KEYS:
                yield (part, name), f"'{name}' is a column of every wave table", "another name", ""
    for column in study.answer_columns():
        if column in RECORD_KEYS:
            remedy = f"give it another name: raw.files: rename: {{{column}: {column}_answer}}"
            yield ("raw", "columns"), f"an answer column called '{column}'", "another name", remedy
    for name in PAGES.intersection(study.analyses):
        yield ("analyses", name), f"an analysis called '{name}'", "another name: it is a page's", ""
    owners: dict[str, str] = {}
    for name, scale in study.scales.items():
        for item in dict.fromkeys(scale.items):
            if item in owners:
                given = f"item '{item}' is also in scale {owners[item]}"
                yield ("scales", name, "items"), given, "each item in one scale", ""
            owners[item] = name
