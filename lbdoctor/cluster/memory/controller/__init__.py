"""Harvester's load balancer controller, write by write, as a chosen version does it.

It works through the API that everything else uses, so it serves in memory and beside a real
API server. Each handler is a generator that stops before every write: whoever drives it
decides what happens in between.

Source: load-balancer-harvester pkg/controller/{ippool,loadbalancer}/controller.go,
pkg/ipam/allocator.go and pkg/ipam/store/store.go at the tags that a function names; rancher
lasso pkg/controller/{controller,sharedhandler}.go; the vendored host-local allocator.
"""
