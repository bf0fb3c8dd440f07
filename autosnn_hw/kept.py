"""Results kept for as long as the object that they are about lives."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

Owner = TypeVar("Owner")
Rest = ParamSpec("Rest")
Result = TypeVar("Result")


class Kept(Generic[Owner, Rest, Result]):
    """A function whose results are kept, see `kept_with`."""

    def __init__(
        self, function: Callable[Concatenate[Owner, Rest], Result], key: Callable[Rest, Hashable] | None
    ) -> None:
        self._function, self._key = function, key
        self._results: WeakKeyDictionary[Owner, dict[Hashable, Result]] = WeakKeyDictionary()
        update_wrapper(self, function)

    def __call__(self, owner: Owner, *rest: Rest.args, **named: Rest.kwargs) -> Result:
        key: Any = self._key(*rest, **named) if self._key else (rest, *named.items())
        known = self._results.get(owner)
        if known is None:
            known = self._results.setdefault(owner, {})
        if key not in known:
            known[key] = self._function(owner, *rest, **named)
        return known[key]


def kept_with(
    key: Callable[..., Hashable] | None = None,
) -> Callable[[Callable[Concatenate[Owner, Rest], Result]], Kept[Owner, Rest, Result]]:
    """Decorator: keep a function's results with its first argument, and drop them when that is gone.

    The first argument is told by identity, or by its own `__eq__`; it must be one that can be referred to weakly and is never
    changed.

    Args:
        key: of the other arguments, what tells two calls apart; the arguments themselves, hashed, where not given.
    """
    return lambda function: Kept(function, key)
