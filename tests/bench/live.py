"""Scans of a real API server: lbdoctor beside what it is held against."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Final

from tests.bench import objects
from tests.bench.measuring import PYTHON, Contestant

HERE: Final = Path(__file__).parent
LBDOCTOR: Final = str(Path(PYTHON).with_name("lbdoctor"))

RAW: Final = "raw fetch"
IMPORTS: Final = "imports"
SCAN: Final = "lbdoctor scan"
NAIVE: Final = "naive client"
KUBECTL: Final = "kubectl and jq"

FINDINGS: Final = frozenset({1})
JOIN: Final = """\
($pools[0].items | map(.status.allocated // {} | to_entries) | add) as $records
| ($lbs[0].items | map({key: (.metadata.namespace + "/" + .metadata.name), value: .})
    | from_entries) as $owners
| $records[] | $owners[.value] as $lb
| if $lb == null then "LBD101 \\(.value) \\(.key)"
  elif ($lb.status.allocatedAddress // {}) == {} then "LBD201 \\(.value) \\(.key)"
  else empty end
"""


def contestants(kubeconfig: Path, size: int, scratch: Path) -> list[Contestant]:
    """Return all that can run here; each is checked to find what is wrong in the cluster."""
    config = str(kubeconfig)
    return [
        Contestant(IMPORTS, [PYTHON, "-c", "import typer, kubernetes.client"]),
        Contestant(RAW, [PYTHON, "-I", str(HERE / "raw_fetch.py"), config]),
        Contestant(
            SCAN,
            [LBDOCTOR, "scan", "-o", "json", "--kubeconfig", config],
            FINDINGS,
            lambda output: report_is_right(output, size, confirmed=True),
        ),
        Contestant(
            NAIVE,
            [PYTHON, str(HERE / "naive.py"), config],
            is_right=lambda output: lines_are_right(output, size),
        ),
        *_kubectl(config, size, scratch),
    ]


def _kubectl(kubeconfig: str, size: int, scratch: Path) -> list[Contestant]:
    if not (shutil.which("kubectl") and shutil.which("jq")):
        return []
    get = f"kubectl --kubeconfig {shlex.quote(kubeconfig)} get -o json"
    (scratch / "join.jq").write_text(JOIN, encoding="utf-8")
    pools, lbs = (shlex.quote(str(scratch / name)) for name in ("pools.json", "lbs.json"))
    script = (
        f"{get} ippools.{objects.GROUP} > {pools} && "
        f"{get} loadbalancers.{objects.GROUP} -A > {lbs} && "
        f"jq -nr --slurpfile pools {pools} --slurpfile lbs {lbs} "
        f"-f {shlex.quote(str(scratch / 'join.jq'))}"
    )
    return [
        Contestant(KUBECTL, ["sh", "-c", script], is_right=lambda out: lines_are_right(out, size))
    ]


def report_is_right(output: bytes, size: int, *, confirmed: bool) -> bool:
    """Whether a report names exactly the owners that are stale or stuck."""
    findings = json.loads(output)["findings"]
    found = {
        code: sorted(item["evidence"][0]["value"] for item in findings if item["code"] == code)
        for code in ("LBD101", "LBD201")
    }
    errors = [item for item in findings if item["severity"] == "error"]
    return (
        found["LBD101"] == objects.expected(size)["LBD101"]
        and len(errors) == len(found["LBD101"]) + len(found["LBD201"])
        and len(found["LBD201"]) == len(objects.expected(size)["LBD201"])
        and all(item["confirmed"] is confirmed for item in errors)
    )


def lines_are_right(output: bytes, size: int) -> bool:
    found = sorted(line.rpartition(" ")[0] for line in output.decode().splitlines())
    expected = objects.expected(size)
    return found == sorted(f"{code} {owner}" for code in expected for owner in expected[code])
