"""Tests of the allocation arithmetic, line by line after harvester.md 3.2, 4 and 5."""
