"""What tests share and no test is: builders, stand-ins and independent interpreters. `tests` is on the path (pyproject.toml)."""
