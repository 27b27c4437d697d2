"""Scans of files, as kubectl prints them: YAML and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import yaml

from tests.bench import objects
from tests.bench.live import FINDINGS, LBDOCTOR, report_is_right
from tests.bench.measuring import Contestant
from tests.bench.objects import Manifest

YAML: Final = "lbdoctor scan --from YAML"
JSON: Final = "lbdoctor scan --from JSON"


LARGEST_YAML: Final = 10_000
"""Above it the time goes in a straight line, by minutes."""


def contestants(directory: Path, size: int) -> list[Contestant]:
    """Write the files and return the scans of them."""
    files = {JSON: directory / f"{size}.json"}
    _write_json(files[JSON], size)
    if size <= LARGEST_YAML:
        files[YAML] = directory / f"{size}.yaml"
        _write_yaml(files[YAML], size)
    return [
        Contestant(
            name,
            [LBDOCTOR, "scan", "-o", "json", "--from", str(file)],
            FINDINGS,
            lambda output: report_is_right(output, size, confirmed=False),
        )
        for name, file in files.items()
    ]


def _write_yaml(file: Path, size: int) -> None:
    with file.open("w", encoding="utf-8") as stream:
        stream.write("apiVersion: v1\nitems:\n")
        stream.writelines(_items(size, _yaml_item))
        stream.write("kind: List\nmetadata:\n  resourceVersion: ''\n")


def _write_json(file: Path, size: int) -> None:
    with file.open("w", encoding="utf-8") as stream:
        stream.write('{"apiVersion": "v1", "items": [\n')
        for number, text in enumerate(_items(size, json.dumps)):
            stream.write(f"{',' if number else ''}{text}\n")
        stream.write('], "kind": "List", "metadata": {"resourceVersion": ""}}\n')


def _items(size: int, dump: Callable[[Manifest], str]) -> Iterator[str]:
    yield from (dump(pool) for pool in objects.pools(size))
    yield from (text for _, _, text in objects.load_balancers(size, dump))


class _Dumper(yaml.CSafeDumper):
    """Writes no aliases, as kubectl writes none."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _yaml_item(manifest: Manifest) -> str:
    return str(yaml.dump([manifest], Dumper=_Dumper, width=1000))
