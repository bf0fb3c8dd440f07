"""Figures of the report, as plotly figures from plain data."""
