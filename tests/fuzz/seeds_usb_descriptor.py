#!/usr/bin/env python3
"""Seeds of fuzz_usb_descriptor: configurations of a keyboard, a composite device and a hub, and damaged ones."""
import seeds

CONFIGURATION = bytes([9, 2, 0, 0, 2, 1, 0, 0xA0, 50])
HID = bytes([9, 0x21, 0x11, 1, 0, 1, 0x22, 63, 0])


def interface(number, setting, *kind):
    """An interface descriptor; kind: class, sub-class, protocol."""
    return bytes([9, 4, number, setting, 1, *kind, 0])


def endpoint(address, attributes=3, packet=8, interval=10):
    """An endpoint descriptor."""
    return bytes([7, 5, address, attributes, packet & 0xFF, packet >> 8, interval])


KEYBOARD = CONFIGURATION + interface(0, 0, 3, 1, 1) + HID + endpoint(0x81)

seeds.write_seeds({
    "keyboard": b"\0" + KEYBOARD,
    "composite": b"\0" + KEYBOARD + interface(1, 0, 3, 0, 0) + HID + endpoint(0x82) + interface(2, 0, 3, 1, 1) + HID +
                 endpoint(0x83, packet=64, interval=0),
    "hub": b"\1" + CONFIGURATION + interface(0, 0, 9, 0, 0) + endpoint(0x81, packet=1, interval=255),
    "cut": b"\0" + KEYBOARD[:-3],
    "endless": b"\0" + KEYBOARD[:18] + b"\0\0" + KEYBOARD[20:],
    "same_endpoint": b"\0" + KEYBOARD + KEYBOARD[9:],
})
