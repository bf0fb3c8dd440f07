"""How long a run takes and what it costs: estimated before, counted after."""
