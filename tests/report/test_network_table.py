from support.processes.terminal import shown

from autosnn_hw.report.network_table import network_table


def test_a_network_is_a_row_a_layer(network):
    from autosnn_hw.documents.network_summary import summarise

    lines = shown(network_table(summarise(network)), 200).splitlines()
    (line,) = [line for line in lines if line.startswith("TBD1.a ")]
    assert line.split()[1:] == [
        "TBD1",
        "conv",
        "block",
        "16x8x8",
        "8",
        "own",
        "8",
        "relay",
        "3x3",
        "1,024",
        "120",
        "2048",
        "4096",
        "1,152",
        "-30..122",
        "49.7",
        "%",
    ]
    assert [line for line in lines if "2x2 s2 g8" in line and "8 pool" in line and "122 even" in line]
