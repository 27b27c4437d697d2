"""Repairs, on a cluster in memory that others write to as well."""
