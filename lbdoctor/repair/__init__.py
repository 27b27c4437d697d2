"""From a report to a plan, from a plan to outcomes: every write guarded, journaled, verified."""
