"""The name that was meant."""

import pytest

from autosnn_hw.words.near_names import did_you_mean, known_are, near_names

KNOWN = ("loihi2", "loihi1", "truenorth")


@pytest.mark.parametrize(
    "found, near",
    [
        ("loihi", {"loihi1", "loihi2"}),
        ("TrueNort", {"truenorth"}),
        ("LOIHI2", {"loihi2", "loihi1"}),
        ("zzz", set()),
        ("", set()),
    ],
)
def test_what_looks_alike_was_meant(found, near):
    names = near_names(found, KNOWN)
    assert set(names) == near and len(names) == len(near)
    assert near_names(found, iter(KNOWN), most=1) == names[:1]


def test_a_refusal_names_what_was_meant_and_then_all():
    assert did_you_mean("frnt", ["front", "check"]) == "did you mean front?" and did_you_mean("zzz", KNOWN) == ""
    assert known_are("truenort", KNOWN) == "did you mean truenorth? Known are loihi2, loihi1, truenorth"
    assert known_are("zzz", iter(KNOWN)) == "known are loihi2, loihi1, truenorth"
