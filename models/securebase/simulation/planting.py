"""Planting faults: raw tables spoilt in declared places, and what the cleaning has to say."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch

import pandas as pd

from securebase.codebook import Study
from securebase.faults import Fault, InputError
from securebase.simulation import faultsettings as declared
from securebase.simulation.rawtables import Tables, row_name
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
    (dict, list of Planted)
        New tables, and the entries the cleaning has to make.

    Raises
    ------
    InputError
        Where a fault has no row or column to be planted in.
    """
    spoilt = {wave: table.copy() for wave, table in tables.items()}
    planted: list[Planted] = []
    faults: list[Fault] = []
    for number, fault in enumerate(settings.faults):
        try:
            planted += _plant(fault, _Place(spoilt, tables, study))
        except LookupError as error:
            file = f"config/simulations/{settings.study}.yaml"
            expected = "a row and a column that are there"
            faults.append(Fault(file, str(error.args[0]), expected, column=f"faults.{number}"))
    if faults:
        raise InputError(f"simulation {settings.study}", faults)
    return spoilt, planted


@dataclass(frozen=True)
class _Place:
    """Where faults are planted: the tables, and as they were before any fault."""

    tables: Tables
    clean: Tables
    study: Study

    def row(self, fault: declared.RowFault) -> str:
        """Name of the row a fault means."""
        return self._nth(self._rows(fault.wave, fault.role), fault.place)

    def unit(self, fault: declared.Swap) -> str:
        """Unit a swap means: one in which everybody answered whenever asked."""
        roles, waves = self.study.roles.levels, self.study.waves.levels
        asked = [(w, r) for w in waves for r in roles if self.study.answer_columns(r, w)]
        units = [set(self._units(wave, role)) for wave, role in asked]
        return self._nth(sorted(set.intersection(*units)), fault.place)

    def add(self, wave: str, name: str, row: pd.Series) -> str:
        """Add a row and return its name."""
        table = self.tables[wave]
        self.tables[wave] = pd.concat([table, row.to_frame(name).T])
        return name

    def known(self, wave: str, column: str) -> str:
        """Give a column that the wave's table has."""
        if column not in self.tables[wave].columns:
            raise LookupError(f"no column '{column}' at wave {wave}")
        return column

    def _rows(self, wave: str, role: str) -> list[str]:
        return [row_name(unit, role) for unit in sorted(self._units(wave, role))]

    def _units(self, wave: str, role: str) -> list[str]:
        if wave not in self.clean:
            raise LookupError(f"no wave '{wave}'")
        names = [str(name).split(" ", 1) for name in self.clean[wave].index]
        return [unit for unit, own in names if own == role]

    def _nth(self, names: list[str], place: int) -> str:
        if place > len(names):
            raise LookupError(f"place {place} of {len(names)}")
        return names[place - 1]


@singledispatch
def _plant(fault: object, place: _Place) -> Iterator[Planted]:
    raise TypeError(f"no way to plant {type(fault).__name__}")


@_plant.register
def _(fault: declared.WrongCell, place: _Place) -> Iterator[Planted]:
    row, column = place.row(fault), place.known(fault.wave, fault.column)
    place.tables[fault.wave].loc[row, column] = fault.value
    yield Planted(fault.wave, row, fault.rule, fault.reason, column, fault.value)


@_plant.register
def _(fault: declared.Duplicate, place: _Place) -> Iterator[Planted]:
    row = place.row(fault)
    again = place.add(fault.wave, f"{row} twice", place.tables[fault.wave].loc[row])
    yield Planted(fault.wave, again, "duplicate_row", fault.reason)


@_plant.register
def _(fault: declared.Resubmission, place: _Place) -> Iterator[Planted]:
    row = place.row(fault)
    other = {place.known(fault.wave, column): value for column, value in fault.answers.items()}
    copy = place.tables[fault.wave].loc[row].copy()
    copy[list(other)] = list(other.values())
    again = place.add(fault.wave, f"{row} later", _moved(copy, fault.days, place.study))
    yield Planted(fault.wave, again, "duplicate_person", fault.reason)


