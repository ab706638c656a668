"""scripts/run without its build: what test_session.py starts, with fake_qemu.py in PATH."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))

from lib import headless, machine, terminal
from lib.options import Options
from lib.report import run_main
from lib.session import stop_on_signals


def main():
    options = Options(sys.argv[1:])
    stop_on_signals()
    with tempfile.TemporaryDirectory(prefix="cobble-test-") as name:
        folder = pathlib.Path(name)
        pc = machine.Machine(options, folder / "volume", folder)
        try:
            return (headless if options.headless else terminal).run(options, pc, folder)
        finally:
            pc.close()


sys.exit(run_main("scripts/run", main))
