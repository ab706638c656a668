"""What scripts/run has to know of a cobble.cfg that somebody wrote; the hypervisor reads it and says what is wrong."""
import codecs

from lib import spec

LARGEST_BYTES = 1 << 20


class ConfigFile:
    """The text, and the name and time of each autorun in it."""

    def __init__(self, path):
        data = path.read_bytes()
        if len(data) > LARGEST_BYTES:
            raise ValueError("more than 1 MiB; is this a cobble.cfg?")
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self.text = data.decode("utf-16", "replace")
        else:
            self.text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
        self.text += "\n" * (self.text != "" and not self.text.endswith("\n"))
        self.autoruns = [autorun for line in self.text.split("\n") if (autorun := read_autorun(line)) is not None]


def read_autorun(line):
    """(name, milliseconds) of an autorun; None when the line is something else. What cannot be read counts as left out:
    the hypervisor refuses such a line."""
    try:
        words = [word for word, _, _ in spec.find_words(line)]
    except ValueError:
        words = line.split()
    if not words or words[0] != "autorun":
        return None
    name, milliseconds = words[1] if len(words) > 1 else "", spec.DEFAULT_TIMEOUT_MS
    for word in words[2:]:
        if word.startswith("as="):
            name = word.removeprefix("as=")
        if word.startswith("timeout="):
            try:
                milliseconds = spec.parse_time_ms(word.removeprefix("timeout="))
            except ValueError:
                pass
    return name.replace("\\", "/").rpartition("/")[2], milliseconds
