"""Keyboard and consoles as a person sees them: both keyboards, the screen as a terminal shows it."""
import pathlib
import re
import tempfile

import matrix
import pyte
from harness import Result, check, run
from session import Machine, Terminal, judge

PASTE = 3000            # characters, each two key words

# A prompt at the bottom of the monitor, and the status line of an idle one.
AT_BOTTOM = "cobble> *\n(.*\n)* 0 monitor +type help"


def lights():
    """NumLock and CapsLock light up: QEMU's keyboard says which LEDs it was told."""
    with Machine(trace=["ps2_set_ledstate"]) as machine:
        yield check("keyboard.prompt", machine.wait("cobble>", 90))
        for name, key, state in (("caps", "caps_lock", 4), ("both", "num_lock", 6), ("num", "caps_lock", 2),
                                 ("none", "num_lock", 0)):
            machine.press(key)
            yield check(f"keyboard.lights_{name}", machine.traced(rf"(?s)ledstate {state}\n$"))
        machine.press("a")
        yield Result("keyboard.types_on", machine.wait("cobble> a *\n", 10), "\n".join(machine.screen.display))


def first_screen():
    """What it is, what to type, by which keyboard and line; no figures, which the log has; lines broken at blanks."""
    for name, machine_type, keyboard in (("ps2", "q35", "PS/2"), ("no_keyboard", "q35,i8042=off", "none: no PS/2")):
        with Machine(qemu=("-machine", machine_type)) as machine:
            yield check(f"first_screen.{name}", machine.wait(
                rf"\A *Cobble .* runs small kernels(.*\n)+ +run hello .*\n(.*\n)+Keyboard +{keyboard}.*\n"
                r"Serial line +COM1, 115200.*\n(.*\n)*cobble> *\n", 90))
            machine.rest(0.5)
            figures = re.search("TSC|cycles|functions|frames", "\n".join(machine.screen.display))
            yield check(f"first_screen.{name}_no_figures", not figures)
    with Machine() as machine:
        machine.wait("cobble>", 90)
        machine.type("log\r")
        shown = machine.wait("PCI: [0-9]+ functions(.*\n)+clock: TSC at(.*\n)+log level info", 20)
        yield Result("first_screen.log_has_figures", shown, "\n".join(machine.screen.display))


def scroll_back():
    """Shift+PgUp on either keyboard shows what scrolled off; a key or a guest's end returns to the prompt."""
    with Machine() as machine:
        yield check("scroll.prompt", machine.wait("cobble>", 90))
        for _ in range(3):
            machine.type("help\r")
        machine.type("bogus1\r")
        machine.wait("'bogus1' is no")
        bottom = machine.screen.display[:25]
        machine.press("shift", "pgup")
        yield check("scroll.pgup", machine.wait("12 of [0-9]+ rows back"))
        yield Result("scroll.half_a_screen", machine.screen.display[12:25] == bottom[:13], "\n".join(bottom))
        machine.type("\x1b[5;2~" * 9)
        yield check("scroll.serial_to_the_top", machine.wait("^ *Cobble ")
                    and machine.wait("([0-9]+) of \\1 rows back"))
        machine.press("shift", "pgdn")
        yield check("scroll.pgdn", machine.wait("^(?! *Cobble)(.*\n)+.* rows back"))
        machine.type("x")
        yield check("scroll.key_returns", machine.wait("is no(.*\n)*cobble> x *\n(.*\n)* 0 monitor +type help"))
        machine.type("\b")
        machine.wait(AT_BOTTOM)
        machine.type("\x1b[5;2~")
        yield check("scroll.again", machine.wait("12 of"))
        # Nothing but this byte comes, and no guest is there: half a sequence must wake the loop by itself.
        machine.type("\x1b")
        yield check("scroll.lone_escape_is_a_key", machine.wait(AT_BOTTOM, 5))
        machine.type("run event_rate.shown &\r")
        machine.wait(r"event_rate\.shown (.*\n)*cobble> *\n")
        machine.press("shift", "pgup")
        yield check("scroll.beside_a_guest", machine.wait("12 of"))
        yield check("scroll.output_returns", machine.wait(f"event_rate.shown: exit 0 in(.*\n)*{AT_BOTTOM}"))


