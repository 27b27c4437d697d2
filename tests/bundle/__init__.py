"""A collector of support bundles for the tests, with the quirks of Harvester's own."""
