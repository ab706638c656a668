"""Debian's i386 packages, fetched and taken apart, never installed: kernels that nobody here wrote.

apt gets a state, a cache and an empty list of installed packages of its own; its sources are the machine's.
"""
import fcntl
import gzip
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile

from lib import build
from lib.report import SetupError

FOLDER = build.DIRECTORY / "debian-i386"
KERNEL = r"^linux-image-6\.1\.0-([0-9]+)-686$"
CONFIGURATION = """APT::Architecture "i386";
APT::Architectures {{ "i386"; }};
APT::Sandbox::User "";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
"""
# Where packages have the files that are wanted, and their names here.
FILES = {"boot/vmlinuz-*-686": "vmlinuz", "boot/memtest86+ia32.bin": "memtest", "bin/busybox": "busybox",
         "boot/invaders.exec": "invaders"}
# What the kernel needs for a disk at 1F0, each behind those that it needs itself.
MODULES = ("crypto/crct10dif_common", "lib/crc-t10dif", "lib/crc64", "lib/crc64-rocksoft", "block/t10-pi",
           "drivers/scsi/scsi_common", "drivers/scsi/scsi_mod", "drivers/scsi/sd_mod", "drivers/ata/libata",
           "drivers/ata/pata_legacy")
MODULE_FILES = [f"{pathlib.PurePath(module).name}.ko" for module in MODULES]
FILES |= {f"lib/modules/*/kernel/{module}.ko": file for module, file in zip(MODULES, MODULE_FILES)}

SECTOR = 512
AT_SETUP_SECTORS, AT_PAYLOAD = 0x1F1, 0x248     # Linux Documentation "The Linux/x86 Boot Protocol"
KERNEL_AT = 0x100000
STUB_BYTES = 64
PT_LOAD = 1


def run_apt(folder, *command):
    """A command of apt's with the configuration in folder; its output, whatever its status."""
    result = subprocess.run(command, cwd=folder, env={**os.environ, "APT_CONFIG": str(folder / "apt.conf"),
                                                      "LC_ALL": "C"},
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            errors="replace", check=False)
    return result.stdout


def fetch_into(folder):
    """Fetch the packages, and take out of them what is wanted."""
    for name in ("state/lists/partial", "cache/archives/partial", "tree"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "apt.conf").write_text(CONFIGURATION.format(folder=folder))
    said = run_apt(folder, "apt-get", "-q", "update")     # a source that fails is no matter if the others have it
    found = re.findall(KERNEL, run_apt(folder, "apt-cache", "-q", "pkgnames", "linux-image-6.1.0-"), re.MULTILINE)
    kernel = [f"linux-image-6.1.0-{max(map(int, found))}-686"] if found else []
    said += run_apt(folder, "apt-get", "-q", "download", *kernel, "busybox-static", "memtest86+", "grub-invaders")
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder / "tree")], check=True)
    for pattern, name in FILES.items():
        paths = sorted((folder / "tree").glob(pattern))
        if not paths:
            raise SetupError(f"no {name} in Debian's i386 packages; apt said:\n{said[-2000:]}")
        shutil.copyfile(paths[-1], folder / name)


def fetch_new():
    """FOLDER as it is to be, whatever it was."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=build.DIRECTORY) as name:
        folder = pathlib.Path(name)
        fetch_into(folder)
        ready = folder / "ready"
        ready.mkdir()
        for file in FILES.values():
            (folder / file).rename(ready / file)
        ready.rename(FOLDER)


def fetch():
    """The folder with the files of FILES, fetched once for a build, whoever asks first. SetupError: apt could not get
    them."""
    with open(f"{FOLDER}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all((FOLDER / file).exists() for file in FILES.values()):
            fetch_new()
    return FOLDER


def word(data, at):
    return struct.unpack_from("<I", data, at)[0]


def read_segments(image):
    """Entry and memory of an ELF32: the lowest address, and the bytes from there on."""
    headers = (struct.unpack_from("<8I", image, word(image, 28) + 32 * number)
               for number in range(struct.unpack_from("<H", image, 44)[0]))
    parts = [(head[3], image[head[1]:head[1] + head[4]]) for head in headers if head[0] == PT_LOAD]
    low, end = min(at for at, _ in parts), max(at + len(data) for at, data in parts)
    memory = bytearray(end - low + -(end - low) % 4)
    for at, data in parts:
        memory[at - low:at - low + len(data)] = data
    return word(image, 24), low, bytes(memory)


def unpack_kernel(image):
    """A bzImage whose code is there as it will run: some lines of a stub, which moves it to its place, for an unpacker.

    The unpacker takes 2.4 thousand million instructions. It is Debian's own code, too, but there are faster ways to see
    the rest of the kernel.
    """
    code = (image[AT_SETUP_SECTORS] + 1) * SECTOR
    start, length = struct.unpack_from("<2I", image, AT_PAYLOAD)
    payload = image[code + start:code + start + length]
    entry, low, memory = read_segments(lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(payload))
    last = len(memory) - 4
    stub = b"".join((b"\x89\xF3\xFD",                                           # mov ebx, esi; std
                     b"\xBE", struct.pack("<I", KERNEL_AT + STUB_BYTES + last),   # mov esi, the last word
                     b"\xBF", struct.pack("<I", low + last),                      # mov edi, its place
                     b"\xB9", struct.pack("<I", len(memory) // 4),                # mov ecx, words
                     b"\xF3\xA5\xFC\x89\xDE",                                   # rep movsd; cld; mov esi, ebx
                     b"\xB8", struct.pack("<I", entry), b"\xFF\xE0"))           # mov eax, entry; jmp eax
    return image[:code] + stub.ljust(STUB_BYTES, b"\x90") + memory


def cpio_entry(number, name, mode, data=b"", device=(0, 0)):
    """One member of an archive of the newc form: cpio(5)."""
    path = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + path
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def make_initrd(busybox, script, files=()):
    """A RAM disk with busybox, script as /init, and files (name and bytes of each) in its root."""
    members = (("dev", 0o40755), ("proc", 0o40755), ("bin", 0o40755), ("dev/console", 0o20600, b"", (5, 1)),
               ("bin/busybox", 0o100755, busybox), ("init", 0o100755, script.encode()),
               *((name, 0o100644, data) for name, data in files), ("TRAILER!!!", 0))
    return gzip.compress(b"".join(cpio_entry(number, *member) for number, member in enumerate(members, 1)), mtime=0)
