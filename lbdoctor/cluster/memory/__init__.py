"""A little cluster in memory: an API server, Harvester's admission rules and its controller.

It is held to the truth by the contract suite, which a real kube-apiserver passes too.
"""
