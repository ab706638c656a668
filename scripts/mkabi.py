#!/usr/bin/python3 -B
"""Write docs/abi-numbers.md anew from the headers of the contract."""
from lib import abi_page

(abi_page.ROOT / abi_page.PAGE).write_text(abi_page.current_page(), encoding="utf-8")
