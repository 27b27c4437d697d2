"""What hostile inputs lead to; ``python -m tests.cli.hostile_table`` prints it in Markdown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.cli import hostile as make
from tests.cli.hostile import LBS, MB, V1, WHOLE, Make, bundle_with, directory_with, repeated, text
from tests.cli.manifests import healthy, lb, listed, pool
from tests.cli.program import COMMAND, ROOT, Run, environment


@dataclass(frozen=True)
class Hostile:
    """``make`` writes it into a directory and returns what to scan."""

    what: str
    make: Make
    says: str
    code: int = 3
    on_stdin: bool = False


POOL = f"apiVersion: {V1}\nkind: IPPool\nmetadata: {{name: p}}\n"
TOO_LONG = "more than 8 MiB in one object"
TWO_STATES = [*healthy(), {**healthy()[1], "status": {}}]

INPUTS = (
    Hostile(
        "a million aliases and anchors",
        repeated(b"- &a [x]\n- *a\n", 15, POOL.encode() + b"spec:\n"),
        "it uses aliases",
    ),
    Hostile("a mapping that holds itself", text("&a {kind: IPPool, metadata: *a}"), "aliases"),
    Hostile("merge keys", text("a: &b {c: d}\ne: {<<: *b}"), "it uses aliases"),
    Hostile("tags of Python", text("!!python/object/apply:os.system [x]"), "it uses tags"),
    Hostile("100 MB in one line of YAML", repeated(b"x", 100, b"a: "), TOO_LONG),
    Hostile("100 MB in one line of JSON", repeated(b"x", 100, b'{"a": "', b'"}'), TOO_LONG),
    Hostile("100 MB of opening brackets, JSON", repeated(b"[", 100), "nested too deeply"),
    Hostile("100 MB of opening brackets, YAML", repeated(b"[", 100, b"a: "), "200 deep"),
    Hostile("100 MB of a comment", repeated(b"#", 100), TOO_LONG),
    Hostile("100 MB of line ends", repeated(b"\n", 100), TOO_LONG),
    Hostile("100 MB of empty mappings", repeated(b"{},", 100, b"a: ["), TOO_LONG),
    Hostile(
        "an object of 7 MB of empty lists",
        repeated(b"[],", 7, POOL.encode() + b"spec: {a: [", b"]}\n"),
        "not everything",
        1,
    ),
    Hostile("100 MB of empty JSON values", repeated(b"{}", 100), "more than 250000 objects"),
    Hostile("UTF-16", text(POOL.encode("utf-16")), "it is not UTF-8"),
    Hostile("Latin-1", text(POOL.encode() + b"spec: {a: \xe4}"), "it is not UTF-8"),
    Hostile("a NUL", text(POOL + "a: \0"), "control characters are not allowed"),
    Hostile("a gzip", text(b"\x1f\x8b\x08" + bytes(50)), "compressed with gzip"),
    Hostile("a zip on standard input", bundle_with(LBS, b""), "it is a zip archive", on_stdin=True),
    Hostile("JSON that is cut off", text(listed(healthy())[:-30]), "line 1: "),
    Hostile("YAML that is cut off", text(POOL + 'spec: {a: "b'), "unexpected end of stream"),
    Hostile("a List cut off between items", text(f"items:\n- {json.dumps(pool())}\n"), "cut off"),
    Hostile("a key twice in JSON", text('{"kind": "IPPool", "kind": "Pod"}'), "the key 'kind'"),
    Hostile("a key twice in YAML", text(POOL + "kind: Pod\n"), "line 4: the key 'kind' is there"),
    Hostile("a list as a key", text("? [a]\n: b"), "a key that is no plain text"),
    Hostile("one object in two states", text(listed(TWO_STATES)), "LoadBalancer a/web was there"),
    Hostile(
        "10,000 digits in JSON",
        text(listed([pool(total=int("1" * 4000))]).replace("1" * 4000, "1" * 10_000)),
        "status.total is text",
        4,
    ),
    Hostile(
        "10,000 digits in YAML",
        text(f"{POOL}status: {{total: {'1' * 10_000}}}"),
        "status.total is text",
        4,
    ),
    Hostile(
        "a text for the metadata",
        text(f"apiVersion: {V1}\nkind: IPPool\nmetadata: x\n"),
        "metadata is text",
        4,
    ),
    Hostile("a pipe in a directory", directory_with(os.mkfifo), "more.yaml: it is no file"),
    Hostile("a socket in a directory", directory_with(make.a_socket), "more.yaml: it is no file"),
    Hostile(
        "a link out of a directory", directory_with(make.link_out), "a link out of the directory"
    ),
    Hostile(
        "a link to nothing",
        directory_with(lambda path: path.symlink_to("nothing")),
        "more.yaml: it is a link",
    ),
    Hostile(
        "an unusable file in a directory",
        directory_with(make.broken),
        "more.yaml is not what kubectl writes",
    ),
    Hostile(
        "a zip bomb: 200 MB of blanks",
        bundle_with(LBS, b" " * MB, 200),
        "would unpack to 200 MiB",
        4,
    ),
    Hostile("a zip bomb below the limit", bundle_with(LBS, b" " * MB, 90), TOO_LONG, 4),
    Hostile("a zip with ../", make.named("../../etc/cron.d/x"), "names a file outside of itself"),
    Hostile(
        "a zip with an absolute path", make.named("/etc/cron.d/x"), "names a file outside of itself"
    ),
    Hostile(
        "a zip with a link",
        make.zipped(make.with_link, without=LBS),
        "loadbalancers.yaml is a link",
        4,
    ),
    Hostile("a zip with 120,000 files", make.many_files, "lists too many files"),
    Hostile("a zip that is cut off", make.cut, "is no whole zip archive"),
    Hostile("a zip with a damaged file", make.flipped, "is damaged in the zip", 4),
    Hostile("a zip that is encrypted", make.encrypted, "is encrypted"),
    Hostile(
        "a zip that is no bundle",
        text(b"PK\x05\x06" + bytes(18), "a.zip"),
        "is a zip, but no support bundle",
    ),
    Hostile("a zip with a file twice", make.two_of_one_name, "holds two files of one name"),
    Hostile("a zip with a list of 1 GB", make.long_list, "lists too many files"),
    Hostile("a directory 50 deep", directory_with(make.too_deep), "lies more than 40 deep"),
    Hostile(
        "a bundle whose yamls are a link",
        make.unpacked(make.yamls_elsewhere),
        "holds no IPPool",
    ),
    Hostile(
        "a bundle's list of another namespace",
        bundle_with(LBS, listed([lb("web", "b")]).encode()),
        "it holds a LoadBalancer of another namespace",
        4,
    ),
    Hostile(
        "a bundle's list of another kind",
        bundle_with(LBS, listed([{"kind": "Pod", "metadata": {"namespace": "a"}}]).encode()),
        "it holds something else than LoadBalancers",
        4,
    ),
    Hostile("two bundles in a directory", make.two_bundles, "holds 2 support bundles"),
    Hostile(
        "a pipe in a bundle", make.unpacked(make.instead(os.mkfifo)), "is a link or no file", 4
    ),
    Hostile(
        "a link out of a bundle",
        make.unpacked(make.instead(make.link_out)),
        "is a link or no file",
        4,
    ),
    Hostile(
        "a bundle's list cut off",
        bundle_with(LBS, WHOLE[LBS][:-30]),
        "loadbalancers.yaml is not what",
        4,
    ),
    Hostile("a bundle's empty file", bundle_with(LBS, b""), "it looks cut off", 4),
)


@dataclass(frozen=True)
class Measured:
    """A run in a process of its own; ``line`` is what of its output is about the input."""

    run: Run
    seconds: float
    megabytes: int
    line: str


LAUNCH = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""
"""In between, for a child counts the memory that its parent had when it was forked."""


def measure(hostile: Hostile, directory: Path) -> Measured:
    """Scan the input in a process of its own, and say what that took."""
    path, used = hostile.make(directory), directory / "used"
    source = "-" if hostile.on_stdin else str(path)
    with (path if hostile.on_stdin else Path(os.devnull)).open("rb") as stdin:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-S", "-c", LAUNCH, str(used), *COMMAND, "scan", "--from", source],
            stdin=stdin,
            capture_output=True,
            cwd=ROOT,
            env=environment(),
            timeout=120,
            check=False,
        )
        seconds = time.monotonic() - started
    run = Run(done.returncode, done.stdout.decode(), done.stderr.decode())
    lines = (run.stderr + run.stdout).splitlines()
    line = next((item for item in lines if hostile.says in item), "".join(lines[:1]))
    kilobytes = int(used.read_text()) // (1024 if sys.platform == "darwin" else 1)
    return Measured(run, seconds, kilobytes // 1024, line)


def main() -> None:
    sys.stdout.write("| input | exit | what is said | s | MB |\n|---|---|---|---|---|\n")
    for hostile in INPUTS:
        with tempfile.TemporaryDirectory() as name:
            found = measure(hostile, Path(name))
            line = found.line.replace(f"{name}/", "").replace("|", r"\|").strip()
            line = line.partition("; try: ")[0]
            sys.stdout.write(
                f"| {hostile.what} | {found.run.code} | `{line}` "
                f"| {found.seconds:.1f} | {found.megabytes} |\n"
            )


if __name__ == "__main__":
    main()
