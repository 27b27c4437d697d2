"""``-o name``: what the command line takes again, one subject a line, each once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lbdoctor.domain.addresses import parse_address
from lbdoctor.domain.findings import Subject, SubjectKind
from lbdoctor.domain.refs import parse_owner
from lbdoctor.output import Format
from tests.unit.output.reports import finding, lines, report

LABELS = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
NAMESPACES = LABELS | st.sampled_from(["pool", "service", "lb"])
KEYS = st.sampled_from(["10.0.0.5", "::ffff:10.0.0.5", "fd00::1", "010.0.0.5", "nonsense", ""])
SUBJECTS = st.builds(Subject, st.sampled_from(SubjectKind), LABELS | KEYS, NAMESPACES, LABELS)


def read(name: str) -> tuple[str, str]:
    """Tell what the command line would take a name for, as design.md has it."""
    if parse_address(name) is not None:
        return "address", name
    first, _, rest = name.partition("/")
    if first == "pool" and "/" not in rest:
        return "pool", rest
    if first in ("service", "lb"):
        return first, rest
    assert parse_owner(name) is not None
    return "lb", name


def wanted(subject: Subject) -> tuple[str, str] | None:
    owner = f"{subject.namespace}/{subject.name}"
    match subject.kind:
        case SubjectKind.RECORD:
            address = parse_address(subject.name)
            return ("address", str(address)) if address else ("pool", subject.pool)
        case SubjectKind.POOL:
            return "pool", subject.name
        case SubjectKind.LOAD_BALANCER:
            return "lb", owner
        case SubjectKind.SERVICE:
            return "service", owner
        case SubjectKind.CONTROLLER:
            return None


@given(st.lists(SUBJECTS, max_size=8))
def test_every_name_reads_back_as_its_subject(subjects: list[Subject]) -> None:
    sensible = [
        item
        for item in subjects
        if item.kind is SubjectKind.RECORD
        or (parse_owner(f"{item.namespace}/{item.name}") and parse_address(item.name) is None)
    ]
    found = lines(report(*(finding(subject=item) for item in sensible)), Format.NAME)
    expected = [place for item in sensible if (place := wanted(item))]
    assert [read(line) for line in found] == list(dict.fromkeys(expected))


@given(st.lists(SUBJECTS, max_size=8))
def test_names_hold_no_blanks_and_no_name_comes_twice(subjects: list[Subject]) -> None:
    found = lines(report(*(finding(subject=item) for item in subjects)), Format.NAME)
    assert len(set(found)) == len(found)
    assert all(line and " " not in line for line in found)


def test_the_controller_has_no_name_for_the_command_line() -> None:
    controller = Subject(SubjectKind.CONTROLLER, "harvester-load-balancer", "harvester-system")
    assert lines(report(finding("LBD001", subject=controller)), Format.NAME) == []


def test_nothing_found_prints_nothing() -> None:
    assert lines(report(), Format.NAME) == []
