"""Experiments: each asks one question, trains a grid of networks and answers with numbers."""
