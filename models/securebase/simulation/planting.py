"""Planting faults: raw tables spoilt in declared places, and what the cleaning has to say."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

import securebase.simulation.faultsettings as declared
from securebase.codebook.study import Study
from securebase.faults import Fault, InputError
from securebase.simulation.rawtables import Record, RowKey, Table, Tables, files_of
from securebase.simulation.settings import Simulation


@dataclass(frozen=True)
class Planted:
    """One entry that the cleaning has to make.

    Parameters
    ----------
    file : str
        Path of the file that holds it.
    row : RowKey or None
        The row in its table; None where the whole column is meant.
    rule : str
        Rule of the cleaning that names it; "turned_item" is named by the audit of keys.
    column, value : str
        The cell, where one is at fault.
    reason : str
        How it came about.
    """

    file: str
    row: RowKey | None
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
    spoilt = {path: table.copied() for path, table in tables.items()}
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

    def row(self, fault: declared.RowFault) -> RowKey:
        """Key of the row a fault means."""
        _known(fault.wave, self.study.waves.levels, "wave")
        _known(fault.role, self.study.roles.levels, "role")
        unit = _nth(self.units(fault.wave, fault.role), fault.place)
        return RowKey(unit, fault.role, fault.wave)

    def file(self, role: str, wave: str) -> str:
        """Path of the file that a role's answers of a wave are in."""
        files = files_of(self.study, role, wave)
        if not files:
            raise _NoPlaceError(f"no file for {role} at {wave}", "a role that is asked something")
        return files[0].path

    def table(self, role: str, wave: str) -> Table:
        """Give the table that a role's answers of a wave are in."""
        return self.tables[self.file(role, wave)]

    def record(self, fault: declared.RowFault, *columns: str) -> Record:
        """Give the record a fault means, which has the columns it means."""
        key = self.row(fault)
        record = self.table(fault.role, fault.wave).rows[key]
        for column in columns:
            _known(column, record, "column")
        return record

    def add(self, key: RowKey, record: Record) -> None:
        """Put a further record at the end of the table of its role and wave."""
        self.table(key.role, key.wave).rows[key] = record

    def planted(
        self, key: RowKey, rule: str, fault: declared.Reasoned, column: str = "", value: str = ""
    ) -> Planted:
        """Say what the cleaning has to make of a row."""
        return Planted(self.file(key.role, key.wave), key, rule, fault.reason, column, value)

    def units(self, wave: str, role: str) -> list[str]:
        """Units whose member of a role has a row at a wave, in the order of ids."""
        keys = (key for table in self.clean.values() for key in table.rows)
        return sorted(key.unit for key in keys if (key.wave, key.role) == (wave, role))

    def waves(self, role: str) -> int:
        """Count the waves that ask a role something."""
        return sum(bool(self.study.answer_columns(role, wave)) for wave in self.study.waves.levels)


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
    yield place.planted(place.row(fault), fault.rule, fault, fault.column, fault.value)


@_plant.register
def _(fault: declared.Duplicate, place: _Place) -> Iterator[Planted]:
    again = place.row(fault)._replace(copy="twice")
    place.add(again, place.record(fault).copy())
    yield place.planted(again, "duplicate_row", fault)


@_plant.register
def _(fault: declared.Resubmission, place: _Place) -> Iterator[Planted]:
    again = place.row(fault)._replace(copy="later")
    record = place.record(fault, *fault.answers) | fault.answers
    place.add(again, _moved(record, fault.days, place.study))
    yield place.planted(again, "duplicate_person", fault)


@_plant.register
def _(fault: declared.Blank, place: _Place) -> Iterator[Planted]:
    before = place.row(fault)._replace(copy="blank")
    answers = set(place.study.answer_columns())
    record = {name: "" if name in answers else text for name, text in place.record(fault).items()}
    place.add(before, _moved(record, -fault.days, place.study))
    yield place.planted(before, "empty_row", fault)


@_plant.register
def _(fault: declared.LostId, place: _Place) -> Iterator[Planted]:
    place.record(fault)[place.study.raw.columns.unit] = ""
    yield place.planted(place.row(fault), "missing_id", fault)


@_plant.register
def _(fault: declared.Misspelt, place: _Place) -> Iterator[Planted]:
    person = str(place.study.raw.columns.person)
    record = place.record(fault, person)
    record[person] = record[person].lower()
    yield place.planted(place.row(fault), "possible_typo", fault, value=record[person])


@_plant.register
def _(fault: declared.Swap, place: _Place) -> Iterator[Planted]:
    person = str(place.study.raw.columns.person)
    _known(fault.wave, place.study.waves.levels, "wave")
    roles = place.study.roles.members
    if len(roles) != 2:
        raise _NoPlaceError("a swap", "units of two members")
    pairs = [(wave, role) for wave in place.study.waves.levels for role in roles]
    there = [set(place.units(*one)) for one in pairs if place.study.answer_columns(*one[::-1])]
    unit = _nth(sorted(set.intersection(*there)), fault.place)
    keys = [RowKey(unit, role, fault.wave) for role in roles]
    one, other = (place.table(key.role, key.wave).rows[key] for key in keys)
    one[person], other[person] = other[person], one[person]
    # whose id a row has now is known by two or more other waves, or else only by his or her place
    for key, owner in zip(keys, reversed(roles), strict=True):
        rule = "swapped_role" if place.waves(owner) > 2 else "another_person"
        yield place.planted(key, rule, fault)


@_plant.register
def _(fault: declared.TrialRow, place: _Place) -> Iterator[Planted]:
    _known(fault.wave, place.study.waves.levels, "wave")
    _known(fault.role, place.study.roles.levels, "role")
    columns, rows = place.study.raw.columns, place.table(fault.role, fault.wave).rows
    first = _nth(place.units(fault.wave, fault.role), 1)
    like = rows[RowKey(first, fault.role, fault.wave)]
    asked = place.study.answer_columns(fault.role, fault.wave)
    record = {name: "1" if name in asked else "" for name in like}
    record |= {name: like[name] for name in (columns.role, columns.wave) if name in like}
    record |= {columns.unit: fault.unit}
    if columns.person is not None:
        record[columns.person] = fault.unit
    if columns.date is not None:
        record[columns.date] = min(one[columns.date] for one in rows.values())
    key = RowKey(fault.unit, fault.role, fault.wave, "trial")
    place.add(key, record)
    yield place.planted(key, "declared", fault)


@_plant.register
def _(fault: declared.TurnedItem, place: _Place) -> Iterator[Planted]:
    _known(fault.wave, place.study.waves.levels, "wave")
    scales = {item: one for one in place.study.scales.values() for item in one.items}
    _known(fault.item, scales, "item")
    low, high = scales[fault.item].range
    step = scales[fault.item].step or 1.0
    values = np.arange(low, high + step / 2, step)
    answers = {f"{value:g}": f"{low + high - value:g}" for value in values}
    for path, table in place.tables.items():
        records = [record for key, record in table.rows.items() if key.wave == fault.wave]
        if fault.item not in table.columns or not records:
            continue
        for record in records:
            # what is no answer stays what it is
            record[fault.item] = answers.get(record[fault.item], record[fault.item])
        yield Planted(path, None, "turned_item", fault.reason, fault.item)


def _moved(record: Record, days: int, study: Study) -> Record:
    date = study.raw.columns.date
    if date is None:
        return record
    moved = datetime.date.fromisoformat(record[date]) + datetime.timedelta(days=days)
    return record | {date: moved.isoformat()}
