"""The trade-off picker of a page: the front with its commands, and the lambdas that choose each of its points."""

import json
import re

from support.processes.browser import text_of

from autosnn_hw.report.page.picker import choices, said_of_prices
from autosnn_hw.search.front import answer
from autosnn_hw.search.settings import SearchSettings


def test_the_picker_offers_the_front_with_commands_that_can_be_pasted(page, candidates):
    offered = json.loads(re.search(r'id="choices">(.*?)</script>', page, re.S).group(1))
    fit = {c["genotype"]: c for c in candidates if c["feasible"]}
    rising = [(fit[c["architecture"]]["cost"], fit[c["architecture"]]["accuracy"]) for c in offered]
    assert len(offered) > 1 and rising == sorted(rising)
    for cost, accuracy in rising:
        assert not any(c["accuracy"] > accuracy and c["cost"] < cost for c in fit.values())
    spaced = choices(candidates, {"objective": "energy"}, "my runs/a")
    assert "front 'my runs/a' --deploy" in spaced[0]["command"]
    assert "a network that is delivered is priced anew with its own" in text_of(page)
    one = {"architecture": candidates[0]["genotype"], "energy": {"value": 1.5 * candidates[0]["energy"]}}
    assert said_of_prices({"finalists": [one]}, candidates).endswith(
        "the finalist's energy became 1.50 times that with the super-network's weights."
    )


def test_the_picker_offers_costs_with_final_weights_where_they_are_known(candidates):
    """A network that was trained on and got dearer than another that is better leaves the front; one that broke a limit, too."""
    offered = [c["architecture"] for c in choices(candidates, {"objective": "energy"}, "RUN")]
    fit = {c["genotype"]: c for c in candidates if c["feasible"]}
    dearest = max(c["cost"] for c in fit.values())
    changes = {
        offered[0]: {"final_cost": 2 * dearest, "final_feasible": True},
        offered[-1]: {"final_cost": dearest / 2, "final_feasible": False},
    }
    told = [{**c, **changes.get(c["genotype"], {})} for c in candidates]
    now = choices(told, {"objective": "energy"}, "RUN")
    assert not {offered[0], offered[-1]} & {c["architecture"] for c in now} and now
    assert said_of_prices({}, told).startswith("Costs of networks that were trained on are their own")


def test_the_picker_answers_lambda_as_front_does(page, candidates, result):
    """The browser only looks up which range holds lambda; the range must be that of the verb `front`."""
    offered = json.loads(re.search(r'id="choices">(.*?)</script>', page, re.S).group(1))
    ranges = [(c["architecture"], *c["range"]) for c in offered if c["range"]]
    assert ranges[0][1] is None and ranges[-1][2] == 0
    limits = SearchSettings(reference=20, exponent=-0.16).constraints
    for lam in (-2.0, -0.9, -0.31, -0.16, -0.0413):
        fittest = answer(result.records, objective="energy", lam=lam, constraints=limits, rule="fittest")["chosen"]
        assert [name for name, low, high in ranges if (low is None or low <= lam) and lam <= high] == [
            fittest["architecture"]
        ]
