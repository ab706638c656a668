/*
 * fake_guest.c - stands in for gmem.c, guest.c and vcon.c, so that delivery and hypercalls can be tested on the host.
 */
#include "fake_guest.h"

#include <stdarg.h>
#include <string.h>

#include "base/format.h"
#include "cpu/desc.h"
#include "guest/gmem.h"
#include "guest/gmem_find.h"

struct guest fake_guest;
uint8_t fake_ram[FAKE_RAM_BYTES];
struct fake_console fake_console;
const char *fake_refusal;
size_t fake_longest_read;

static uint32_t forbidden_from, forbidden_end;
static bool forbidden_can_read;

void fake_forbid(uint32_t from, uint32_t end, bool can_read)
{
    forbidden_from = from;
    forbidden_end = end;
    forbidden_can_read = can_read;
}

int fake_guest_setup(void **state)
{
    (void)state;
    memset(&fake_guest, 0, sizeof(fake_guest));
    memset(fake_ram, 0, sizeof(fake_ram));
    memset(&fake_console, 0, sizeof(fake_console));
    fake_forbid(0, 0, true);
    fake_refusal = NULL;
    fake_longest_read = 0;
    fake_guest.space.linear_base = GUEST_LINEAR_BASE;
    fake_guest.state.frame.cs = SEL_GUEST_KERNEL_CS;
    fake_guest.state.frame.ss = SEL_GUEST_KERNEL_SS;
    fake_guest.state.frame.eflags = HV_LAUNCH_EFLAGS;
    return 0;
}

uint32_t fake_word(uint32_t address)
{
    uint32_t value;
    memcpy(&value, &fake_ram[address], sizeof(value));
    return value;
}

void fake_put_word(uint32_t address, uint32_t value)
{
    memcpy(&fake_ram[address], &value, sizeof(value));
}

static bool is_forbidden(uint32_t address, bool is_write)
{
    bool is_in_range = address >= forbidden_from && address < forbidden_end;
    return address >= FAKE_RAM_BYTES || (is_in_range && (is_write || !forbidden_can_read));
}

/* Byte by byte, as the contract says: bytes before the first bad one are copied. */
static bool copy(struct guest *guest, uint32_t address, uint8_t *to, const uint8_t *from, size_t bytes, gva_t *bad)
{
    for (size_t i = 0; i < bytes; i++) {
        uint32_t at = (uint32_t)(address + i);
        if (is_forbidden(at, from != NULL)) {
            guest->fault_address = at;
            if (bad != NULL)
                *bad = GVA(at);
            return false;
        }
        if (from != NULL)
            fake_ram[at] = from[i];
        else
            to[i] = fake_ram[at];
    }
    return true;
}

bool gmem_peek(struct guest *guest, gva_t from, void *to, size_t bytes, gva_t *bad)
{
    return gmem_read(guest, from, to, bytes, bad);
}

bool gmem_read(struct guest *guest, gva_t from, void *to, size_t bytes, gva_t *bad)
{
    fake_longest_read = bytes > fake_longest_read ? bytes : fake_longest_read;
    if (copy(guest, from.v, to, NULL, bytes, bad))
        return true;
    if (fake_refusal != NULL)
        guest_crash(guest, "%s", fake_refusal);
    return false;
}

bool gmem_find_copy(const struct guest *guest, gva_t from, uint8_t *to, size_t bytes, gva_t *bad)
{
    (void)guest;
    return copy(&fake_guest, from.v, to, NULL, bytes, bad);
}

bool gmem_write(struct guest *guest, gva_t to, const void *from, size_t bytes, gva_t *bad)
{
    return copy(guest, to.v, NULL, from, bytes, bad);
}

bool push_with_fixup(void *to, uint64_t first, uint64_t second, uint64_t third, bool six)
{
    uint64_t pairs[3] = { first, second, third };

    uint32_t address = (uint32_t)((uintptr_t)to - GUEST_LINEAR_BASE);

    return copy(&fake_guest, address, NULL, (const uint8_t *)pairs, six ? 24 : 20, NULL);
}

/* Nothing in this RAM ends a guest. */
bool gmem_refused(struct guest *guest)
{
    (void)guest;
    return false;
}

bool gmem_write_u32(struct guest *guest, gva_t to, uint32_t value)
{
    return gmem_write(guest, to, &value, sizeof(value), NULL);
}

void guest_crash(struct guest *guest, const char *format, ...)
{
    va_list arguments;

    if (guest->life.activity == GUEST_ENDED)
        return;
    va_start(arguments, format);
    format_string_v(guest->life.reason, sizeof(guest->life.reason), format, arguments);
    va_end(arguments);
    guest->life.activity = GUEST_ENDED;
    guest->life.end = GUEST_END_CRASH;
    guest->life.status = (int32_t)HV_STATUS_CRASH;
}

void guest_end_exit(struct guest *guest, int32_t status)
{
    guest->life.activity = GUEST_ENDED;
    guest->life.end = GUEST_END_EXIT;
    guest->life.status = status;
}

static void note_bytes(const uint8_t *bytes, size_t length)
{
    fake_console.call_count++;
    fake_console.length = (unsigned)length;
    memcpy(fake_console.bytes, bytes, length);
}

void vcon_write(struct vcon *console, const uint8_t *bytes, size_t length)
{
    (void)console;
    note_bytes(bytes, length);
}

void vcon_render_pending(struct vcon *console)
{
    console->pending_bytes = 0;
    fake_console.settled_count++;
}

void vcon_write_at(struct vcon *console, const uint8_t *bytes, size_t length, unsigned row, unsigned column,
                   uint8_t attribute)
{
    (void)console;
    note_bytes(bytes, length);
    fake_console.row = row;
    fake_console.column = column;
    fake_console.attribute = attribute;
}

void vcon_set_attribute(struct vcon *console, uint8_t attribute)
{
    console->attribute = attribute;
    fake_console.call_count++;
}

void vcon_set_cursor(struct vcon *console, unsigned row, unsigned column)
{
    console->row = (uint8_t)row;
    console->column = (uint8_t)column;
    fake_console.call_count++;
}
