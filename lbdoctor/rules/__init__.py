"""The catalogue of what can be wrong with Harvester's load balancers."""

from __future__ import annotations

from collections.abc import Collection

from lbdoctor.domain.errors import UsageError
from lbdoctor.rules import (
    bookings,
    control,
    load_balancers,
    pool_entries,
    pool_state,
    pools,
    records,
    waiting,
)
from lbdoctor.rules.rule import Rule

# Sorted by code. A code is never reused or renamed: retired ones stay here as a comment.
CATALOGUE: tuple[Rule, ...] = (
    control.controller_down,
    control.webhook_down,
    records.stale_allocation,
    records.double_allocation,
    records.foreign_allocation,
    pool_entries.invalid_record,
    pool_state.counter_drift,
    pool_entries.blocking_history,
    pool_state.pending_release_request,
    pools.pool_exhausted,
    pools.frozen_pool,
    pools.terminating_pool,
    pools.mislabelled_pool,
    bookings.stuck_allocation,
    bookings.unrecorded_booking,
    bookings.address_conflict,
    bookings.missing_pool,
    load_balancers.stuck_terminating,
    load_balancers.no_pool,
    waiting.backing_off,
    load_balancers.unset_ipam,
    load_balancers.address_mismatch,
)


def find(code: str) -> Rule:
    """Return the rule of a code, in any case.

    Raises:
        UsageError: There is no such code.
    """
    for rule in CATALOGUE:
        if rule.code == code.upper():
            return rule
    raise UsageError(f"there is no code {code}", hint="lbdoctor explain")


def select(only: Collection[str] = (), ignore: Collection[str] = ()) -> tuple[Rule, ...]:
    """Return the rules to run: those of ``only``, else all, without those of ``ignore``.

    Raises:
        UsageError: A code does not exist, or none is left.
    """
    wanted = {find(code).code for code in only}
    left_out = {find(code).code for code in ignore}
    chosen = tuple(
        rule
        for rule in CATALOGUE
        if rule.code not in left_out and (not wanted or rule.code in wanted)
    )
    if not chosen:
        raise UsageError("--only and --ignore leave no code to look for", hint="lbdoctor explain")
    return chosen
