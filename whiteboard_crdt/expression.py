"""Functions of x as people write them: `2x^2 - 1`, `sin(x)/x`. A grammar of our own, never a language's evaluator.

Pure, bounded in length and depth, and the twin of `core/expression.ts`; vectors hold both to the same values.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Final

from whiteboard_crdt.spec import THINGS

__all__ = ["Expression", "ExpressionError", "parse_expression"]


class ExpressionError(ValueError):
    """What is written is no function of x; the message is for whoever wrote it."""


Operation = str | float
_NOWHERE: Final = math.nan
_HEAD: Final = re.compile(r"^[ \t]*(?:y|[fgh][ \t]*\([ \t]*x[ \t]*\))[ \t]*=")
_TOKEN: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+|[a-z]+|[-+*/^()]")
_SAME: Final[Mapping[str, str]] = {
    "·": "*", "×": "*", "÷": "/", "−": "-", "–": "-", "π": "pi", "√": "sqrt", "²": "^2", "³": "^3", "[": "(", "]": ")",
}  # fmt: skip
_DEEPEST: Final = 24


def _guarded(run: Callable[[float], float]) -> Callable[[float], float]:
    def guarded(value: float) -> float:
        try:
            return run(value)
        except (ValueError, OverflowError):
            return _NOWHERE

    return guarded


_FUNCTIONS: Final[Mapping[str, Callable[[float], float]]] = {
    "sin": _guarded(math.sin),
    "cos": _guarded(math.cos),
    "tan": _guarded(math.tan),
    "asin": _guarded(math.asin),
    "acos": _guarded(math.acos),
    "atan": _guarded(math.atan),
    "sqrt": _guarded(math.sqrt),
    "abs": abs,
    "exp": _guarded(math.exp),
    "ln": _guarded(math.log),
    "log": _guarded(math.log10),
    "floor": _guarded(lambda value: float(math.floor(value))),
    "ceil": _guarded(lambda value: float(math.ceil(value))),
}
_CONSTANTS: Final[Mapping[str, float]] = {"pi": math.pi, "e": math.e}
_NAMES: Final = sorted((*_FUNCTIONS, *_CONSTANTS, "x"), key=lambda name: (-len(name), name))


class Expression:
    """A function of x, ready to be evaluated."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        self._operations = operations

    @property
    def is_constant(self) -> bool:
        """Whether x does not stand in it."""
        return "x" not in self._operations

    def at(self, x: float) -> float:
        """Its value; NaN where it has none, or one that is not finite on the way."""
        stack: list[float] = []
        for operation in self._operations:
            if isinstance(operation, float):
                value = operation
            elif operation == "x":
                value = x
            elif operation == "neg":
                value = -stack.pop()
            elif operation in _FUNCTIONS:
                value = _FUNCTIONS[operation](stack.pop())
            else:
                right, left = stack.pop(), stack.pop()
                value = _combine(operation, left, right)
            if not math.isfinite(value):
                return _NOWHERE
            stack.append(value)
        return stack[0]


def _combine(operation: str, left: float, right: float) -> float:
    if operation == "+":
        return left + right
    if operation == "-":
        return left - right
    if operation == "*":
        return left * right
    if operation == "/":
        return left / right if right != 0 else _NOWHERE
    try:
        return math.pow(left, right)
    except (ValueError, OverflowError):
        return _NOWHERE


def parse_expression(text: str) -> Expression:
    """Reads a function. Raises ExpressionError."""
    if len(text) > THINGS.plot.expression_chars:
        raise ExpressionError(f"A function has at most {THINGS.plot.expression_chars} characters.")
    return Expression(tuple(_Parser(_tokens(text)).whole()))


def _tokens(text: str) -> list[str]:
    plain = _HEAD.sub("", "".join(_SAME.get(letter, letter) for letter in text).lower())
    tokens: list[str] = []
    at = 0
    while at < len(plain):
        if plain[at] in " \t":
            at += 1
            continue
        match = _TOKEN.match(plain, at)
        if match is None:
            raise ExpressionError(f"“{plain[at]}” is not understood.")
        tokens += _words(match[0]) if match[0].isalpha() else [match[0]]
        at = match.end()
    return tokens


def _words(letters: str) -> list[str]:
    """`xsin` is x times sin: the longest known name comes first."""
    words: list[str] = []
    rest = letters
    while rest:
        name = next((name for name in _NAMES if rest.startswith(name)), None)
        if name is None:
            raise ExpressionError(f"“{letters}” is not known. Functions are written with x.")
        words.append(name)
        rest = rest[len(name) :]
    return words


class _Parser:
    """Recursive descent: sums of products of signs of powers."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._out: list[Operation] = []

    def whole(self) -> list[Operation]:
        self._sum()
        if self._next is not None:
            raise ExpressionError(f"“{self._next}” does not belong there.")
        return self._out

    @property
    def _next(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> str:
        token = self._next
        if token is None:
            raise ExpressionError("Something is missing at the end.")
        self._at += 1
        return token

    def _sum(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("There are too many brackets inside each other.")
        self._product()
        while self._next in ("+", "-"):
            operation = self._take()
            self._product()
            self._out.append(operation)
        self._depth -= 1

    def _product(self) -> None:
        self._signed()
        while self._next is not None and self._next not in ("+", "-", ")"):
            # What stands side by side is multiplied.
            operation = self._take() if self._next in ("*", "/") else "*"
            self._signed()
            self._out.append(operation)

    def _signed(self) -> None:
        signs = 0
        while self._next in ("+", "-"):
            signs += self._take() == "-"
        self._power()
        if signs % 2 == 1:
            self._out.append("neg")

    def _power(self) -> None:
        self._atom()
        if self._next == "^":
            self._take()
            self._depth += 1
            if self._depth > _DEEPEST:
                raise ExpressionError("There are too many brackets inside each other.")
            self._signed()
            self._depth -= 1
            self._out.append("^")

    def _atom(self) -> None:
        token = self._take()
        if token == "x":
            self._out.append("x")
        elif token in _CONSTANTS:
            self._out.append(_CONSTANTS[token])
        elif token in _FUNCTIONS:
            if self._next != "(":
                raise ExpressionError(f"Write {token} with brackets: {token}(x).")
            self._take()
            self._brackets()
            self._out.append(token)
        elif token == "(":
            self._brackets()
        elif token[0].isdigit() or token[0] in ".,":
            self._out.append(float(token.replace(",", ".")))
        else:
            raise ExpressionError(f"“{token}” does not belong there.")

    def _brackets(self) -> None:
        self._sum()
        if self._next != ")":
            raise ExpressionError("A bracket is not closed.")
        self._take()
