"""Messages for a person go to stderr: stdout belongs to the TAP stream. And the exit statuses of operator.md."""
import sys

EXIT_OK = 0
EXIT_NOT_OK = 1         # a test came out wrong
EXIT_SETUP = 2          # wrong arguments, missing packages, a build that fails
EXIT_BROKEN = 3         # a panic, a reset, a stream that ends early or is no valid stream
EXIT_TIMEOUT = 124      # as timeout(1) has it


class SetupError(Exception):
    """Something to be put right before anything can run; the text says what and how."""


def say(text):
    """Write one message line to stderr."""
    print(text, file=sys.stderr, flush=True)


def run_main(program, main):
    """Run main() and turn a SetupError into its message and status 2."""
    try:
        return main()
    except SetupError as error:
        say(f"{program}: {error}")
        return EXIT_SETUP
