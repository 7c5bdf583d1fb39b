"""Tests of the house, which tests/ mirrors.

What several tests share is in helpers/ (functions) and conftest.py (fixtures).
"""
