"""lbdoctor: finds out why Harvester load balancers are stuck."""

__version__ = "0.1.0"