def line_break():
    """A BREAK on the serial line, which QEMU sends for Ctrl-A b, is no key of a guest and nothing to the monitor."""
    with Terminal("--type", "monitor:run keys\n") as terminal:
        yield check("break.guest", terminal.wait("Press any key", 90))
        terminal.type("\x01b\x01bq")
        yield Result("break.guest_sees_the_next_key_only", terminal.wait(r" 1 000d7171 .*\n +2 000c7171 "),
                     "\n".join(terminal.screen.display))
        terminal.type("\x04")
        yield check("break.monitor", terminal.wait("cobble> *\n"))
        terminal.type("a\x01bb\0c")
        yield Result("break.monitor_types_no_blank", terminal.wait("cobble> abc *\n"),
                     "\n".join(terminal.screen.display))


def held_keys():
    """A key that is held repeats in the monitor and in a guest, which sees each make and one break."""
    with Machine("--type", "monitor:run keys &\n") as machine:
        yield check("held.prompt", machine.wait("keys runs in(.*\n)*cobble> *\n", 90))
        machine.hold("a", 3)
        yield Result("held.monitor", machine.wait("cobble> aaa *\n"), "\n".join(machine.screen.display))
        machine.type("\x1d1")
        machine.wait("Press any key")
        machine.hold("b", 3)
        yield Result("held.guest", machine.wait(" 1 000d6262 .*\n +2 000d6262 .*\n +3 000d6262 .*\n +4 000c6262 "),
                     "\n".join(machine.screen.display))


def reboot_keys():
    """Ctrl+Alt+Del is a guest's key like any other in its console, and restarts the machine in the monitor's."""
    with Machine("--type", "monitor:run keys &\n") as machine:
        yield check("reboot.prompt", machine.wait("keys runs in(.*\n)*cobble> *\n", 90))
        machine.type("\x1d1")
        machine.wait("Press any key")
        machine.press("ctrl", "alt", "delete")
        yield Result("reboot.guest_gets_it", machine.wait(" 3 280d7f7f (.*\n)* 1 keys +running"),
                     "\n".join(machine.screen.display))
        machine.type("\x1d0halves of a line")
        machine.wait("cobble> halves of a line")
        machine.press("ctrl", "alt", "delete")
        yield Result("reboot.monitor_restarts", machine.wait(r"\A(?![\s\S]*halves)[\s\S]*cobble> *\n", 90),
                     "\n".join(machine.screen.display))


def pastes():
    """A paste arrives whole; one that a guest never takes lets the prefix through, and the keys for others."""
    with Terminal("--type", "monitor:run loop &\nrun keys\n") as terminal:
        yield check("paste.guest", terminal.wait("Press any key", 90))
        terminal.type("a" * (PASTE - 1) + "z")
        yield Result("paste.arrives_whole", terminal.wait(f"{2 * PASTE - 1} 000d7a7a .*\n +{2 * PASTE} 000c7a7a ", 120),
                     "\n".join(terminal.screen.display))
        terminal.type("\x1d1")
        terminal.wait("\n 1 loop +running")
        terminal.type("b" * PASTE + "\x1d0")
        yield check("paste.prefix_gets_through", terminal.wait("\n 0 monitor", 30))
        terminal.type("info 1\r")
        yield Result("paste.monitor_is_typed_to", terminal.wait("cobble> info 1 *\n(.*\n)*cobble> *\n"),
                     "\n".join(terminal.screen.display))


def held_over_switches():
    """Alt that is held over Alt+F1 comes up in the guest that lost the view, and nothing of it reaches the monitor."""
    with Machine("--type", "monitor:run keys &\n") as machine:
        yield check("switch.prompt", machine.wait("keys runs in(.*\n)*cobble> *\n", 90))
        machine.type("\x1d1")
        machine.wait("Press any key")
        machine.press("alt", "f1")
        yield check("switch.monitor", machine.wait("\n 0 monitor"))
        machine.press("alt", "f2")
        yield Result("switch.guest_sees_alt_come_up",
                     machine.wait(" 1 08098500 .*\n +2 00088500 .*\n +\n"), "\n".join(machine.screen.display))


def plan_back():
    """The rows that scrolled off a guest of a plan can be looked at, on the screen of a run that somebody watches."""
    typed = r"echo first row\n" + r"help\n" * 12 + r"echo last row\n"
    with Machine("--autorun", f'pebbles timeout=120s expect=timeout type="{typed}"') as machine, \
            tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "picture.ppm"

        def comes(is_wanted, looks):
            """Within so many looks: is the row on the screen, or is it not?"""
            for _ in range(looks):
                machine.command("screendump", filename=str(path), format="ppm")
                if matrix.shows(matrix.read_picture(path), "first row") == is_wanted:
                    return True
                machine.rest(0.3)
            return False

        said = machine.wait(r"# pebbles\| last row", 90)
        is_gone, is_back = comes(False, 30), False
        for _ in range(16):
            machine.press("shift", "pgup")
            is_back = comes(True, 3)
            if is_back:
                break
        yield judge("console.plan_back", said and is_gone and is_back, machine)


