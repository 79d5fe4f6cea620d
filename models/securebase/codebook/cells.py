"""What a cell of a raw file says, as text."""

import datetime
import re

_WHOLE = re.compile(r"^([+-]?\d+)\.0*$")


def cell_text(value: object) -> str:
    """Write a value of any file format as the text a csv file would hold.

    Whole floats lose their ".0" (a spreadsheet's 12.0 is the 12 of a csv file), dates become ISO
    dates, and what a format calls missing becomes the empty text.

    Parameters
    ----------
    value : object
        Text, number, date or missing value as a reader found it.

    Returns
    -------
    str
        The text without surrounding white space.
    """
    if value is None or value != value:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(float(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if _is_midnight(value) else value.isoformat(sep=" ")
    return str(value).strip()


def as_code(value: object) -> str:
    """Write a value so that equal codes and ids are equal texts.

    "12", "12.0", " 12 " and 12 are one id; inner white space counts as one blank.
    """
    text = " ".join(cell_text(value).split())
    whole = _WHOLE.match(text)
    return whole.group(1) if whole else text


def _is_midnight(moment: datetime.datetime) -> bool:
    return moment.time() == datetime.time(0)
