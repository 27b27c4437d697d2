"""An absent LoadBalancer came back while its record was taken: it gets the record again."""

from __future__ import annotations

from lbdoctor.diagnosis.port import ReadError
from lbdoctor.domain.findings import Finding
from lbdoctor.domain.fixes import record_id
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import Record
from lbdoctor.repair import moves
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.port import WriteError, WriteId
from lbdoctor.repair.writing import Pen, VerifyError, cause_of


def is_booked_on(lb: LoadBalancer, record: Record) -> bool:
    """Whether a LoadBalancer uses the address of a record, in the record's pool."""
    booking = lb.booking
    return booking is not None and booking.pool == record.pool and booking.address == record.address


def put_back(pen: Pen, finding: Finding, record: Record, released: WriteId) -> Outcome:
    """Write the record again, if nobody else has the address by now."""
    text = "its LoadBalancer came back, booked on it"
    try:
        pool = pen.cluster.ip_pool(record.pool)
        holders = [item for item in pool.records if item.address == record.address] if pool else []
        if pool is None or holders:
            text = f"{text}, and the address is taken"
            return Outcome(finding, Result.FAILED, text, (released,))
        id_ = pen.pool(moves.restore(pool, record_id(record)), pool, cause_of(finding))
    except (ReadError, WriteError, VerifyError) as error:
        text = f"{text}; the record could not be put back: {error}"
        return Outcome(finding, Result.FAILED, text, (released,))
    return Outcome(finding, Result.REFUSED, f"{text}: the record was put back", (released, id_))
