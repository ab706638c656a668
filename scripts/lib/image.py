"""Make the boot volume: a FAT image (ESP), and the hybrid image for CD and USB stick around it."""
import os
import pathlib
import shutil
import subprocess

from lib.report import SetupError

MIB = 1 << 20
VOLUME_SERIAL = "C0BB1E00"
SMALLEST_FAT32 = 64 * MIB       # fewer clusters would make it FAT16 whatever its header says
TREE_BYTES = 2 * MIB            # of an ISO image beside its files and its ESP: tables, directories, padding
# Package ovmf has the key that its variables trust; everybody has it, as its passphrase, so it proves nothing.
SNAKEOIL = pathlib.Path("/usr/share/ovmf/PkKek-1-snakeoil")
SNAKEOIL_PASSPHRASE = "pass:snakeoil"
# The GPT type of an EFI system partition: UEFI specification, "Defined GPT Partition Entry - Partition Type GUIDs".
ESP_TYPE_GUID = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"


def run_tool(command, environment):
    """Run an image tool; its output is shown only when it fails."""
    # MTOOLSRC: a user's own mtools settings must not reach into the image.
    result = subprocess.run(command, env={**os.environ, "LC_ALL": "C", "MTOOLSRC": "/dev/null", **environment},
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, errors="replace")
    if result.returncode != 0:
        raise SetupError(f"{command[0]} ended with {result.returncode}:\n{result.stdout}")


def volume_bytes(files):
    """A size with room for these files, their clusters and the tables, in whole MiB."""
    content = sum(source.stat().st_size + 64 * 1024 for source in files.values())
    return (content + content // 32 + 2 * MIB) // MIB * MIB


def esp_bytes(files, image_bytes=0):
    """The size of the ESP with these files, in whole MiB: what they need, or all that an image of this size leaves."""
    size = volume_bytes(files)
    left = (image_bytes - TREE_BYTES - sum(source.stat().st_size for source in files.values())) // MIB * MIB
    return max(size, left)


def iso_bytes(files):
    """The least size of a hybrid image with these files, in whole MiB."""
    content = sum(source.stat().st_size for source in files.values())
    return (esp_bytes(files) + TREE_BYTES + content + MIB - 1) // MIB * MIB


def make_esp(output, files, environment, size=None):
    """Write a FAT volume holding files, a dictionary from path on the volume ("EFI/BOOT/BOOTX64.EFI") to file."""
    size = size or esp_bytes(files)
    fat32 = size >= SMALLEST_FAT32
    output.unlink(missing_ok=True)
    # 32 sectors a track and 64 heads make one cylinder of exactly 1 MiB: the volume has no rest that is never used.
    run_tool(["mformat", "-C", "-i", str(output), "-t", str(size // MIB), "-h", "64", "-s", "32", *["-F"] * fat32,
              "-v", "COBBLE", "-N", VOLUME_SERIAL, "::"], environment)
    folders = {str(parent) for path in files for parent in pathlib.PurePosixPath(path).parents} - {"."}
    for folder in sorted(folders):
        run_tool(["mmd", "-i", str(output), f"::/{folder}"], environment)
    for path, source in sorted(files.items()):
        run_tool(["mcopy", "-i", str(output), str(source), f"::/{path}"], environment)


def make_iso(output, files, environment, scratch, image_bytes=0):
    """Write the hybrid image: El Torito entry and GPT partition are one ESP; its files are in the tree too.

    image_bytes: the size wanted, of which the ESP gets all that the tree does not need; 0: no room to speak of.
    """
    esp = scratch / "esp.img"
    make_esp(esp, files, environment, esp_bytes(files, image_bytes))
    tree = scratch / "tree"
    for path, source in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, tree / path)
        (tree / path).chmod(0o644)
    for path in [tree, *tree.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
        os.utime(path, (int(environment["SOURCE_DATE_EPOCH"]),) * 2)
    run_tool(["xorriso", "-as", "mkisofs", "-quiet", "-R", "-J", "-V", "COBBLE", "-uid", "0", "-gid", "0",
              "-partition_offset", "16", "-append_partition", "2", ESP_TYPE_GUID, str(esp), "-appended_part_as_gpt",
              "-e", "--interval:appended_partition_2:all::", "-no-emul-boot", "-no-pad",
              "-o", str(output), str(tree)], environment)
    shutil.rmtree(tree)


def sign(efi, folder):
    """A copy of an application in folder, signed for the firmware of a machine with secure_boot."""
    key, signed = folder / "key.pem", folder / "signed.efi"
    run_tool(["openssl", "pkey", "-in", f"{SNAKEOIL}.key", "-passin", SNAKEOIL_PASSPHRASE, "-out", str(key)], {})
    run_tool(["sbsign", "--key", str(key), "--cert", f"{SNAKEOIL}.pem", "--output", str(signed), str(efi)], {})
    return signed


def reproducible_environment(git):
    """Variables that make equal sources give equal bytes: every time is that of the last commit. git: its command."""
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not stated.isdigit():
        stated = "0"
        if shutil.which(git[0]):
            commit = subprocess.run([*git, "log", "-1", "--format=%ct"], capture_output=True, text=True)
            stated = commit.stdout.strip() or stated
    return {"SOURCE_DATE_EPOCH": stated, "TZ": "UTC"}


def boot_files(efi, guests, config):
    """The files of a boot volume. guests: name to file; config: the file of cobble.cfg, or None."""
    files = {"EFI/BOOT/BOOTX64.EFI": efi}
    files.update({f"guests/{name}": source for name, source in guests.items()})
    if config is not None:
        files["cobble.cfg"] = config
    return files
