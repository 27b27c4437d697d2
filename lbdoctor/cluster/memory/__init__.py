"""A cluster in memory: the part of an API server that reading needs."""
