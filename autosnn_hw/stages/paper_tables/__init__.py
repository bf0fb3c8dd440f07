"""The tables of the AutoSNN paper made again."""
