"""What is asked and what follows: comparison, statistics, diagnostics, and how they are put into words."""
