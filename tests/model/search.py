"""Runs a world through all interleavings, up to a number of deviations from the plain course.

The plain course lets whoever is moving go on as long as they can. Every other move is a
deviation, a context switch that could have gone otherwise. A state that was seen with no
fewer deviations left is not entered again. Who comes to a state that this course has been in
(a controller that tries in vain for ever) lets the others go on; where there are none, that
is the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.model.world import Move, Scenario, World

MOST_MOVES = 600
"""No run of so small a world takes longer; one that does hangs."""

Check = Callable[[World], str | None]
"""What has to hold at the end; the text says what does not."""


@dataclass(slots=True)
class Result:
    """What a search has seen."""

    runs: int = 0
    states: int = 0
    violation: str = ""
    course: list[Move] = field(default_factory=list)


@dataclass(slots=True)
class Search:
    scenario: Scenario
    check: Check
    deviations: int
    seen: dict[int, int] = field(default_factory=dict)
    result: Result = field(default_factory=Result)

    def run(self) -> Result:
        """Search until a violation is found, or nothing is left."""
        todo: list[tuple[list[Move], int]] = [([], self.deviations)]
        while todo and not self.result.violation:
            prefix, left = todo.pop()
            todo.extend(self._course(prefix, left))
        self.result.states = len(self.seen)
        return self.result

    def _course(self, prefix: list[Move], left: int) -> list[tuple[list[Move], int]]:
        """Follow a course to its end; return those that branch off it."""
        self.result.runs += 1
        world = World(self.scenario)
        course: list[Move] = []
        found: list[tuple[list[Move], int]] = []
        for move in prefix:
            world.make(move)
            course.append(move)
        mine: set[int] = set()
        while moves := world.moves():
            if len(course) > MOST_MOVES:
                raise AssertionError(f"it does not end: {course[-20:]}")
            key = hash((world.key(), course[-1][0] if course else ""))
            if key in mine:
                others = self._others(moves, course)
                if not others:
                    break
                plain = others[0]
            elif self.seen.get(key, -1) >= left:
                world.doctor.kill()
                return found
            else:
                plain = self._plain(moves, course)
                if left:
                    found += [([*course, move], left - 1) for move in moves if move != plain]
            mine.add(key)
            self.seen[key] = max(left, self.seen.get(key, -1))
            world.make(plain)
            course.append(plain)
        self._judge(world, course)
        return found

    def _plain(self, moves: list[Move], course: list[Move]) -> Move:
        """Return the move of whoever moved last, or else of the first who can."""
        last = self._side(course[-1]) if course else "doctor"
        mine = [move for move in moves if self._side(move) == last]
        return (mine or moves)[0]

    def _others(self, moves: list[Move], course: list[Move]) -> list[Move]:
        """Return who is to go on instead of somebody who turns in circles."""
        last = self._side(course[-1])
        return [move for move in moves if self._side(move) not in (last, "crash", "kill")]

    def _side(self, move: Move) -> str:
        return move[0] if move[0] in ("doctor", "act", "crash", "kill") else "controller"

    def _judge(self, world: World, course: list[Move]) -> None:
        world.settle()
        problem = self.check(world)
        if problem:
            self.result.violation, self.result.course = problem, course
