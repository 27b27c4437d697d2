"""Values that every layer shares: standard library only, no behaviour beyond themselves."""
