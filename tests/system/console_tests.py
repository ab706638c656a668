"""Keyboard and consoles as a person sees them: both keyboards, the screen as a terminal shows it."""
from harness import Result, check
from session import Machine


def lights():
    """NumLock and CapsLock light up: QEMU's keyboard says which LEDs it was told."""
    machine = Machine(trace=["ps2_set_ledstate"])
    try:
        yield check("keyboard.prompt", machine.wait("cobble>", 90))
        for name, key, state in (("caps", "caps_lock", 4), ("both", "num_lock", 6), ("num", "caps_lock", 2),
                                 ("none", "num_lock", 0)):
            machine.press(key)
            yield check(f"keyboard.lights_{name}", machine.traced(rf"(?s)ledstate {state}\n$"))
        machine.press("a")
        yield Result("keyboard.types_on", machine.wait("cobble> a *\n", 10), "\n".join(machine.screen.display))
    finally:
        machine.process.terminate()
        machine.close()


def tests():
    """Name and function of each test."""
    for function in (lights,):
        yield f"console.{function.__name__}", function
