"""Tests, in folders as the code's.

What several of them share is in helpers/ (functions) and conftest.py (fixtures).
"""
