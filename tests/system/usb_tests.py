"""USB keyboards on a machine without PS/2, as a person types on them: QEMU's, behind hubs, in pairs, pulled out."""
from harness import Result, check, run
from session import Machine

XHCI = ("-device", "qemu-xhci,id=usb")
NO_PS2 = ("-machine", "q35,i8042=off", *XHCI)
LIMIT_S = 20
HOLD_S = 0.5


def shown(machine, name, pattern, limit=LIMIT_S):
    """The screen comes to show this."""
    return Result(name, machine.wait(pattern, limit), "\n".join(machine.screen.display))


def types(machine, name, word):
    """A word that is typed stands at the prompt, and is rubbed out."""
    for letter in word:
        machine.press(letter)
    yield shown(machine, name, f"cobble> {word} *\n")
    for _ in word:
        machine.press("backspace")
    yield shown(machine, f"{name}_and_goes", "cobble> *\n(.*\n)* 0 monitor")
    machine.rest(HOLD_S)     # QEMU lets the last key go: on another keyboard, if there is a newer one by then


def keys():
    """The monitor, a guest's key words, repeats by the clock, LEDs, Alt+Fn; then PS/2 is not missed."""
    qemu = (*NO_PS2, "-device", "usb-kbd,bus=usb.0")
    with Machine("--type", "monitor:run keys &\n", qemu=qemu) as machine:
        yield check("usb.keys.prompt", machine.wait("keys runs in(.*\n)*cobble> *\n", 90))
        yield shown(machine, "usb.keys.found", "USB: keyboard 0627:0001 at [0-9a-f:.]+ port")
        yield from types(machine, "usb.keys.monitor", "ok")
        machine.press("alt", "f2")
        machine.wait("Press any key")
        machine.press("shift", "a")
        yield shown(machine, "usb.keys.guest", "(?s)1 80098900.*2 800d6141.*3 800c6141.*4 00088900")
        machine.command("input-send-event", events=[{"type": "key", "data": {
            "down": True, "key": {"type": "qcode", "data": "b"}}}])
        yield shown(machine, "usb.keys.repeats", "(?s)000d6262.*000d6262.*000d6262")
        machine.command("input-send-event", events=[{"type": "key", "data": {
            "down": False, "key": {"type": "qcode", "data": "b"}}}])
        yield shown(machine, "usb.keys.comes_up", "000c6262")


def image_without_ps2():
    """The image from CD, no window, a USB keyboard and no other: what is typed by QEMU's monitor arrives."""
    with Machine("--headless", "--iso", qemu=("-machine", "q35,i8042=off", "-device", "qemu-xhci", "-device",
                                              "usb-kbd")) as machine:
        yield check("usb.image.prompt", machine.wait("USB: keyboard(.*\n)*cobble> *\n", 90))
        yield from types(machine, "usb.image.types", "hello")
        for key in (*"run", "spc", *"hello", "ret"):
            machine.press(key)
        yield shown(machine, "usb.image.runs_hello", "hello: exit 0 in")


def hubs():
    """Two levels of hubs with other devices beside the keyboard, on a controller that leaves nothing to chance."""
    qemu = (*NO_PS2, "-device", "usb-hub,bus=usb.0,port=1", "-device", "usb-hub,bus=usb.0,port=1.3",
            "-device", "usb-mouse,bus=usb.0,port=1.1", "-device", "usb-kbd,bus=usb.0,port=1.3.2")
    with Machine(qemu=qemu) as machine:
        yield check("usb.hubs.prompt", machine.wait("cobble>", 90))
        yield shown(machine, "usb.hubs.found", "USB: keyboard 0627:0001 at [0-9a-f:.]+ hub port 2")
        yield shown(machine, "usb.hubs.others", "0627:0001 at [0-9a-f:.]+ hub port 1 is no keyboard")
        yield from types(machine, "usb.hubs.types", "hub")


