#!/usr/bin/env python3
"""packfiles.py OUTPUT CLANG FLAGS... -- FILE... - an object with the table of files.h and the files themselves."""
import pathlib
import subprocess
import sys

HEAD = """
        .section .rodata, "a", @progbits
        .balign 4
        .globl files_count
files_count: .long {count}
        .globl files
files:
"""
ROW = "        .long name_{index}, data_{index}, {size}\n"
BODY = """
name_{index}: .asciz "{name}"
        .balign 16
data_{index}: .incbin "{path}"
"""


def main():
    split = sys.argv.index("--")
    output, *compiler = sys.argv[1:split]
    paths = sorted(map(pathlib.Path, sys.argv[split + 1:]), key=lambda path: path.name)
    text = HEAD.format(count=len(paths))
    for index, path in enumerate(paths):
        text += ROW.format(index=index, size=path.stat().st_size)
    for index, path in enumerate(paths):
        text += BODY.format(index=index, name=path.name, path=path)
    text += '        .section .note.GNU-stack, "", @progbits\n'
    subprocess.run([*compiler, "-x", "assembler", "-c", "-o", output, "-"], input=text, text=True, check=True)


main()
