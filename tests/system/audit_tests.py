"""The audit build: after each hidden fault, hv_setpd and hv_adjustpg all page tables of the guest are checked, and
before each IRETQ its frame."""
import os

from harness import check, run
from lib import build

DIRECTORY = build.DIRECTORY / "audit"
# Quick ones, which between them make every kind of leaf and go back to a guest in every way; paging_random takes a
# minute and more when it is audited.
GUESTS = ("paging_map", "paging_rights", "paging_wp", "paging_setpd", "paging_tables", "paging_alias", "paging_stack",
          "paging_traced", "event_iret", "event_nested", "user_enter", "user_int", "user_exceptions")
# Guests that start guests and clone them, to the depth and the number that is allowed.
PARENTS = ("control.ends", "control.lives", "control_tree.deep", "control_tree.orphans", "control_clone.diverge",
           "control_clone.diverge_paging", "control_clone.bombs", "control_clone.parent_dies")


def boots():
    """A few guests that page in all ways. What the audit finds is a panic, and the stream says it."""
    build.build_in(build.ROOT, DIRECTORY, build.RUN_TARGETS, ["-Daudit=true"])
    image = (DIRECTORY / "hv" / "hv.elf").read_bytes()
    yield check("audit.is_built_in", b"audit: %s" in image)
    plan = [*GUESTS, *(f"{guest} control=on timeout=120s" for guest in PARENTS)]
    boot = run("--mem", 128, *(word for spec in plan for word in ("--autorun", spec)),
               environment={**os.environ, "COBBLE_BUILD": str(DIRECTORY)})
    for guest in GUESTS + PARENTS:
        yield check(f"audit.{guest}", boot.verdict(guest).startswith("ok "), boot)
    yield check("audit.status", boot.status == 0, boot)     # no leak, too


def tests():
    """Name and function of each test."""
    yield "audit.boots", boots
