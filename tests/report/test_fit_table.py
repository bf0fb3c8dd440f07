from support.processes.terminal import shown

from autosnn_hw.report.fit_table import fit_table, fullest_limit


def test_a_check_shows_violations_with_their_remedies():
    limit = {"resource": "axons", "used": 300, "limit": 256, "unit": "1", "source": "a paper", "verified": False}
    document = {
        "target": "truenorth",
        "fits": False,
        "cores": {"used": None, "available": 4096, "chips": None},
        "layers": [{"name": "TBD1.a", "cores": None, "neurons_per_core": None, "limits": [limit]}],
        "violations": [{"layer": "TBD1.a", "resource": "axons", "needed": 300, "limit": 256, "source": "a paper", "remedies": ["groups 4 would fit."]}],
        "notes": ["a note."],
    }  # fmt: skip
    text = shown(fit_table(document))
    assert text.startswith(
        "does not fit truenorth\n- TBD1.a: axons 300, allowed 256 [a paper]\n    groups 4 would fit.\n"
    )
    assert "axons 300 of 256 (unverified)" in text
    assert "a note." in text


def test_a_real_check_is_shown_for_every_target(network):
    from autosnn_hw.cost import check
    from autosnn_hw.documents.fit import fit_document
    from hw_profiles import load, names

    for target in names():
        document = fit_document(check(network, load(target)))
        assert ("does not fit" in shown(fit_table(document))) == (not document["fits"])


def test_parameters_at_the_end_of_their_range_are_not_called_full():
    def limit(resource, used, most):
        return {"resource": resource, "used": used, "limit": most, "unit": "1", "source": "x", "verified": True}

    assert fullest_limit([limit("i_decay", 4096, 4096), limit("axons", 10, 256)]) == "axons 10 of 256"
    assert fullest_limit([limit("bias", 5000, 4095), limit("axons", 10, 256)]) == "bias 5,000 of 4,095"
    assert fullest_limit([]) == ""
