"""Reading files of draws."""

from pathlib import Path

import xarray as xr


def read_draws(path: Path) -> xr.DataTree:
    """Read a file of draws as a whole, and close it.

    A file that was left open is closed when its last reader is collected; where it is read again
    meanwhile, netCDF can crash.
    """
    with xr.open_datatree(path, engine="netcdf4") as tree:
        return tree.load()
