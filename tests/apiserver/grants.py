"""Rights for users, by RBAC; granted and revoked only once the server acts on them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from tests.apiserver.client import Api
from tests.apiserver.resources import Manifest
from tests.apiserver.waiting import wait_until

RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Grant:
    user: str
    group: str
    resource: str
    verbs: tuple[str, ...]
    namespace: str | None
    name: str | None

    def rules(self) -> list[Manifest]:
        rule: Manifest = {
            "apiGroups": [self.group],
            "resources": [self.resource],
            "verbs": [*self.verbs],
        }
        if self.name:
            rule["resourceNames"] = [self.name]
        return [rule]

    def question(self, verb: str) -> Manifest:
        """Return the review that asks the server whether it holds."""
        resource, _, subresource = self.resource.partition("/")
        attributes = {
            "group": self.group,
            "resource": resource,
            "subresource": subresource,
            "verb": verb,
            "namespace": self.namespace or "",
            "name": self.name or "",
        }
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": self.user, "resourceAttributes": attributes},
        }


class Grants:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._numbers = itertools.count(1)
        self._given: list[Grant] = []

    def give(self, grant: Grant) -> None:
        scope = "" if grant.namespace else "Cluster"
        name = f"granted-{next(self._numbers)}"
        self._create({"kind": f"{scope}Role", "rules": grant.rules()}, name, grant.namespace)
        binding: Manifest = {
            "kind": f"{scope}RoleBinding",
            "roleRef": {"apiGroup": RBAC, "kind": f"{scope}Role", "name": name},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": grant.user}],
        }
        self._create(binding, name, grant.namespace)
        self._given.append(grant)
        wait_until(lambda: all(self._answers(grant)), f"grant to {grant.user}")

    def forget(self) -> None:
        """Wait until nothing that was granted holds, once its roles are deleted."""
        for grant in self._given:
            self._await_end(grant)
        self._given.clear()

    def _await_end(self, grant: Grant) -> None:
        wait_until(lambda: not any(self._answers(grant)), f"end of a grant to {grant.user}")

    def _answers(self, grant: Grant) -> Sequence[bool]:
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        questions = (grant.question(verb) for verb in grant.verbs)
        answers = [self._api.request("POST", path, question).json() for question in questions]
        return [answer["status"]["allowed"] for answer in answers]

    def _create(self, body: Manifest, name: str, namespace: str | None) -> None:
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
        self._api.create({"apiVersion": f"{RBAC}/v1", "metadata": metadata} | body)
