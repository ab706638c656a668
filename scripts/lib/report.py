"""Messages for a person go to stderr: stdout belongs to the TAP stream. And the exit statuses of docs/operator.md."""
import os
import sys
import traceback

STDIN, STDOUT, STDERR = 0, 1, 2

EXIT_OK = 0
EXIT_NOT_OK = 1         # a test came out wrong
EXIT_SETUP = 2          # wrong arguments, missing packages, a build that fails
EXIT_BROKEN = 3         # a panic, a reset, a stream that ends early or is no valid stream, output that is lost
EXIT_TIMEOUT = 124      # as timeout(1) has it


class SetupError(Exception):
    """Something to be put right before anything can run; the text says what and how."""


class OutputLost(Exception):
    """What was asked for could not be written; the text says what and why."""


def write_all(descriptor, data):
    """Write everything, past Python's buffers: what is written must be out when QEMU is stopped."""
    while data:
        data = data[os.write(descriptor, data):]


def write_stdout(data):
    """The same for stdout; OutputLost when that cannot be."""
    try:
        write_all(STDOUT, data)
    except BrokenPipeError:
        raise OutputLost("nobody reads stdout any more") from None
    except OSError as error:
        raise OutputLost(f"stdout cannot be written: {error.strerror}") from None


def say(text):
    """Write one message line to stderr; without one there is nobody to tell that to."""
    try:
        write_all(STDERR, f"{text}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        pass


def fill_streams():
    """A stream that is closed must not become the number of another file: what is written to it fails."""
    for descriptor in (STDIN, STDOUT, STDERR):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)        # takes the lowest number that is free


def flush_stdout():
    """Out with what print() left in the buffer; Python's own attempt at the end has a status of its own."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)
        raise OutputLost(f"stdout cannot be written: {error.strerror}") from None


def run_main(program, main):
    """Run main() and return its status: 1 is for a verdict only, so whatever breaks off has a message and another."""
    fill_streams()
    try:
        try:
            return main()
        finally:
            flush_stdout()
    except SetupError as error:
        say(f"{program}: {error}")
        return EXIT_SETUP
    except OutputLost as error:
        say(f"{program}: {error}")
    except Exception:       # pylint: disable=broad-except
        say(f"{program}: broke off by a fault of its own:\n{traceback.format_exc().rstrip()}")
    return EXIT_BROKEN
