/*
 * commands_memory.c - the monitor's commands that look into a guest's memory: bytes, and page tables.
 *
 * Nothing is changed by looking: what was not touched so far reads as zero and stays so.
 */
#include "monitor/commands_memory.h"

#include <stddef.h>

#include "base/format.h"
#include "base/string.h"
#include "base/text.h"
#include "guest/guest.h"
#include "monitor/commands_guest.h"
#include "monitor/shell_output.h"
#include "pagetable/gwalk.h"

#define ROW_BYTES 16u
#define COUNT_DEFAULT 256u
#define COUNT_MAX 1024u
#define ROW_TEXT_BYTES 80
#define BITS_BYTES 48
#define NO_EXECUTE (1ull << 63)

/* A number, or the name of a register. False: neither, and a message says so. */
static bool read_address(const struct guest *guest, const struct words *words, uint32_t *address)
{
    const char *text = words->word[2];
    const struct trap_frame *frame = &guest->state.frame;
    const struct { const char *name; uint64_t value; } registers[] = {
        { "eip", frame->eip }, { "esp", frame->esp }, { "ebp", frame->ebp }, { "esp0", guest->state.esp0 },
    };
    uint64_t value;
    const char *rest = text_parse_u64(text, &value);

    for (unsigned i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
        if (!text_equal_nocase(text, registers[i].name))
            continue;
        *address = (uint32_t)registers[i].value;
        return true;
    }
    if (rest == NULL || *rest != '\0' || value > HV_MAX_GVA) {
        shell_print("%s: '%.40s' is no address; write a number up to 0x%x, or eip, esp, ebp or esp0", words->word[0],
                    text, HV_MAX_GVA);
        return false;
    }
    *address = (uint32_t)value;
    return true;
}

/* One byte, as the guest kernel reads it. False: it cannot. */
static bool read_guest_byte(const struct guest *guest, uint32_t address, uint8_t *byte)
{
    struct gspace_entry entry = gspace_look(&guest->space, GVA(address));
    uint32_t frame = entry.found == GSPACE_RAM ? address >> PAGE_SHIFT : entry.pte >> GPTE_FRAME_SHIFT;

    if (entry.found != GSPACE_RAM && entry.found != GSPACE_PAGE)
        return false;
    const uint8_t *page = ram_peek(&guest->ram, frame);
    *byte = page != NULL ? page[address & PAGE_MASK] : 0;
    return true;
}

/* How many bytes of a row could be read and are shown. */
static unsigned show_bytes(const struct guest *guest, uint32_t address, unsigned count)
{
    char text[ROW_TEXT_BYTES], plain[ROW_BYTES + 1];
    size_t used = format_string(text, sizeof(text), "%08x ", address);
    unsigned shown = 0;
    uint8_t byte;

    for (; shown < count && read_guest_byte(guest, address + shown, &byte); shown++) {
        used += format_string(text + used, sizeof(text) - used, "%s%02x", shown == ROW_BYTES / 2 ? "  " : " ", byte);
        plain[shown] = byte >= ' ' && byte <= '~' ? (char)byte : '.';
    }
    plain[shown] = '\0';
    if (shown > 0)
        shell_print("%-59s |%s|", text, plain);
    return shown;
}

static bool read_count(const struct words *words, uint32_t *count)
{
    uint64_t value = COUNT_DEFAULT;
    const char *rest = words->count > 3 ? text_parse_u64(words->word[3], &value) : "";

    if (rest == NULL || *rest != '\0' || value == 0 || value > COUNT_MAX) {
        shell_print("mem: '%.40s' is no count of bytes; write 1 to %u", words->word[3], COUNT_MAX);
        return false;
    }
    *count = (uint32_t)value;
    return true;
}

static void say_where_it_stops(const struct guest *guest, uint32_t address)
{
    char text[200];

    gspace_explain(&guest->space, GVA(address), text, sizeof(text));
    shell_print("no memory at 0x%08x: %s", address, text);
}

