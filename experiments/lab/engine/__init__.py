"""Grids trained on this machine and on several: devices, compiled programs, stages, checkpoints."""