@_plant.register
def _(fault: declared.Blank, place: _Place) -> Iterator[Planted]:
    row = place.row(fault)
    copy = place.tables[fault.wave].loc[row].copy()
    copy[[name for name in copy.index if name in place.study.answer_columns()]] = ""
    again = place.add(fault.wave, f"{row} blank", _moved(copy, -fault.days, place.study))
    yield Planted(fault.wave, again, "empty_row", fault.reason)


@_plant.register
def _(fault: declared.LostId, place: _Place) -> Iterator[Planted]:
    row = place.row(fault)
    place.tables[fault.wave].loc[row, place.study.raw.columns.unit] = ""
    yield Planted(fault.wave, row, "missing_id", fault.reason)


@_plant.register
def _(fault: declared.Misspelt, place: _Place) -> Iterator[Planted]:
    row, column = place.row(fault), place.known(fault.wave, str(place.study.raw.columns.person))
    spelt = place.tables[fault.wave].loc[row, column].lower()
    place.tables[fault.wave].loc[row, column] = spelt
    yield Planted(fault.wave, row, "possible_typo", fault.reason, value=spelt)


@_plant.register
def _(fault: declared.Swap, place: _Place) -> Iterator[Planted]:
    unit, column = place.unit(fault), place.known(fault.wave, str(place.study.raw.columns.person))
    rows = [row_name(unit, role) for role in place.study.roles.levels]
    table = place.tables[fault.wave]
    table.loc[rows, column] = table.loc[rows[::-1], column].to_numpy()
    # who is asked more often is known by the other waves; the other one only by his or her place
    asked = [len(place.study.waves.levels) - _waves_without(role, place) for role in _roles(place)]
    for row, count in zip(rows, asked, strict=True):
        rule = "another_person" if count == max(asked) else "swapped_role"
        yield Planted(fault.wave, row, rule, fault.reason)


@_plant.register
def _(fault: declared.TrialRow, place: _Place) -> Iterator[Planted]:
    wave, columns = fault.wave, place.study.raw.columns
    if fault.role not in place.study.roles.levels:
        raise LookupError(f"no role '{fault.role}'")
    row = pd.Series("", index=place.tables[wave].columns, dtype=object)
    like = place.clean[wave].loc[place._rows(wave, fault.role)[0]]
    filled = [name for name in place.study.answer_columns(fault.role, wave) if like[name] != ""]
    row[filled] = "1"
    for name in (columns.role, columns.wave, columns.date):
        if name in row.index:
            row[name] = like[name]
    row[columns.unit] = row[columns.person] = fault.unit
    yield Planted(wave, place.add(wave, fault.unit, row), "declared", fault.reason)


@_plant.register
def _(fault: declared.TurnedItem, place: _Place) -> Iterator[Planted]:
    column = place.known(fault.wave, fault.item)
    scale = next(one for one in place.study.scales.values() if fault.item in one.items)
    cells = place.tables[fault.wave][column]
    numbers = pd.to_numeric(cells, errors="coerce")
    turned = (sum(scale.range) - numbers).map("{:g}".format)
    place.tables[fault.wave][column] = cells.where(numbers.isna(), turned)
    yield Planted(fault.wave, "", "turned_item", fault.reason, column)


def _roles(place: _Place) -> list[str]:
    return list(place.study.roles.levels)


def _waves_without(role: str, place: _Place) -> int:
    return sum(not place.study.answer_columns(role, wave) for wave in place.study.waves.levels)


def _moved(row: pd.Series, days: int, study: Study) -> pd.Series:
    date = study.raw.columns.date
    if date is None:
        return row
    moved = datetime.date.fromisoformat(row[date]) + datetime.timedelta(days=days)
    return pd.concat([row.drop(date), pd.Series({date: moved.isoformat()})]).reindex(row.index)
