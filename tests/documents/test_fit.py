import json

from autosnn_hw.cost_report import FitReport, LayerFit, LimitUse, Violation
from autosnn_hw.documents.fit import fit_document


def test_a_fit_is_its_layers_limits_and_violations():
    use = LimitUse(resource="axons", used=300, limit=256, unit="1", source="a paper", verified=False)
    broken = Violation(
        "a", "axons", needed=300, limit=256, source="a paper", remedies=("groups 4 would fit.",), verified=False
    )
    report = FitReport(
        target="chip",
        fits=False,
        cores_used=None,
        cores_available=128,
        chips=None,
        layers=(LayerFit("a", None, None, (use,)), LayerFit("b", 2, 40)),
        violations=(broken,),
        notes=("a note",),
    )
    document = fit_document(report)
    assert json.loads(json.dumps(document)) == document
    assert document["cores"] == {"used": None, "available": 128, "chips": None} and not document["fits"]
    first, second = document["layers"]
    assert first == {
        "name": "a",
        "cores": None,
        "neurons_per_core": None,
        "limits": [
            {"resource": "axons", "used": 300, "limit": 256, "unit": "1", "source": "a paper", "verified": False}
        ],
    }
    assert (second["cores"], second["neurons_per_core"], second["limits"]) == (2, 40, [])
    (violation,) = document["violations"]
    assert (
        violation.items()
        >= {"layer": "a", "resource": "axons", "needed": 300, "limit": 256, "source": "a paper"}.items()
    )
    assert violation["remedies"] == ["groups 4 would fit."] and document["notes"] == ["a note"]
