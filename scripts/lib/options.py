"""The command line of scripts/run, checked before anything is installed, built or started."""
import argparse
import itertools
import os
import pathlib

from lib import build, spec
from lib.config_file import ConfigFile
from lib.report import SetupError

DESCRIPTION = "Build Cobble if needed and boot it in QEMU with OVMF firmware."
EPILOG = """\
An autorun SPEC is a line of cobble.cfg without its first word (as=NAME, snapshot=NAME: docs/operator.md):
  NAME [expect=STATUS|crash|timeout|refused] [timeout=10s] [mem=32M] [clock=run] [type="help\\n"] [output=1M]
       [debug-print=on] [match=TEXT]... [match!=TEXT]... [console=FILE] [seed=N] [strict=on] [trace=on]
       [control=on] [children=N] [memory=384M]
A virtual PC, an unmodified kernel, is one with an engine:
  NAME engine=interp|svm|moving [moves=N] [disk=FILE]... [initrd=FILE] [cmdline="LINE"] [input=keyboard|serial]
       [clock=instructions] [...]

Exit status: 0 every autorun ok, 1 one was not ok, 2 set-up failed, 3 the machine broke off or output
was lost, 124 --timeout.
Without --headless, serial is on this terminal: Ctrl-] ? lists Cobble's keys, Ctrl-A X ends QEMU.

examples:
  scripts/run
  scripts/run --headless --autorun hello
  scripts/run --headless --guest my.elf --autorun "my.elf expect=77 timeout=10s"
  scripts/run --autorun hello -- -machine pc -device qemu-xhci -device usb-kbd
"""
MAX_GUEST_FILES_BYTES = 512 << 20
HYPERVISOR = "hypervisor"       # what --gdb is about when it is no guest


class Parser(argparse.ArgumentParser):
    """Errors become SetupErrors, like all others."""

    def error(self, message):
        raise SetupError(f"{message}\n{self.prog} --help lists the options")


def make_parser():
    name = build.command("run")
    parser = Parser(prog=name, description=DESCRIPTION, epilog=EPILOG.replace("scripts/run", name), allow_abbrev=False,
                    usage=f"{name} [OPTIONS] [-- QEMU-ARGS]", formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--guest", metavar="FILE", action="append", default=[],
        help="put an ELF on the boot volume, or all files of a directory (repeatable)")
    add("--config", metavar="FILE", help="a cobble.cfg; other options are added behind its lines")
    add("--autorun", metavar="SPEC", action="append", default=[], help="run a guest and judge it (repeatable)")
    add("--together", action="store_true", help="start all autoruns at once")
    add("--headless", action="store_true", help="no window; stdout carries the TAP stream only. Without --autorun it "
                                            "needs QEMU-ARGS: the monitor, and who gave a -qmp there types")
    add("--timeout", metavar="SECONDS", help="end QEMU after so many seconds (with --headless: the sum of all "
                                             "timeout= plus 60, if not given)")
    add("--mem", metavar="MIB", default="256", help="memory of the machine in MiB (256)")
    add("--smp", metavar="N", default="1", help="number of processors (1)")
    add("--counted", action="store_true", help="count QEMU's instructions: the same image, guests and keys give the "
                                               "same stream to the byte, times included")
    boot = parser.add_mutually_exclusive_group()
    boot.add_argument("--iso", action="store_true", help="boot a hybrid image from a CD drive")
    boot.add_argument("--usb", action="store_true", help="boot the same image from a USB stick")
    add("--screenshot", metavar="FILE.png", help="the framebuffer when the last autorun has ended, or at the timeout")
    add("--type", metavar="GUEST:TEXT", action="append", default=[],
        help="type TEXT (C escapes) to a guest once its console is quiet for a second, or three seconds after it was "
             "last typed to; without --autorun also to the guest \"monitor\", at boot (repeatable)")
    add("--dump-console", metavar="FILE", help="the final console of each autorun as text")
    add("--trace", metavar="FILE",
        help="what each guest did (of autoruns with trace=on only those), as trace-event JSON: Perfetto opens it")
    add("--logs", metavar="DIR", help="with --headless: what each autorun printed, in a file of its own")
    add("--gdb", metavar="GUEST", nargs="?", const=HYPERVISOR,
        help="this guest waits for gdb before its first instruction, and at a terminal gdb is started; without GUEST, "
             "or with 'hypervisor', the machine waits, for one that looks at the hypervisor")
    return parser


