"""What one would write in ten minutes: ``naive.py KUBECONFIG`` lists, joins and prints."""

from __future__ import annotations

import sys
from typing import Any

from kubernetes import client, config

GROUP, VERSION = "loadbalancer.harvesterhci.io", "v1beta1"


def main(kubeconfig: str) -> None:
    config.load_kube_config(kubeconfig)
    api = client.CustomObjectsApi()
    pools: Any = api.list_cluster_custom_object(group=GROUP, version=VERSION, plural="ippools")
    lbs: Any = api.list_cluster_custom_object(group=GROUP, version=VERSION, plural="loadbalancers")
    by_owner = {
        f"{lb['metadata']['namespace']}/{lb['metadata']['name']}": lb for lb in lbs["items"]
    }
    for pool in pools["items"]:
        for address, owner in pool["status"].get("allocated", {}).items():
            lb = by_owner.get(owner)
            if lb is None:
                sys.stdout.write(f"LBD101 {owner} {address}\n")
            elif not lb["status"].get("allocatedAddress"):
                sys.stdout.write(f"LBD201 {owner} {address}\n")


if __name__ == "__main__":
    main(sys.argv[1])
