"""`python -m autosnn_hw`: the command line."""

from autosnn_hw.cli import main

main()