def hot_plug():
    """None at first, which is said; plugged in, pulled out with a key held, a second one, behind a hub that goes."""
    with Machine(qemu=NO_PS2) as machine:
        yield check("usb.hot_plug.prompt", machine.wait("cobble>", 90))
        yield shown(machine, "usb.hot_plug.none_is_said", "warn: no keyboard: no PS/2 controller, and on xHCI only 0")
        machine.command("device_add", driver="usb-kbd", bus="usb.0", port="2", id="one")
        yield shown(machine, "usb.hot_plug.comes", "USB: keyboard 0627:0001")
        yield from types(machine, "usb.hot_plug.types", "first")
        machine.command("device_del", id="one")
        yield shown(machine, "usb.hot_plug.goes", "keyboard 0627:0001 is gone")
        machine.type("clear\r")
        machine.wait(r"\A *cobble> *\n")
        machine.command("device_add", driver="usb-hub", bus="usb.0", port="1", id="hub")
        machine.command("device_add", driver="usb-kbd", bus="usb.0", port="1.1", id="two")
        yield shown(machine, "usb.hot_plug.behind_a_hub", "USB: keyboard 0627:0001 at [0-9a-f:.]+ hub port 1")
        yield from types(machine, "usb.hot_plug.types_there", "second")
        machine.command("device_add", driver="usb-kbd", bus="usb.0", port="3", id="three")
        yield shown(machine, "usb.hot_plug.two", "USB: keyboard 0627:0001 at [0-9a-f:.]+ port")
        yield from types(machine, "usb.hot_plug.types_with_two", "third")
        machine.command("device_del", id="hub")
        yield shown(machine, "usb.hot_plug.hub_goes_with_it", "keyboard 0627:0001 is gone")
        yield from types(machine, "usb.hot_plug.the_other_stays", "last")


def beside_ps2():
    """PS/2 and USB on one machine; without a keyboard on xHCI, nothing is complained of."""
    with Machine(qemu=XHCI) as machine:
        yield check("usb.beside_ps2.prompt", machine.wait("cobble>", 90))
        yield from types(machine, "usb.beside_ps2.ps2", "old")
        machine.command("device_add", driver="usb-kbd", bus="usb.0", id="kbd")
        yield shown(machine, "usb.beside_ps2.comes", "USB: keyboard 0627:0001")
        yield from types(machine, "usb.beside_ps2.usb", "new")
        machine.command("device_del", id="kbd")
        yield shown(machine, "usb.beside_ps2.goes", "keyboard 0627:0001 is gone")
        yield from types(machine, "usb.beside_ps2.ps2_again", "again")
        yield Result("usb.beside_ps2.no_complaint", "no keyboard:" not in "\n".join(machine.screen.display))


def no_leak():
    """A keyboard that comes into use while guests run is nobody's leak."""
    boot = run("--autorun", "loop timeout=3s expect=timeout", "--", *NO_PS2, "-device", "usb-kbd")
    yield check("usb.no_leak.keyboard", "USB: keyboard 0627:0001" in boot.out, boot)
    yield check("usb.no_leak.none", boot.status == 0 and "\n# leaked frames: 0\n" in boot.out, boot)


def others():
    """Controllers that are not driven are named, and that there is no keyboard."""
    qemu = ("-machine", "q35,i8042=off", "-device", "usb-ehci", "-device", "piix3-usb-uhci", "-device", "pci-ohci")
    with Machine(qemu=qemu) as machine:
        yield check("usb.others.prompt", machine.wait("cobble>", 90))
        for kind in ("EHCI", "UHCI", "OHCI"):
            yield shown(machine, f"usb.others.{kind}", f"USB: {kind} [0-9a-f:.]+ is not supported")
        yield shown(machine, "usb.others.no_keyboard",
                    "warn: no keyboard: no PS/2 controller, and no USB controller that")
        yield shown(machine, "usb.others.a_row_of_80_columns_leaves_no_blank_row",
                    r"is not supported: a keyboard there types if the[^\n]* *\n[a-z]")


def tests():
    """Name and function of each test."""
    for function in (keys, image_without_ps2, hubs, hot_plug, beside_ps2, no_leak, others):
        yield f"usb.{function.__name__}", function
