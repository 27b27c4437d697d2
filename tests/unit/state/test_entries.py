"""A change is the same after it was a line of the journal."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from lbdoctor.domain.changes import (
    Booked,
    Booking,
    Change,
    LoadBalancerChange,
    PoolChange,
    Request,
)
from lbdoctor.domain.fixes import LoadBalancerId, PoolId
from lbdoctor.domain.refs import Owner
from lbdoctor.state.entries import from_document, to_document

texts = st.text(max_size=8)
entries = st.dictionaries(texts, st.none() | texts, max_size=3)
numbers = st.none() | st.integers(-(2**63), 2**63)
pools = st.builds(
    PoolChange,
    pool=st.builds(PoolId, texts, texts),
    resource_version=texts,
    records=entries,
    history=entries,
    total=numbers,
    available=numbers,
    last_allocated=st.none() | texts,
    request=st.none() | st.builds(Request, st.none() | texts),
)
bookings = st.builds(Booking, st.none() | st.builds(Booked, texts, texts, texts, texts))
load_balancers = st.builds(
    LoadBalancerChange,
    load_balancer=st.builds(LoadBalancerId, st.builds(Owner, texts, texts), texts),
    resource_version=texts,
    touched=texts,
    booking=st.none() | bookings,
    ipam=st.none() | texts,
)


@given(pools | load_balancers)
def test_a_change_is_the_same_again(change: Change) -> None:
    assert from_document(json.loads(json.dumps(to_document(change)))) == change
