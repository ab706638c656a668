"""--logs DIR: what each guest of a run printed, in a file of its own."""
import re

from lib.report import OutputLost

# A line of the stream that is about a guest.
ABOUT = re.compile(rb"# ([^ :|?!]+)(: \||[|?!])(?: (.*))?")
DROPPED = re.compile(rb"# ([^ :|?!]+): ([0-9]+ rows dropped, .*)")
RESULT = re.compile(rb"(?:not )?ok ([0-9]+) - ([^ #]+)")


class Logs:
    """Takes lines of the stream as they come.

    A row stands in its file behind '| ', a flood's last ones behind ': | ', what was left out behind '... ', a debug
    print behind '? ', a line of the crash report behind '! ', and the
    verdict with its block behind '= '.
    """

    def __init__(self, folder, names):
        self.folder = folder
        self.names = [name.lower().encode() for name in names]     # of the autoruns, in the order of the plan
        self.ended = set()          # numbers of tests that have their verdict
        self.judged = None          # the test whose block is being read
        self.started = set()        # numbers of tests that have a file

    def take(self, data):
        """Whole lines."""
        try:
            for line in data.splitlines():
                self.take_line(line)
        except OSError as error:
            raise OutputLost(f"--logs: {error.filename}: {error.strerror}") from None

    def take_line(self, line):
        if self.judged is not None and line.startswith(b"  "):
            self.write(*self.judged, b"= " + line)
        elif match := RESULT.match(line):
            self.judged = int(match[1]), match[2]
            self.ended.add(int(match[1]))
            self.write(*self.judged, b"= " + line)
        elif match := DROPPED.fullmatch(line):
            self.write_about(match[1], b"... " + match[2])
        elif match := ABOUT.fullmatch(line):
            self.write_about(match[1], match[2] + b" " + (match[3] or b""))

    def write_about(self, name, line):
        number = self.find(name)
        if number is not None:
            self.write(number, name, line)

    def find(self, name):
        """The test that a guest of this name belongs to; None: it is no guest's name. Of several the first without a
        verdict: the stream does not tell apart guests of one name that run together."""
        return next((number for number, other in enumerate(self.names, 1)
                     if other == name.lower() and number not in self.ended), None)

    def write(self, number, name, line):
        """The first line makes the file anew: what an earlier run left there is gone."""
        path = self.folder / f"{number}-{name.decode('ascii', 'replace')}.log"
        with open(path, "ab" if number in self.started else "wb") as file:
            file.write(line + b"\n")
        self.started.add(number)
