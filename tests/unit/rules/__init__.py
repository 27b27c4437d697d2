"""Tests of the rules: the cases of tests/cases, and the promises of the catalogue."""
