"""Where the etcd and kube-apiserver of these tests are, and how they are built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

MODULE = Path(__file__).parent
PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
}


@dataclass(frozen=True, slots=True)
class Binaries:
    etcd: Path
    kube_apiserver: Path


def version() -> str:
    """Return the Kubernetes version that go.mod names, without the v."""
    found = re.search(
        r"^\s*k8s\.io/kubernetes v(\S+)", (MODULE / "go.mod").read_text(), re.MULTILINE
    )
    if found is None:
        raise LookupError("go.mod names no version of k8s.io/kubernetes")
    return found[1]


def directory() -> Path:
    """Return the one directory where both binaries are looked for and built."""
    if assets := os.environ.get("KUBEBUILDER_ASSETS"):
        return Path(assets)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / f"lbdoctor/apiserver-{version()}"


def find() -> Binaries | None:
    """Return both binaries, or nothing unless both are there."""
    found = Binaries(directory() / "etcd", directory() / "kube-apiserver")
    return found if all(os.access(path, os.X_OK) for path in _paths(found)) else None


def build() -> Binaries:
    """Build both binaries with Go.

    Raises:
        subprocess.CalledProcessError: Go could not build one of them.
        FileNotFoundError: Go is not installed.
    """
    target = directory()
    target.mkdir(parents=True, exist_ok=True)
    sys.stderr.write(
        f"building etcd and kube-apiserver {version()} in {target}: "
        "about 10 minutes on two cores when nothing is cached\n"
    )
    # Renamed when whole: a build that is killed leaves nothing that find() would take.
    with tempfile.TemporaryDirectory(prefix=".building-", dir=target) as scratch:
        for name, package in PACKAGES.items():
            _go_build(package, Path(scratch) / name)
            (Path(scratch) / name).replace(target / name)
    return Binaries(target / "etcd", target / "kube-apiserver")


def _go_build(package: str, output: Path) -> None:
    subprocess.run(
        ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", str(output.absolute()), package],
        cwd=MODULE,
        # GOWORK: a go.work in a parent directory would bring its own versions.
        env={**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"},
        check=True,
    )


def _paths(binaries: Binaries) -> tuple[Path, Path]:
    return binaries.etcd, binaries.kube_apiserver
