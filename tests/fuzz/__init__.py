"""Fuzzing of what ``--from`` reads: ``python -m tests.fuzz -max_total_time=60``."""
