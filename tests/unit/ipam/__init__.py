"""Tests of the allocation arithmetic, line by line after what Harvester does."""
