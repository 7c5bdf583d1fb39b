"""What can go wrong around a run; ``python -m tests.helpers.faults``."""
