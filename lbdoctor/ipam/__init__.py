"""How Harvester allocates, as pure functions.

``ranges`` is the arithmetic, ``selection`` the choice of a pool, ``admission`` what the
webhook would refuse, ``annotation`` the release request of an operator.
"""