def prints():
    """More rows than the log holds, printed in a row: each is in the stream once, in order."""
    boot = run("--autorun", "print_order.flood output=1M")
    prefix = "# print_order.flood| "
    rows = [line.removeprefix(prefix) for line in boot.out.splitlines() if line.startswith(prefix)]
    yield check("prints.rows_in_order", rows == [f"row {i}" for i in range(3000)], boot)


class Paper:
    """What a terminal shows that only adds lines, in place of a screen and of the stream that feeds it."""

    def __init__(self):
        self.data = b""

    def feed(self, data):
        self.data += data

    @property
    def display(self):
        return self.data.decode("utf-8", "replace").replace("\r", "").split("\n")


def plain_lines():
    """terminal lines: whole lines in, all rows out, also more than a screen has, and no escape sequence."""
    with tempfile.TemporaryDirectory() as name:
        config = pathlib.Path(name, "cobble.cfg")
        config.write_text("terminal lines\n", encoding="ascii")
        with Terminal("--config", str(config)) as terminal:
            terminal.screen = terminal.stream = paper = Paper()
            yield judge("lines.prompt", terminal.wait(r"\ncobble> $", 90), terminal)
            begun = paper.data.rfind(b"-- 0 monitor")
            terminal.type("help\r\n")
            terminal.wait(r"  poweroff +switch.*\n(.*\n)*cobble> $", 20)
            terminal.rest(1)
            answer = "\n".join(paper.display).partition("cobble> help\n")[2]
            commands = re.findall(r"^  ([a-z]+) ", answer, re.MULTILINE)
            yield judge("lines.all_rows", len(commands) >= 24 and commands[0] == "help" and commands[-1] == "poweroff",
                        terminal)
            yield judge("lines.one_enter", answer.count("cobble> ") == 1, terminal)
            terminal.type("run hello\n")
            both = (r"cobble> .*\n-- 1 hello .*\n(.*\n)*-- 0 monitor .*\ncobble> run hello\n(info: .*\n)?"
                    r"\| Hello from a guest.*\n1 hello: exit 0 in .*\ncobble> $")
            yield judge("lines.views", terminal.wait(both, 20), terminal)
            yield judge("lines.no_escape_sequence", begun > 0 and b"\x1b" not in paper.data[begun:], terminal)


def small_terminal():
    """terminal 24: the prompt is above the status line, which is the last row; terminal in the monitor changes it."""
    with tempfile.TemporaryDirectory() as name:
        config = pathlib.Path(name, "cobble.cfg")
        config.write_text("terminal 24\n", encoding="ascii")
        with Terminal("--config", str(config)) as terminal:
            terminal.screen = pyte.Screen(80, 24)
            terminal.stream = pyte.ByteStream(terminal.screen)
            yield judge("small.prompt", terminal.wait(r"cobble> *\n(.*\n)* 0 monitor .*\Z", 90), terminal)
            terminal.type("help\r")
            bottom = r"  poweroff +switch.*\n(.+\n)*cobble> *\n 0 monitor .*\Z"
            yield judge("small.follows_the_cursor", terminal.wait(bottom, 20), terminal)
            terminal.type("clear\rterminal\r")
            yield judge("small.top", terminal.wait(r"\Acobble> terminal *\nthe serial terminal has 24", 20), terminal)
            terminal.type("terminal 99\r")
            yield judge("small.wrong", terminal.wait(r"terminal: '99': terminal is lines, .* its rows", 20), terminal)
            terminal.screen.resize(26, 80)
            terminal.type("terminal 26\r")
            grown = r"has 26 rows, by.*\ncobble> *\n( *\n)+ 0 monitor .*\Z"
            yield judge("small.grows", terminal.wait(grown, 20), terminal)


def tests():
    """Name and function of each test."""
    for function in (lights, first_screen, scroll_back, line_break, held_keys, held_over_switches, pastes, reboot_keys,
                     plan_back, prints, plain_lines, small_terminal):
        yield f"console.{function.__name__}", function
