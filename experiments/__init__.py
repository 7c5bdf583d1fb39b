"""Experiments: each file asks one question, runs a grid of networks and answers with numbers and pictures."""
