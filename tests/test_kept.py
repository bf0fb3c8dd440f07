"""Results kept with the object that they are about."""

import gc
import weakref

from autosnn_hw.kept import kept_with


class Thing:
    pass


def counted(**options):
    calls = []

    @kept_with(**options)
    def double(thing, number=1):
        """Doc of it."""
        calls.append(number)
        return [2 * number]

    return double, calls


def test_a_result_is_made_once_for_each_owner_and_argument():
    double, calls = counted()
    one, other = Thing(), Thing()
    assert double(one, 3) is double(one, 3)
    assert double(other, 3) is not double(one, 3)
    double(one, 4)
    assert calls == [3, 3, 4]
    assert double.__doc__ == "Doc of it."


def test_the_key_tells_calls_apart_that_cannot_be_hashed():
    double, calls = counted(key=lambda numbers: tuple(numbers))
    thing = Thing()
    assert double(thing, [1]) is double(thing, [1])
    double(thing, [2])
    assert calls == [[1], [2]]


def test_results_go_with_their_owner():
    thing = Thing()

    class Big(list):
        pass

    @kept_with()
    def big(_):
        return Big([1])

    gone = weakref.ref(big(thing))
    assert gone() is not None
    del thing
    gc.collect()
    assert gone() is None


def test_a_named_argument_is_part_of_the_key():
    double, calls = counted()
    thing = Thing()
    assert double(thing, number=5) == [10]
    assert double(thing, number=6) == [12]
    assert calls == [5, 6]
