"""What is said of a limit that the winner keeps on the samples it was chosen by and passes on others."""

from autosnn_hw.documents.searches import verdict
from autosnn_hw.documents.searches.kept_limits import passed_limits_sentence

SUMMARY = {
    "limits": {"max_energy": 6.5e-6, "max_latency": 1e-3, "max_cores": None},
    "winner": {"energy": {"total": {"value": 6.6e-6}}, "latency": {"value": 9e-4}, "cores": 12},
}


def test_what_passes_a_limit_is_named_and_read_first():
    said = passed_limits_sentence(SUMMARY)
    assert said.startswith(
        "On the test samples the winner takes 6.60 µJ where --max-energy is 6.50 µJ: it was chosen by the validation"
    )
    assert verdict.sentences(SUMMARY)[0] == said
    both = passed_limits_sentence(SUMMARY | {"limits": {"max_energy": 6e-6, "max_latency": 8e-4, "max_cores": 11}})
    assert (
        "6.60 µJ where --max-energy is 6.00 µJ and 900 µs where --max-latency is 800 µs and 12 where --max-cores is 11:"
        in both
    )


def test_limits_that_are_kept_or_unknown_are_not_spoken_of():
    assert passed_limits_sentence(SUMMARY | {"limits": {"max_energy": 6.6e-6}}) is None
    assert (
        passed_limits_sentence({"winner": SUMMARY["winner"]})
        is None
        is passed_limits_sentence({"limits": SUMMARY["limits"]})
    )
