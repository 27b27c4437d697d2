"""What a scan costs beside its rivals, in time and memory: ``python -m tests.bench``."""
