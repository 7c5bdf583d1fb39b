"""Grids trained on one machine or several: devices, compiled programs, stages, checkpoints."""
