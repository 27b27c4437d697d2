"""The live adapter against servers that misbehave."""