void commands_memory_dump(const struct words *words, uint64_t now_ns)
{
    struct guest *guest = commands_guest_find_live(words);
    uint32_t address, count;

    (void)now_ns;
    if (guest == NULL)
        return;
    if (words->count < 3) {
        shell_print("mem: an address is missing; write: mem ID ADDRESS [COUNT]");
        return;
    }
    if (!read_address(guest, words, &address) || !read_count(words, &count))
        return;
    for (uint32_t done = 0; done < count;) {
        unsigned wanted = count - done < ROW_BYTES ? count - done : ROW_BYTES;
        unsigned shown = show_bytes(guest, address + done, wanted);
        done += shown;
        if (shown < wanted) {
            say_where_it_stops(guest, address + done);
            return;
        }
    }
}

/* The bits of an entry that are set, by their names in SDM vol. 3 "Paging". */
static const char *name_bits(uint64_t entry, bool is_directory, char text[BITS_BYTES])
{
    static const char *const names[] = { "P", "R/W", "U/S", "PWT", "PCD", "A", "D" };
    size_t used = 0;

    text[0] = '\0';
    for (unsigned bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++)
        if (entry >> bit & 1)
            used += format_string(text + used, BITS_BYTES - used, " %s", names[bit]);
    if (entry & GPDE_PS)
        used += format_string(text + used, BITS_BYTES - used, is_directory ? " PS" : " PAT");
    if (entry & 0x100 && !is_directory)
        used += format_string(text + used, BITS_BYTES - used, " G");
    if (entry & NO_EXECUTE)
        format_string(text + used, BITS_BYTES - used, " XD");
    return text;
}

/* Two columns: the guest's entry, if it has a table of this kind, and the host's. */
static void show_entries(const char *name, const uint32_t *own, uint64_t host, bool is_directory)
{
    char left[ROW_TEXT_BYTES] = "", own_bits[BITS_BYTES], host_bits[BITS_BYTES];

    if (own != NULL)
        format_string(left, sizeof(left), "0x%08x%s", *own, name_bits(*own, is_directory, own_bits));
    if (host == 0)
        shell_print("%-4s %-33s  not filled yet", name, left);
    else
        shell_print("%-4s %-33s  0x%016llx%s", name, left, (unsigned long long)host,
                    name_bits(host, is_directory, host_bits));
}

void commands_memory_walk(const struct words *words, uint64_t now_ns)
{
    struct guest *guest = commands_guest_find_live(words);
    uint64_t host[GSPACE_LEVELS];
    uint32_t address;
    char text[200];

    (void)now_ns;
    if (guest == NULL || !read_address(guest, words, &address))
        return;
    if (guest->kind != &guest_pebpeb) {
        shell_print("walk: guest %u is a machine of its own: its processor walks its tables itself; mem %u ADDRESS "
                    "shows them", guest->life.id, guest->life.id);
        return;
    }
    struct gspace_entry own = gspace_look(&guest->space, GVA(address));
    bool has_pde = own.found >= GSPACE_NO_TABLE, has_pte = own.found >= GSPACE_NO_PAGE;
    gspace_look_host(&guest->space, GVA(address), host);
    gspace_explain(&guest->space, GVA(address), text, sizeof(text));
    shell_print("0x%08x, linear 0x%08llx: %s", address,
                (unsigned long long)gspace_linear(&guest->space, GVA(address)), text);
    shell_print("     %-33s  %s", "the guest's own table", "what the processor goes by");
    show_entries("PML4", NULL, host[3], true);
    show_entries("PDPT", NULL, host[2], true);
    show_entries("PDE", has_pde ? &own.pde : NULL, host[1], true);
    show_entries("PTE", has_pte ? &own.pte : NULL, host[0], false);
    if (host[0] == 0)
        shell_print("the next access there comes to Cobble, which looks at the guest's table again");
}
