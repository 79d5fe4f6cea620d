"""Planting faults: raw tables spoilt in declared places, and what the cleaning has to say."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

import securebase.simulation.faultsettings as declared
from securebase.codebook.study import Study
from securebase.faults import Fault, InputError
from securebase.simulation.rawtables import Record, Tables, row_name
from securebase.simulation.settings import Simulation


@dataclass(frozen=True)
class Planted:
    """One entry that the cleaning has to make.

    Parameters
    ----------
    wave : str
        Wave whose file holds it.
    row : str
        Name of the row in the raw table; "" where the whole column is meant.
    rule : str
        Rule of the cleaning that names it; "turned_item" is named by the audit of keys.
    column, value : str
        The cell, where one is at fault.
    reason : str
        How it came about.
    """

    wave: str
    row: str
    rule: str
    reason: str
    column: str = ""
    value: str = ""


def plant(tables: Tables, study: Study, settings: Simulation) -> tuple[Tables, list[Planted]]:
    """Spoil raw tables with every declared fault, in the declared order.

    Returns
    -------
    (Tables, list of Planted)
        New tables, and the entries the cleaning has to make.

    Raises
    ------
    InputError
        Where a fault has no row or column to be planted in.
    """
    spoilt = {
        wave: {name: record.copy() for name, record in table.items()}
        for wave, table in tables.items()
    }
    planted: list[Planted] = []
    faults: list[Fault] = []
    for number, fault in enumerate(settings.faults):
        try:
            planted += _plant(fault, _Place(spoilt, tables, study))
        except _NoPlaceError as error:
            file = f"config/simulations/{settings.study}.yaml"
            faults.append(Fault(file, error.given, error.expected, column=f"faults.{number}"))
    if faults:
        raise InputError(f"simulation {settings.study}", faults)
    return spoilt, planted


class _NoPlaceError(Exception):
    """What is not there to be spoilt, and what there is."""

    def __init__(self, given: str, expected: str) -> None:
        super().__init__(given)
        self.given, self.expected = given, expected


@dataclass(frozen=True)
class _Place:
    """Where faults are planted: the tables, and as they were before any fault."""

    tables: Tables
    clean: Tables
    study: Study

    def row(self, fault: declared.RowFault) -> str:
        """Name of the row a fault means."""
        _known(fault.wave, self.study.waves.levels, "wave")
        _known(fault.role, self.study.roles.levels, "role")
        return row_name(_nth(self.units(fault.wave, fault.role), fault.place), fault.role)

    def record(self, fault: declared.RowFault, *columns: str) -> Record:
        """Give the record a fault means, which has the columns it means."""
        record = self.tables[fault.wave][self.row(fault)]
        for column in columns:
            _known(column, record, "column")
        return record

    def units(self, wave: str, role: str) -> list[str]:
        """Units whose member of a role has a row at a wave, in the order of ids."""
        names = (name.split(" ", 1) for name in self.clean[wave])
        return sorted(unit for unit, own in names if own == role)

    def waves(self, role: str) -> int:
        """Count the waves that ask a role something."""
        return sum(bool(self.study.answer_columns(role, wave)) for wave in self.clean)


def _known(name: str, known: Iterable[str], what: str) -> None:
    known = list(known)
    if name not in known:
        raise _NoPlaceError(f"no {what} '{name}'", f"one of: {', '.join(known)}")


def _nth(names: Sequence[str], place: int) -> str:
    if place > len(names):
        raise _NoPlaceError(f"place {place}", f"a place from 1 to {len(names)}")
    return names[place - 1]


@singledispatch
def _plant(fault: object, place: _Place) -> Iterator[Planted]:
    raise TypeError(f"no way to plant {type(fault).__name__}")


@_plant.register
def _(fault: declared.WrongCell, place: _Place) -> Iterator[Planted]:
    place.record(fault, fault.column)[fault.column] = fault.value
    yield Planted(fault.wave, place.row(fault), fault.rule, fault.reason, fault.column, fault.value)


@_plant.register
def _(fault: declared.Duplicate, place: _Place) -> Iterator[Planted]:
    again = f"{place.row(fault)} twice"
    place.tables[fault.wave][again] = place.record(fault).copy()
    yield Planted(fault.wave, again, "duplicate_row", fault.reason)


@_plant.register
def _(fault: declared.Resubmission, place: _Place) -> Iterator[Planted]:
    again = f"{place.row(fault)} later"
    record = place.record(fault, *fault.answers) | fault.answers
    place.tables[fault.wave][again] = _moved(record, fault.days, place.study)
    yield Planted(fault.wave, again, "duplicate_person", fault.reason)


@_plant.register
def _(fault: declared.Blank, place: _Place) -> Iterator[Planted]:
    before = f"{place.row(fault)} blank"
    answers = set(place.study.answer_columns())
    record = {name: "" if name in answers else text for name, text in place.record(fault).items()}
    place.tables[fault.wave][before] = _moved(record, -fault.days, place.study)
    yield Planted(fault.wave, before, "empty_row", fault.reason)


@_plant.register
def _(fault: declared.LostId, place: _Place) -> Iterator[Planted]:
    place.record(fault)[place.study.raw.columns.unit] = ""
    yield Planted(fault.wave, place.row(fault), "missing_id", fault.reason)


@_plant.register
def _(fault: declared.Misspelt, place: _Place) -> Iterator[Planted]:
    person = str(place.study.raw.columns.person)
    record = place.record(fault, person)
    record[person] = record[person].lower()
    yield Planted(fault.wave, place.row(fault), "possible_typo", fault.reason, value=record[person])


@_plant.register
def _(fault: declared.Swap, place: _Place) -> Iterator[Planted]:
    person = str(place.study.raw.columns.person)
    _known(fault.wave, place.study.waves.levels, "wave")
    roles = list(place.study.roles.levels)
    asked = [(wave, role) for wave in place.clean for role in roles]
    there = [set(place.units(*one)) for one in asked if place.study.answer_columns(*one[::-1])]
    unit = _nth(sorted(set.intersection(*there)), fault.place)
    one, other = (place.tables[fault.wave][row_name(unit, role)] for role in roles)
    one[person], other[person] = other[person], one[person]
    # who is asked more often is known by the other waves; the other one only by his or her place
    most = max(place.waves(role) for role in roles)
    for role in roles:
        rule = "another_person" if place.waves(role) == most else "swapped_role"
        yield Planted(fault.wave, row_name(unit, role), rule, fault.reason)


@_plant.register
def _(fault: declared.TrialRow, place: _Place) -> Iterator[Planted]:
    _known(fault.wave, place.study.waves.levels, "wave")
    _known(fault.role, place.study.roles.levels, "role")
    columns, table = place.study.raw.columns, place.tables[fault.wave]
    like = table[row_name(place.units(fault.wave, fault.role)[0], fault.role)]
    asked = place.study.answer_columns(fault.role, fault.wave)
    record = {name: "1" if name in asked else "" for name in like}
    record |= {name: like[name] for name in (columns.role, columns.wave) if name in like}
    record |= {columns.unit: fault.unit}
    if columns.person is not None:
        record[columns.person] = fault.unit
    if columns.date is not None:
        record[columns.date] = min(one[columns.date] for one in table.values())
    table[fault.unit] = record
    yield Planted(fault.wave, fault.unit, "declared", fault.reason)


@_plant.register
def _(fault: declared.TurnedItem, place: _Place) -> Iterator[Planted]:
    _known(fault.wave, place.study.waves.levels, "wave")
    scales = {item: one for one in place.study.scales.values() for item in one.items}
    _known(fault.item, scales, "item")
    low, high = scales[fault.item].range
    step = scales[fault.item].step or 1.0
    values = np.arange(low, high + step / 2, step)
    answers = {f"{value:g}": f"{low + high - value:g}" for value in values}
    for record in place.tables[fault.wave].values():
        # what is no answer stays what it is
        record[fault.item] = answers.get(record[fault.item], record[fault.item])
    yield Planted(fault.wave, "", "turned_item", fault.reason, fault.item)


def _moved(record: Record, days: int, study: Study) -> Record:
    date = study.raw.columns.date
    if date is None:
        return record
    moved = datetime.date.fromisoformat(record[date]) + datetime.timedelta(days=days)
    return record | {date: moved.isoformat()}
