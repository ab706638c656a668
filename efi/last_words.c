/*
 * last_words.c - what is left to do when the firmware does not let go.
 *
 * After a failed ExitBootServices it may be half gone, and the UEFI specification (there) allows no boot service but
 * those for memory: no return to the boot menu, no Stall. So the text goes to COM1 without the firmware's help first;
 * then to its console, whose protocol is no boot service, but may need some and not come back; and the end is a runtime
 * service.
 */
#include "efi_app.h"

#define COM1 0x3F8
#define LINE_STATUS 5
#define LINE_STATUS_ABSENT 0xFF
#define LINE_STATUS_EMPTY 0x20
#define WAIT_READS 20000                /* of about 1 us */
#define READING_WRITES 10000000         /* to port 0x80, of about 1 us: ten seconds to read it */
#define TEXT_ROOM 256

/* Not hv's cpu/insn.h: some of that counts what it does. */
static void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t inb(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static CHAR16 text[TEXT_ROOM];
static unsigned text_used;

static void append(const char *from)
{
    while (*from && text_used + 1 < TEXT_ROOM)
        text[text_used++] = (CHAR16)*from++;
}

static void append_hex(uint64_t value)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        append((const char[]){ "0123456789abcdef"[value >> shift & 15], 0 });
}

/* The firmware had set it up, if it is there at all. */
static void write_serial(void)
{
    if (inb(COM1 + LINE_STATUS) == LINE_STATUS_ABSENT)
        return;
    for (unsigned i = 0; i < text_used; i++) {
        for (unsigned reads = 0; reads < WAIT_READS && !(inb(COM1 + LINE_STATUS) & LINE_STATUS_EMPTY); reads++)
            continue;
        outb(COM1, (uint8_t)text[i]);
    }
}

void last_words(EFI_STATUS status)
{
    append("\r\nCobble: the firmware does not let go of the machine: ExitBootServices failed to the end, status 0x");
    append_hex(status);
    append(".\r\nUnplug what is not needed, and try again. Reset in ten seconds.\r\n");
    write_serial();
    efi_system->ConOut->OutputString(efi_system->ConOut, text);
    for (unsigned i = 0; i < READING_WRITES; i++)
        outb(0x80, 0);
    efi_system->RuntimeServices->ResetSystem(EfiResetCold, status, 0, NULL);
    for (;;)
        __asm__ volatile("cli; hlt");
}
