"""Names that Harvester and lbdoctor give to labels, annotations and objects.

Source: load-balancer-harvester pkg/utils/const.go:17-18, pkg/apis and main.go:79.
"""

from typing import Final

GROUP: Final = "loadbalancer.harvesterhci.io"
GLOBAL_LABEL: Final = f"{GROUP}/global-ip-pool"
RELEASE_ANNOTATION: Final = f"{GROUP}/manuallyReleaseIP"
NETWORK_ANNOTATION: Final = f"{GROUP}/network"
PROJECT_ANNOTATION: Final = f"{GROUP}/project"
NAMESPACE_ANNOTATION: Final = f"{GROUP}/namespace"
CLUSTER_ANNOTATION: Final = f"{GROUP}/cluster"
ANNOUNCED_ANNOTATION: Final = "kube-vip.io/loadbalancerIPs"
IGNORE_ANNOTATION: Final = "lbdoctor.io/ignore"
TOUCHED_ANNOTATION: Final = "lbdoctor.io/touched"

SYSTEM_NAMESPACE: Final = "harvester-system"
LEASE_NAMESPACE: Final = "kube-system"
CONTROLLER: Final = "harvester-load-balancer"
WEBHOOK: Final = "harvester-load-balancer-webhook"
