"""report.html: the page, its template, style and script."""
