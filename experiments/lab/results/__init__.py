"""What a run leaves behind: its folder, its provenance, its model."""
