"""The distributions of the table of spaces: the share of networks at each value, each macro-architecture to be told from the others."""

from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.report.figures.spaces import space_figures
from autosnn_hw.report.paper.drawing import draw

SPACES = ("SNN_1", "SNN_2", "SNN_3", "SNN_4")


def document(values):
    """Networks of these (accuracy, spikes) in every macro-architecture."""
    return {
        "rows": [
            {"space": space, "seeds": [{"accuracy_float": accuracy, "spikes_float": spikes}]}
            for space in SPACES
            for accuracy, spikes in values
        ]
    }


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1e6)), min_size=1, max_size=20))
def test_a_curve_is_at_each_value_the_share_of_networks_with_at_most_it(values):
    figures = space_figures(document(values))
    for name, at, factor in (("spaces-accuracy", 0, 100), ("spaces-spikes", 1, 1)):
        for trace in figures[name].data:
            for x, y in zip(trace.x[1:], trace.y[1:]):
                at_most = sum(factor * value[at] <= x for value in values) / len(values)
                below = sum(factor * value[at] < x for value in values) / len(values)
                assert below < y <= at_most
            assert trace.name.endswith(f"({len(values)})") and trace.y[-1] == 1


def test_curves_that_lie_on_each_other_are_told_apart_in_the_report_and_in_its_files():
    figure = space_figures(document([(0.1, 5.0), (0.2, 9.0)]))["spaces-accuracy"]
    assert len({trace.line.dash for trace in figure.data}) == len({trace.line.color for trace in figure.data}) == 4
    drawn = draw(figure).axes[0].lines
    assert len({line.get_linestyle() for line in drawn}) == 4


def test_what_is_not_made_yet_is_not_drawn():
    some = document([(0.1, 5.0)])
    some["rows"][0]["seeds"] = []
    assert [trace.name for trace in space_figures(some)["spaces-spikes"].data] == [f"{name} (1)" for name in SPACES[1:]]
    assert space_figures({"rows": []}) == {}
