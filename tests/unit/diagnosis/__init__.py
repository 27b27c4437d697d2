"""Tests of the look: what is read, in which order, and what a second reading changes."""
