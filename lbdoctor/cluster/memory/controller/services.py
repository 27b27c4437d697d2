"""The Service of a LoadBalancer of type vm, which kube-vip gives its address.

Source: load-balancer-harvester pkg/lb/servicelb/manager.go:532-571.
"""

from __future__ import annotations

from lbdoctor.cluster.api import Manifest, ReadError, WritableApi, WriteError
from lbdoctor.cluster.memory.controller.steps import HandlerError, Step, Steps
from lbdoctor.domain.keys import GROUP
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.refs import Kind


def ensure(api: WritableApi, lb: LoadBalancer, wanted: str) -> Steps[None]:
    """Create the Service, or correct the address that it asks for."""
    try:
        found = api.get(Kind.SERVICE, lb.name, lb.namespace)
        if found is None:
            yield Step.W2
            api.create(Kind.SERVICE, _service(lb, wanted))
        elif found["spec"].get("loadBalancerIP", "") != wanted:
            yield Step.W2
            spec = {**found["spec"], "loadBalancerIP": wanted}
            api.replace(Kind.SERVICE, {**found, "spec": spec})
    except (ReadError, WriteError) as error:
        raise HandlerError(str(error)) from error


def external_ip(api: WritableApi, lb: LoadBalancer) -> str:
    """Return the address that the Service has, or empty."""
    try:
        found = api.get(Kind.SERVICE, lb.name, lb.namespace) or {}
    except ReadError as error:
        raise HandlerError(str(error)) from error
    ingress = ((found.get("status") or {}).get("loadBalancer") or {}).get("ingress") or [{}]
    return str(ingress[0].get("ip", ""))


def _service(lb: LoadBalancer, ip: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": lb.name,
            "namespace": lb.namespace,
            "labels": {f"{GROUP}/servicelb": "true"},
            "ownerReferences": [
                {
                    "apiVersion": f"{GROUP}/v1beta1",
                    "kind": "LoadBalancer",
                    "name": lb.name,
                    "uid": lb.uid,
                }
            ],
        },
        "spec": {"type": "LoadBalancer", "loadBalancerIP": ip, "ports": [{"port": 80}]},
    }
