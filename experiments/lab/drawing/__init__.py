"""How figures made with Matplotlib look, and how they are written to files."""
