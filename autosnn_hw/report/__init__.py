"""Reports: HTML page, plots and tables."""
