"""A live API server, through the official client."""
