"""The controller taken up to one of its writes, so that ours comes in between."""

from __future__ import annotations

from lbdoctor.cluster.memory.controller.run import Task
from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.refs import Kind, Owner
from tests.unit.repair.interposed import Call, Hook
from tests.unit.repair.world import World

LB, POOL = Kind.LOAD_BALANCER, Kind.IP_POOL
FIRST_OF_P1 = {"status": {"allocated": {"10.0.0.7": "a/web"}, "available": 252}}
"""What the controller writes to the pool for a first address."""


def both(*hooks: Hook) -> Hook:
    def hook(call: Call) -> None:
        for one in hooks:
            one(call)

    return hook


def ready(cluster: World) -> World:
    """Let the controller have built its allocators, and nothing more."""
    controller = cluster.with_controller().running
    controller.listen()
    for ref in [ref for ref in controller.ready() if ref.kind is POOL]:
        task = controller.begin(ref)
        while task in controller.tasks:
            controller.advance(task)
    controller.listen()
    return cluster


def up_to_w3(cluster: World, name: str = "web") -> Task:
    controller = cluster.running
    controller.listen()
    task = controller.begin(Owner("a", name).ref)
    while task.next is not None and task.next is not Step.W3:
        controller.advance(task)
    assert task.next is Step.W3
    return task


def later(cluster: World) -> str:
    cluster.running.run_for(300, cluster.clock.advance)
    return cluster.booking()


def advance(cluster: World, tasks: list[Task]) -> None:
    """Send the write that the first task stands before."""
    cluster.running.advance(tasks[0])
