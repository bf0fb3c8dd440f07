"""A search's choices survive their file, and a wrong one is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.config import SearchConfig, from_mapping, read_config
from autosnn_hw.config.objectives import OBJECTIVES
from autosnn_hw.errors import InputError


@given(
    st.integers(1, 64),
    st.floats(-1, 0),
    st.none() | st.integers(2, 500),
    st.sampled_from(["energy", "spikes"]),
    st.booleans(),
)
def test_what_was_written_is_read_back(tmp_path_factory, width, lam, budget, objective, baselines):
    config = SearchConfig(width=width, lam=lam, budget=budget, objective=objective, baselines=baselines)
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_text(config.to_toml())
    assert read_config(path) == config


@pytest.mark.parametrize(
    "values, words",
    [
        ({"widht": 8}, "unknown key 'widht'"),
        ({"width": "8"}, "width is '8'; int is needed"),
        ({"width": True}, "width is True"),
        ({"width": 0}, "width is 0; at least 1"),
        ({"lam": 0.1}, "lambda is 0.1"),
        ({"objective": "joy"}, "objective is 'joy'; allowed are energy"),
        ({"max_cores": 0}, "max_cores is 0"),
        ({"sharing": "some"}, "sharing is 'some'; allowed are entangled, separate"),
        ({"groupings": "one"}, "groupings is 'one'; allowed are all, fewest"),
        ({"epochs": 3, "warm_up": 4}, "warm_up is 4; 0 to 3"),
        ({"warm_up": -1}, "warm_up is -1; at least 0 is needed"),
        ({"lam": float("nan")}, "lambda is nan; a finite number is needed"),
        ({"lam": -5000.0}, "lambda is -5000.0; at least -10 is needed"),
        ({"learning_rate": float("nan")}, "learning_rate is nan; a finite number"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0; more than 0"),
        ({"max_energy": float("inf")}, "max_energy is inf; a finite number"),
        ({"seed": 2**63}, "seed is 9223372036854775808; at most"),
        ({"timesteps": 2.5}, "timesteps is 2.5; int is needed"),
        ({"download": 1}, "download is 1; bool is needed"),
    ],
)
def test_a_wrong_value_is_named(values, words):
    with pytest.raises(InputError, match=words):
        from_mapping(values, "here")


@pytest.mark.parametrize(
    "text", ["", "[serch]\nwidth = 8", "width = 8", "[search", "[search]\nwidth = 8\n[more]\na = 1"]
)
def test_a_file_that_is_no_config_is_refused(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(InputError):
        read_config(path)


@pytest.mark.parametrize("text", ["lam = nan", "lam = -5000.0", "learning_rate = inf", "width = 0", "epochs = '3'"])
def test_a_wrong_number_in_a_file_is_refused(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(f"[search]\n{text}\n")
    with pytest.raises(InputError, match=f"^{path}: .* is needed\\.$"):
        read_config(path)


def test_changes_are_checked_like_choices():
    config = SearchConfig().with_changes(width=4, lam=0)
    assert (config.width, config.lam) == (4, 0.0)
    with pytest.raises(InputError, match="width is 0"):
        config.with_changes(width=0)


def test_every_choice_has_an_option_with_its_words_and_range():
    from autosnn_hw.commands.search import command

    options = {option.name: option for option in command.params}
    for name, field in SearchConfig.model_fields.items():
        assert field.description in options[name].help and options[name].default is None
    assert (options["lam"].opts, options["lam"].type.min, options["lam"].type.max) == (["--lambda"], -10, 0)
    assert (options["max_energy"].type.unit, options["max_latency"].type.unit) == ("J", "s")
    assert list(options["objective"].type.choices) == list(OBJECTIVES)
    assert options["baselines"].secondary_opts == ["--no-baselines"] and options["download"].is_flag


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="not found"):
        read_config(tmp_path / "none.toml")
