"""An absent LoadBalancer came back while its record was taken: it gets the record again."""

from __future__ import annotations

from lbdoctor.diagnosis.port import ReadError
from lbdoctor.domain.findings import Finding
from lbdoctor.domain.fixes import record_id
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.repair import moves
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.port import Unwritten, WriteError, WriteId
from lbdoctor.repair.writing import TRIES, Pen, VerifyError, cause_of


def is_booked_on(lb: LoadBalancer, record: Record) -> bool:
    """Whether a LoadBalancer uses the address of a record, in the record's pool."""
    booking = lb.booking
    return booking is not None and booking.pool == record.pool and booking.address == record.address


def put_back(pen: Pen, finding: Finding, record: Record, released: WriteId) -> Outcome:
    """Write the record again, if nobody else has the address by now.

    Between two tries nobody waits: while the record is missing, others may get the address.
    """
    text = "its LoadBalancer came back, booked on it"
    for _ in range(TRIES):
        try:
            pool = pen.cluster.ip_pool(record.pool)
            holders = _holders(pool, record)
            if pool is not None and record.owner in {holder.owner for holder in holders}:
                text = f"{text}, and took it anew"
                return Outcome(finding, Result.DONE, text, (released,))
            if pool is None or holders:
                text = f"{text}, and the address is taken"
                return Outcome(finding, Result.FAILED, text, (released,))
            id_ = pen.pool(moves.restore(pool, record_id(record)), pool, cause_of(finding))
        except WriteError as error:
            if error.why not in (Unwritten.CONFLICT, Unwritten.FAILED):
                text = f"{text}; the record could not be put back: {error}"
                return Outcome(finding, Result.FAILED, text, (released,))
        except (ReadError, VerifyError) as error:
            text = f"{text}; the record could not be put back: {error}"
            return Outcome(finding, Result.FAILED, text, (released,))
        else:
            text = f"{text}: the record was put back"
            return Outcome(finding, Result.REFUSED, text, (released, id_))
    text = f"{text}; the record could not be put back: somebody else keeps writing to the pool"
    return Outcome(finding, Result.FAILED, text, (released,))


def _holders(pool: IPPool | None, record: Record) -> list[Record]:
    return [item for item in pool.records if item.address == record.address] if pool else []