def read_each(option, arguments, read):
    """Apply read to each argument of a repeatable option; a ValueError names option and argument."""
    results = []
    for argument in arguments:
        try:
            results.append(read(argument))
        except ValueError as error:
            raise SetupError(f"{option} '{argument}': {error}") from None
    return results


def read_count(option, text, least, most, what):
    if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
        raise SetupError(f"{option} '{text}': {what}, {least} to {most}")
    return int(text)


def read_seconds(text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 1000000:      # false for a NaN as well
        raise SetupError(f"--timeout '{text}': a number of seconds, more than 0 and at most 1000000")
    return seconds


def read_guests(arguments):
    """--guest files by their names; matching ignores case, as FAT does."""
    guests = {}
    for path in itertools.chain(*read_each("--guest", arguments, read_guest_paths)):
        for other in guests:
            if other.lower() == path.name.lower():
                raise SetupError(f"--guest '{path}': '{guests[other]}' has the same name; on a FAT volume case does "
                                 "not matter")
        guests[path.name] = path
    if sum(path.stat().st_size for path in guests.values()) > MAX_GUEST_FILES_BYTES:
        raise SetupError("--guest: the files have more than 512 MiB in all; the boot volume takes no more")
    return guests


def place_consoles(guests, autoruns):
    """Have the files of console= on the boot volume, each once, under names that no guest has."""
    names = {}
    taken = {name.lower() for name in guests} | {autorun.image.lower() for autorun in autoruns}
    free = (name for name in (f"console-{number}.txt" for number in itertools.count(1)) if name not in taken)
    for autorun in autoruns:
        if autorun.console is None:
            continue
        if autorun.console not in names:
            names[autorun.console] = next(free)
            guests[names[autorun.console]] = autorun.console
        autorun.place_console(names[autorun.console])


def place_files(guests, autoruns):
    """Have the files of disk= and initrd= on the boot volume, each once, under names that no guest has."""
    names = {}
    taken = {name.lower() for name in guests} | {autorun.image.lower() for autorun in autoruns}
    free = (name for name in (f"disk-{number}.img" for number in itertools.count(1)) if name not in taken)
    for autorun in autoruns:
        for _, _, _, path in autorun.files():
            if path not in names:
                names[path] = next(free)
                guests[names[path]] = path
        autorun.place_files(names)


def read_file_path(argument):
    path = pathlib.Path(argument).absolute()
    if not path.exists():
        raise ValueError("there is no such file")
    if not path.is_file():
        raise ValueError("this is not a file")
    if not os.access(path, os.R_OK):
        raise ValueError("this file cannot be read")
    return path


def read_guest_paths(argument):
    """The file, or those that lie directly in a directory; a name that begins with a dot is hidden."""
    folder = pathlib.Path(argument).absolute()
    if not folder.is_dir():
        paths = [read_file_path(argument)]
    elif not os.access(folder, os.R_OK | os.X_OK):
        raise ValueError("this directory cannot be read")
    else:
        paths = [read_file_path(path) for path in sorted(folder.iterdir())
                 if path.is_file() and not path.name.startswith(".")]
        if not paths:
            raise ValueError("there is no file in this directory")
    for path in paths:
        spec.check_file_name(path.name)
    return paths


def read_config(argument):
    return ConfigFile(read_file_path(argument))


def read_logs_folder(argument):
    """A directory to write to, made when there is none."""
    if argument is None:
        return None
    path = pathlib.Path(argument).absolute()
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise SetupError(f"--logs '{argument}': this directory cannot be made: {error.strerror}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise SetupError(f"--logs '{argument}': this directory cannot be written")
    return path


def read_output(option, argument):
    """A file to be written later: complain now when that cannot work."""
    if argument is None:
        return None
    path = pathlib.Path(argument).absolute()
    if path.is_dir():
        raise SetupError(f"{option} '{argument}': this is a directory; name a file")
    if not path.parent.is_dir():
        raise SetupError(f"{option} '{argument}': there is no directory '{path.parent}'")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise SetupError(f"{option} '{argument}': this cannot be written")
    return path


def check_together(options):
    """What only makes sense in company."""
    if options.headless and not options.planned and not options.qemu:
        raise SetupError("--headless needs at least one --autorun, or a --config with one: it gives a TAP stream and "
                         "a verdict, and the monitor has neither; without --headless, --type monitor:TEXT and "
                         "--timeout are enough for a script")
    if options.together and not options.planned:
        raise SetupError("--together needs --autorun")
    if options.logs and not (options.headless and options.planned):
        raise SetupError("--logs needs --headless and --autorun: it is made of their stream")
    if options.dump_console and not options.planned:
        raise SetupError("--dump-console needs --autorun: it shows the final console of each")
    if options.screenshot and not options.planned and options.timeout is None:
        raise SetupError("--screenshot needs --autorun or --timeout: it is taken when the last autorun has ended, or "
                         "at the timeout")
    names = {name.lower() for name, _ in options.planned}
    for typing in options.typings:
        if names and typing.name.lower() not in names:
            raise SetupError(f"--type '{typing.name}:...': no --autorun starts a guest of this name")


class Options:
    """What was asked for. Paths are absolute."""

    def __init__(self, arguments):
        own, dashes, self.qemu = split_at_dashes(arguments)
        parsed = make_parser().parse_args(own)
        self.headless, self.together = parsed.headless, parsed.together
        self.gdb_hypervisor = parsed.gdb == HYPERVISOR
        self.gdb_guest = None
        if parsed.gdb is not None and not self.gdb_hypervisor:
            self.gdb_guest = read_each("--gdb", [parsed.gdb], spec.check_name)[0]
        self.secure_boot = False        # only the tests want it: what is built here is not signed
        self.counted = parsed.counted
        self.boot_from = "cd" if parsed.iso else "usb" if parsed.usb else "disk"
        self.guests = read_guests(parsed.guest)
        self.autoruns = read_each("--autorun", parsed.autorun, spec.Autorun)
        place_consoles(self.guests, self.autoruns)
        place_files(self.guests, self.autoruns)
        self.config_file = read_each("--config", [parsed.config], read_config)[0] if parsed.config else None
        # (name, milliseconds) of all autoruns, in the order of the plan
        self.planned = [*(self.config_file.autoruns if self.config_file else []),
                        *((autorun.name, autorun.timeout_ms) for autorun in self.autoruns)]
        self.typings = read_each("--type", parsed.type, spec.Typing)
        for option, items, most in (("--autorun", self.autoruns, spec.MAX_AUTORUNS),
                                    ("--type", self.typings, spec.MAX_TYPINGS)):
            if len(items) > most:
                raise SetupError(f"{option}: {len(items)} of them; {most} is the most")
        if sum(len(typing.data) for typing in self.typings) > spec.MAX_TYPED_BYTES:
            raise SetupError("--type: more than 32 KiB of texts")
        self.memory_mib = read_count("--mem", parsed.mem, 64, 1 << 20, "a number of MiB")
        self.processors = read_count("--smp", parsed.smp, 1, 255, "a number of processors")
        self.timeout = None if parsed.timeout is None else read_seconds(parsed.timeout)
        self.screenshot = read_output("--screenshot", parsed.screenshot)
        if self.screenshot and self.screenshot.suffix.lower() != ".png":
            raise SetupError(f"--screenshot '{parsed.screenshot}': the picture is a PNG; give it a name in .png")
        self.dump_console = read_output("--dump-console", parsed.dump_console)
        self.trace = read_output("--trace", parsed.trace)
        self.logs = read_logs_folder(parsed.logs)
        check_together(self)
        if self.headless and not self.planned:     # somebody else has QEMU's keyboard: the monitor, without a window
            self.headless = False
            self.qemu += ["-display", "none"]

    @property
    def timeout_seconds(self):
        """Host seconds that QEMU may run; None for as long as it likes."""
        if self.timeout is None and self.headless:
            return sum(milliseconds for _, milliseconds in self.planned) / 1000 + 60
        return self.timeout

    @property
    def config(self):
        """The text of cobble.cfg; empty when there is nothing to say."""
        lines = [f"autorun {autorun.line}" for autorun in self.autoruns]
        lines += [typing.line for typing in self.typings]
        lines += [f"debug {self.gdb_guest}"] if self.gdb_guest else []
        lines += ["together on"] * self.together
        lines += ["counted on"] * self.counted
        only_some = any(autorun.is_traced for autorun in self.autoruns)
        lines += ["trace on"] * (self.trace is not None and not only_some)
        lines += ["after poweroff"] * self.headless
        return (self.config_file.text if self.config_file else "") + "".join(line + "\n" for line in lines)


def split_at_dashes(arguments):
    """Own arguments, the "--" if there is one, and QEMU's."""
    index = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:index], arguments[index:index + 1], arguments[index + 1:]
