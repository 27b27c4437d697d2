"""Fetches the lists that a scan reads, page by page, and parses nothing.

``raw_fetch.py KUBECONFIG`` prints bytes and pages; only the standard library is used.
"""

from __future__ import annotations

import base64
import http.client
import re
import ssl
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

GROUP = "/apis/loadbalancer.harvesterhci.io/v1beta1"
PATHS = (f"{GROUP}/ippools", f"{GROUP}/loadbalancers")
TOKEN = re.compile(rb'"continue":"([^"]+)"')
ENDS = 2000
"""Bytes at the start and at the end of a page among which its token is looked for."""


ATTEMPTS = 5
"""A busy kube-apiserver answers 504 where its cache is a little behind."""


def fetch(connection: http.client.HTTPSConnection, target: str) -> bytes:
    for _ in range(ATTEMPTS):
        connection.request("GET", target, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200:
            return body
    raise SystemExit(f"{target}: {answer.status} {body.decode()}")


def pages(connection: http.client.HTTPSConnection, path: str) -> Iterator[bytes]:
    token = ""
    while True:
        query = f"?limit=500&continue={quote(token)}" if token else "?limit=500"
        body = fetch(connection, path + query)
        yield body
        found = TOKEN.search(body[:ENDS]) or TOKEN.search(body[-ENDS:])
        if found is None:
            return
        token = found[1].decode()


def connect(kubeconfig: str) -> http.client.HTTPSConnection:
    """Read the lines that the control plane of the tests writes, without a YAML parser."""
    text = Path(kubeconfig).read_text(encoding="utf-8")
    values = dict(re.findall(r"([a-z-]+): (\S+)$", text, re.MULTILINE))
    context = ssl.create_default_context(
        cadata=base64.b64decode(values["certificate-authority-data"]).decode()
    )
    with tempfile.NamedTemporaryFile() as pair:
        for name in ("client-key-data", "client-certificate-data"):
            pair.write(base64.b64decode(values[name]))
        pair.flush()
        context.load_cert_chain(pair.name)
    host, _, port = values["server"].removeprefix("https://").rpartition(":")
    return http.client.HTTPSConnection(host, int(port), context=context, timeout=120)


if __name__ == "__main__":
    server = connect(sys.argv[1])
    sizes = [len(body) for path in PATHS for body in pages(server, path)]
    sys.stdout.write(f"{sum(sizes)} {len(sizes)}\n")
