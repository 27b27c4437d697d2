"""How Harvester allocates, as pure functions (harvester.md 5).

``ranges`` is the arithmetic, ``selection`` the choice of a pool, ``admission`` what the
webhook would refuse, ``annotation`` the release request of an operator.
"""
