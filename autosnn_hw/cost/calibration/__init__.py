"""A profile's constants fitted to measurements: rows of counts, least squares with intervals as priors, an overlay of the profile."""
