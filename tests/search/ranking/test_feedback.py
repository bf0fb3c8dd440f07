"""Measurements: equal in a simulator, a ratio on a board, carried to the others without leaving what was seen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.errors import RunError, SpikesDifferError
from autosnn_hw.search.ranking.feedback import Measurement, figures, kendall_tau, ratios, relative_error, require_equal


def measure(synthetic, indices, **how):
    found = synthetic.measured([synthetic.SPACE.at(i) for i in indices], 0, **how)
    return {measurement.genotype: measurement for measurement in found}


@pytest.fixture(scope="module")
def records(synthetic):
    return [synthetic.evaluate(synthetic.SPACE.at(i)) for i in range(0, 3125, 125)]


def test_a_simulators_ratio_is_one_and_teaches_nothing(synthetic, records):
    found = ratios(records, measure(synthetic, [0, 125]), "energy")
    assert {ratio for ratio, _ in found.values()} == {1.0}
    assert [source for _, source in found.values()] == ["measured"] * 2 + ["modelled"] * (len(records) - 2)


@given(st.sampled_from(["spikes", "synops"]), st.floats(1e-6, 0.5), st.booleans())
def test_any_difference_in_a_simulator_is_an_error_that_names_the_candidate(name, by, more):
    modelled = {"energy": 1e-6, "spikes": 1000.0, "synops": 1e6}
    measured = modelled | {name: modelled[name] * (1 + by if more else 1 - by)}
    with pytest.raises(SpikesDifferError, match=rf"candidate a,b: lava counted .* {name}"):
        require_equal(Measurement("a,b", 0, "lava", "simulator", 16, measured, modelled))
    require_equal(Measurement("a,b", 0, "lava", "simulator", 16, modelled, modelled))
    require_equal(Measurement("a,b", 0, "board", "silicon", 16, measured, modelled))


def test_one_board_measurement_moves_all_others_by_its_ratio(synthetic, records):
    found = ratios(records, measure(synthetic, [125], ratio=1.5, kind="silicon"), "energy")
    assert {round(ratio, 9) for ratio, _ in found.values()} == {1.5}
    assert {source for _, source in found.values()} == {"measured", "corrected"}


def test_a_boards_dependence_on_the_network_is_carried_to_the_others(synthetic, records):
    """Where big networks cost relatively more than the model says, the correction knows it after ten measurements."""

    def ratio(record):
        return (record.energy.value / 3e-5) ** 0.5

    found = ratios(records, measure(synthetic, range(0, 3125, 250), ratio=ratio, kind="silicon"), "energy")
    others = [record for record in records if found[record.genotype][1] == "corrected"]
    corrected = relative_error([found[r.genotype][0] for r in others], [ratio(r) for r in others])
    assert len(others) > 10
    assert corrected < 0.5 * relative_error([1.0] * len(others), [ratio(r) for r in others])


FACTORS = {"synops": 1.35, "neuron_updates": 0.75, "static": 1.1}


def by_parts(record, bounds):
    """The record with parts whose shares depend on its blocks, as those of real candidates do."""
    blocks = record.genotype.split(",")
    wide, residual = (sum(name in block for block in blocks) / 5 for name in ("k5", "SRB"))
    weights = {"synops": 0.2 + 2 * wide, "neuron_updates": 0.2 + 2 * residual, "static": 0.6}
    share = record.energy.value / sum(weights.values())
    parts = {name: weight * share for name, weight in weights.items()}
    return replace(record, parts=parts, part_bounds=dict.fromkeys(parts, bounds))


@pytest.mark.parametrize("objective", ["energy", "dynamic"])
def test_a_board_with_other_constants_is_understood_by_the_fit_of_calibrate(synthetic, objective):
    """The board's constants are all inside the profile's intervals: a few measurements find them."""

    def errors(bounds):
        records = [by_parts(synthetic.evaluate(synthetic.SPACE.at(i)), bounds) for i in range(0, 3125, 61)]
        counted = {
            r.genotype: {name: e for name, e in r.parts.items() if objective == "energy" or name != "static"}
            for r in records
        }
        true = {
            name: sum(FACTORS[part] * energy for part, energy in parts.items()) / sum(parts.values())
            for name, parts in counted.items()
        }
        measured = measure(synthetic, range(183, 3125, 61 * 5), ratio=lambda r: true[r.genotype], kind="silicon")
        found = ratios(records, measured, objective)
        others = [name for name, (_, source) in found.items() if source == "corrected"]
        assert len(others) > 30
        return relative_error([found[name][0] for name in others], [true[name] for name in others])

    fitted, without = errors((0.5, 2.0)), errors((1.0, 1.0))
    assert fitted < 0.02 and fitted < 0.3 * without


def test_a_board_counts_spikes_as_the_model_does_and_moves_no_other_candidates_count(synthetic, records):
    found = ratios(records, measure(synthetic, [125], ratio=1.5, kind="silicon"), "spikes")
    assert {ratio for ratio, source in found.values() if source != "measured"} == {1.0}


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=6))
def test_a_correction_never_leaves_the_measured_range(values):
    from support.searches import synthetic_search as synthetic

    chosen = {str(synthetic.SPACE.at(i * 500)): value for i, value in enumerate(values)}
    measured = measure(synthetic, range(0, 500 * len(values), 500), ratio=lambda r: chosen[r.genotype], kind="silicon")
    everyone = [synthetic.evaluate(synthetic.SPACE.at(i)) for i in range(0, 3125, 250)]
    for ratio, _ in ratios(everyone, measured, "energy").values():
        assert min(values) * 0.999 <= ratio <= max(values) * 1.001


def test_figures_of_a_simulator_are_a_check_and_of_a_board_information(synthetic, records):
    indices = range(0, 3125, 250)
    lava = figures(records, measure(synthetic, indices))
    assert lava["kendall_tau_after"] == pytest.approx(1.0) and lava["relative_error_after"] == 0.0
    assert lava["kendall_tau_before"] < 1.0 and lava["relative_error_before"] > 0.0
    assert not lava["informative"] and lava["relative_error_corrected"] is None

    def ratio(record):
        return (record.energy.value / 3e-5) ** 0.5

    board = figures(records, measure(synthetic, indices, ratio=ratio, kind="silicon"))
    assert board["informative"] and board["relative_error_corrected"] < board["relative_error_after"]


def test_figures_that_cannot_be_known_are_none(synthetic, records):
    nothing = figures(records, {})
    assert (
        nothing["measured"] == 0 and nothing["kendall_tau_before"] is None and nothing["relative_error_after"] is None
    )
    one = figures([replace(records[0], supernet_spikes=None)], measure(synthetic, [0]))
    assert one["kendall_tau_after"] is None and one["relative_error_before"] is None
    assert kendall_tau([1.0, 1.0], [1.0, 2.0]) is None


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_board_that_sends_nonsense_is_refused(value):
    broken = Measurement("a,b", 0, "board", "silicon", 16, {"energy": value}, {"energy": 1e-6})
    with pytest.raises(RunError, match="a number above 0 is needed"):
        broken.ratio("energy")
