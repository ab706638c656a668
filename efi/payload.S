/* payload.S - hv.elf and the ramdisk, page-aligned, read-only. */
    .section .hvelf, "dr"
    .balign 4096
    .globl payload_hv, payload_hv_end
payload_hv:
    .incbin HV_ELF
payload_hv_end:

    .section .ramdisk, "dr"
    .balign 4096
    .globl payload_ramdisk, payload_ramdisk_end
payload_ramdisk:
    .incbin RAMDISK
payload_ramdisk_end:
