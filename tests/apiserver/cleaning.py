"""Emptying a control plane between tests, down to what it came with."""

from __future__ import annotations

from collections.abc import Iterator

from tests.apiserver.client import Api
from tests.apiserver.resources import EMPTIED, NAMESPACE, Manifest, Resource

# Lists without contents: the test of a thousand pools is emptied as fast as it was filled.
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
OF_THE_SERVER = "apiserver.kubernetes.io/identity"
"""A label on the leases that kube-apiserver writes whenever it likes."""
OF_ANY_CLUSTER = "/api/v1/namespaces/default/services/kubernetes"
"""kube-apiserver creates it some time after it is ready."""


class Cleaner:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._original = {path for resource in EMPTIED for path, _ in self._objects(resource)}
        self._original.add(OF_ANY_CLUSTER)
        self._original_namespaces = {path for path, _ in self._objects(NAMESPACE)}

    def empty(self) -> None:
        for resource in EMPTIED:
            for path, metadata in self._objects(resource):
                if path not in self._original:
                    self._remove(path, metadata)
        for path, metadata in self._objects(NAMESPACE):
            if path not in self._original_namespaces:
                self._remove_namespace(path, metadata)

    def _objects(self, resource: Resource) -> Iterator[tuple[str, Manifest]]:
        answer = self._api.request("GET", resource.everywhere, accept=METADATA_ONLY)
        if answer.status == 404:  # its definition is not installed
            return
        for item in answer.json()["items"] or ():  # null where an ordinary list has []
            metadata = item["metadata"]
            if OF_THE_SERVER not in metadata.get("labels", {}):
                collection = resource.collection(metadata.get("namespace"))
                yield f"{collection}/{metadata['name']}", metadata

    def _remove(self, path: str, metadata: Manifest) -> None:
        if metadata.get("finalizers"):
            # Unanswered: an object that was terminating may be gone by now.
            self._api.request(
                "PATCH",
                path,
                {"metadata": {"finalizers": None}},
                content_type="application/merge-patch+json",
            )
        self._api.delete(path, missing_ok=True)

    def _remove_namespace(self, path: str, metadata: Manifest) -> None:
        """Delete a namespace and do what the namespace controller, which is not here, would."""
        self._remove(path, metadata)
        name = {"name": metadata["name"]}
        final = {"apiVersion": "v1", "kind": "Namespace", "metadata": name, "spec": {}}
        self._api.request("PUT", f"{path}/finalize", final)
