"""Everything a job says, into its log; what the user has to know, on the screen."""

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from securebase.faults import InputError


@contextmanager
def logged(path: str | Path) -> Iterator[logging.Logger]:
    """Send all output of a job, also that of compiled code, to its log.

    An `InputError` is shown on the screen whole, any other error as one line with the
    place of the log, which holds the traceback. Either ends the process with exit code 1.

    Parameters
    ----------
    path : str or Path
        The log; what an earlier run left there is replaced.

    Yields
    ------
    logging.Logger
        Writes lines with the time of day into the log.
    """
    screen = os.dup(2)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as log:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        logging.basicConfig(
            level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", force=True
        )
        try:
            yield logging.getLogger("securebase")
        except InputError as error:
            print(error, file=sys.stderr, flush=True)
            _show(screen, f"\n{error}\n(log: {path})\n")
            sys.exit(1)
        except Exception as error:
            traceback.print_exc()
            _show(screen, f"\n{type(error).__name__}: {error}\n(traceback in {path})\n")
            sys.exit(1)


def _show(screen: int, text: str) -> None:
    os.write(screen, text.encode())
