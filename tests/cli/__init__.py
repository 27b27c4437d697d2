"""Tests of the whole program: what it prints, how it exits, what it reads."""
