"""Lets atheris search for bytes that break ``--from``; its arguments are libFuzzer's.

Needs ``pip install -e '.[fuzz]'``. An hour: ``python -m tests.fuzz -max_total_time=3600``.
What it finds is written to ``crash-*`` in the current directory.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml


def seeds(directory: Path) -> None:
    """Write inputs from which the search starts."""
    from tests.bundle.collector import collect, pack
    from tests.bundle.served import Served
    from tests.cli.manifests import deployment, lb, namespace, pool, service
    from tests.fuzz import inputs

    held = pool(allocated={"10.0.0.5": "a/web", "10.0.0.6": "a/gone", "10.0.0.7": "a/stuck"})
    objects = [held, lb(ip="10.0.0.5"), lb("stuck"), service(), deployment(), namespace()]
    listed = {"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {}}
    texts = (json.dumps(listed), yaml.safe_dump(listed), yaml.safe_dump_all(objects))
    for index, text in enumerate(texts):
        (directory / f"text-{index}").write_bytes(bytes([inputs.TEXT]) + text.encode())
    top = collect(Served([*objects, namespace("harvester-system")]), directory, extra=["a"])
    files = [top / name for name in inputs.BUNDLED]
    parts = [file.read_bytes() if file.exists() else b"" for file in files]
    bundled = bytes([inputs.BUNDLE]) + inputs.SEPARATOR.join(parts)
    packed = pack(top)
    (directory / "archive").write_bytes(bytes([inputs.ARCHIVE]) + packed.read_bytes())
    (directory / "bundle").write_bytes(bundled)
    packed.unlink()


def main() -> None:
    atheris: Any = importlib.import_module("atheris")  # not installed where nobody fuzzes
    with atheris.instrument_imports(include=["lbdoctor"]):
        from tests.fuzz import inputs
    with tempfile.TemporaryDirectory() as name:
        seeds(Path(name))
        atheris.Setup([*sys.argv, name, "-max_len=8192"], inputs.run)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
