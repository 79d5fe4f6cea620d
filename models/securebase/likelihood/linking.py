"""Calls of a compiled function through an address that may be filled in later."""

from ctypes import addressof, c_void_p
from functools import cache
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic


@cache
def cell(symbol: str) -> c_void_p:
    """Memory that holds the address of a function, known to the linker as a symbol."""
    memory = c_void_p()
    llvm.add_symbol(f"{symbol}_address", addressof(memory))
    return memory


def fill(symbol: str, address: int) -> None:
    """Say where the function is."""
    cell(symbol).value = address


def caller(symbol: str, signature: Any) -> Any:
    """Give what calls the function from compiled code.

    Parameters
    ----------
    symbol : str
        Name of the function, the same in every process.
    signature : numba signature
    """
    cell(symbol)

    @intrinsic
    def call(typing_context: Any, arguments: Any) -> tuple[Any, Any]:
        def generate(context: Any, builder: Any, resolved: Any, values: Any) -> Any:
            kinds = [context.get_value_type(kind) for kind in signature.args]
            function = ir.FunctionType(context.get_value_type(signature.return_type), kinds)
            # a declaration without a value: the linker knows it
            name = f"{symbol}_address"
            place = builder.module.globals.get(name) or ir.GlobalVariable(
                builder.module, ir.PointerType(function), name
            )
            given = [
                context.cast(builder, value, kind, wanted)
                for value, kind, wanted in zip(
                    cgutils.unpack_tuple(builder, values[0]), arguments, signature.args, strict=True
                )
            ]
            return builder.call(builder.load(place), given)

        return signature.return_type(arguments), generate

    return call
