"""Shared by seeds_NAME.py: write a fuzz target's seed corpus, one file per seed."""
import pathlib
import sys


def write_seeds(seeds):
    """Write each value (bytes) of seeds as a file named by its key into the directory named on the command line."""
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in seeds.items():
        (directory / name).write_bytes(content)
    directory.touch()
