"""One run of the program's inside on some bytes: nothing but the declared errors may come."""

from __future__ import annotations

import io
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

from lbdoctor import cluster
from lbdoctor.cluster.api import Api
from lbdoctor.cluster.reader import Reader
from lbdoctor.diagnosis.look import look
from lbdoctor.domain.errors import LbdoctorError
from lbdoctor.output import Format, renderer
from lbdoctor.rules import CATALOGUE

V1BETA1 = "loadbalancer.harvesterhci.io/v1beta1"
BUNDLED = (
    "metadata.yaml",
    "bundleGenerationError.log",
    f"yamls/cluster/{V1BETA1}/ippools.yaml",
    f"yamls/namespaced/a/{V1BETA1}/loadbalancers.yaml",
    "yamls/namespaced/a/v1/services.yaml",
    "yamls/cluster/v1/namespaces.yaml",
    "yamls/namespaced/harvester-system/apps/v1/deployments.yaml",
)
"""The files of a bundle, in the order in which the input holds their contents."""

SEPARATOR = b"\x1e"
TEXT, ARCHIVE, BUNDLE = range(3)


def run(data: bytes) -> None:
    """Read what the bytes after the first are, as the first says, and render the report."""
    mode, rest = sum(data[:1]) % 3, data[1:]
    with suppress(LbdoctorError):
        if mode == TEXT:
            api = cluster.open_stream(io.TextIOWrapper(io.BytesIO(rest)))
            report(api)
            return
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "bundle.zip"
            path.write_bytes(rest if mode == ARCHIVE else bundle(rest))
            report(cluster.open_path(path))


def bundle(contents: bytes) -> bytes:
    """Return the zip of a bundle with these contents."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in zip(BUNDLED, contents.split(SEPARATOR), strict=False):
            archive.writestr(f"supportbundle_x/{name}", content)
    return packed.getvalue()


def report(api: Api) -> None:
    found = look(Reader(api), scope=None, rules=CATALOGUE)
    for output in Format:
        stream = io.StringIO()
        renderer(output)(found, stream)
        text = stream.getvalue()
        assert all(char == "\n" or char.isprintable() for char in text), output
