"""A search over the interleavings of Harvester's real steps and lbdoctor's own."""
