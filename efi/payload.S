/*
 * payload.S - hv.elf and the ramdisk, page-aligned, read-only.
 *
 * .ramdisk has no symbols: objcopy may have put another in its place, so load.c looks for it in the image's headers.
 */
    .section .hvelf, "dr"
    .balign 4096
    .globl payload_hv, payload_hv_end
payload_hv:
    .incbin HV_ELF
payload_hv_end:

    .section .ramdisk, "dr"
    .balign 4096
    .incbin RAMDISK
