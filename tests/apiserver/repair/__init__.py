"""Repairs of a real API server, with Harvester's controller beside it."""
