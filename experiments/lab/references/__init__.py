"""Models that are no networks, fitted on the same splits, and what they say of the networks."""
