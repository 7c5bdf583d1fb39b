"""What is asked and what follows from it: comparison, statistics, diagnostics, wording."""
