"""From experiments to the ledger: their form, the claims, the verdicts."""
