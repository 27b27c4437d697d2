"""Build etcd and kube-apiserver if they are missing: ``python -m tests.apiserver.build``."""

from __future__ import annotations

import subprocess
import sys

from tests.apiserver import binaries


def main() -> int:
    try:
        found = binaries.find() or binaries.build()
    except FileNotFoundError:
        sys.stderr.write("cannot build: go is not installed (https://go.dev/dl)\n")
        return 1
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"cannot build: {error}\n")
        return 1
    sys.stdout.write(f"{found.etcd}\n{found.kube_apiserver}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
