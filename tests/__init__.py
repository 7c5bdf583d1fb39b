"""Tests of the house: tests/ mirrors it, and what several tests share is in helpers/ (functions) and conftest.py (fixtures)."""
