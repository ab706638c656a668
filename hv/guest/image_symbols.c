/*
 * image_symbols.c - function and label names of a guest image, for crash reports (PURE).
 *
 * The storage holds an array of entries at its start, sorted by address, and the names, packed from its end downwards.
 * When an image has more names than fit, functions go before labels. How much storage they take is found by
 * collecting them once without. The image is hostile: a malformed table gives fewer names or none, and a name gives
 * printable ASCII only, as it ends up in reports.
 */
#include "base/string.h"
#include "guest/elf32.h"

/* System V ABI, "ELF Header", "Sections", "Symbol Table", in their 32-bit forms. */
struct header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, program_offset, section_offset, flags;
    uint16_t header_bytes, program_entry_bytes, program_count;
    uint16_t section_entry_bytes, section_count, section_names;
};

struct section {
    uint32_t name, type, flags, address, offset, size, link, info, alignment, entry_bytes;
};

struct symbol {
    uint32_t name, value, size;
    uint8_t info, other;
    uint16_t section;
};

_Static_assert(sizeof(struct header) == 52, "as in the file");
_Static_assert(sizeof(struct section) == 40, "as in the file");
_Static_assert(sizeof(struct symbol) == 16, "as in the file");

#define SECTION_SYMBOLS 2       /* SHT_SYMTAB */
#define SECTION_STRINGS 3       /* SHT_STRTAB */
#define SYMBOL_LABEL 0          /* STT_NOTYPE: labels in assembly */
#define SYMBOL_FUNCTION 2       /* STT_FUNC */
#define SECTION_UNDEFINED 0
#define SECTION_RESERVED 0xFF00 /* SHN_LORESERVE and up: absolute values, no addresses */

#define NAME_BYTES_MAX 63
#define REACH_BYTES 0x100000    /* farther above a symbol than this, its name says nothing */

struct entry {
    uint32_t address;
    uint32_t name;              /* offset in storage */
};

struct image {
    const uint8_t *bytes;
    uint64_t size_bytes;
    struct header header;
    struct section symbols, strings;
};

static bool read_image_at(const struct image *image, uint64_t offset, void *to, size_t bytes)
{
    if (offset > image->size_bytes || bytes > image->size_bytes - offset)
        return false;
    memcpy(to, image->bytes + offset, bytes);
    return true;
}

static bool read_image_section(const struct image *image, uint32_t index, uint32_t type, struct section *section)
{
    uint64_t offset = image->header.section_offset + (uint64_t)index * sizeof(*section);

    return index < image->header.section_count && read_image_at(image, offset, section, sizeof(*section)) &&
           section->type == type && section->offset <= image->size_bytes &&
           section->size <= image->size_bytes - section->offset;
}

static bool find_tables(struct image *image)
{
    if (!read_image_at(image, 0, &image->header, sizeof(image->header)) ||
        memcmp(image->header.ident, "\177ELF\1\1", 6) != 0 ||
        image->header.section_entry_bytes != sizeof(struct section))
        return false;
    for (uint32_t i = 0; i < image->header.section_count; i++) {
        if (read_image_section(image, i, SECTION_SYMBOLS, &image->symbols))
            return read_image_section(image, image->symbols.link, SECTION_STRINGS, &image->strings);
    }
    return false;
}

/* The name of a symbol and its length, cut to NAME_BYTES_MAX; 0 when it has none that is worth keeping. */
static size_t find_name(const struct image *image, const struct symbol *symbol, const char **name)
{
    if (symbol->section == SECTION_UNDEFINED || symbol->section >= SECTION_RESERVED ||
        symbol->name >= image->strings.size)
        return 0;
    *name = (const char *)image->bytes + image->strings.offset + symbol->name;
    uint32_t room = image->strings.size - symbol->name;
    if (room > NAME_BYTES_MAX)
        return strnlen(*name, NAME_BYTES_MAX);
    size_t length = strnlen(*name, room);
    return length == room ? 0 : length;     /* a name that does not end inside the table is none */
}

/* Append an entry, or only count it, without storage. names is where the lowest name starts. False: no room. */
static bool store_symbol(struct image_symbols *symbols, uint32_t *names, uint32_t address, const char *name,
                         size_t length)
{
    struct entry *entries = symbols->storage;
    char *storage = symbols->storage;

    if ((symbols->count + 1) * sizeof(struct entry) + length + 1 > *names)
        return false;
    *names -= (uint32_t)length + 1;
    symbols->count++;
    if (!storage)
        return true;
    for (size_t i = 0; i < length; i++)
        storage[*names + i] = name[i] > 0x20 && name[i] < 0x7F ? name[i] : '?';
    storage[*names + length] = '\0';
    entries[symbols->count - 1] = (struct entry){ address, *names };
    return true;
}

static void collect(struct image_symbols *symbols, const struct image *image, unsigned wanted_type, uint32_t *names)
{
    /* The difference cannot wrap: offset never passes size. */
    for (uint32_t offset = 0; image->symbols.size - offset >= sizeof(struct symbol); offset += sizeof(struct symbol)) {
        struct symbol symbol;
        const char *name;
        memcpy(&symbol, image->bytes + image->symbols.offset + offset, sizeof(symbol));
        if ((symbol.info & 0xF) != wanted_type)
            continue;
        size_t length = find_name(image, &symbol, &name);
        if (length != 0 && !store_symbol(symbols, names, symbol.value, name, length))
            return;
    }
}

/* By address; of equal ones, the function last: find returns the last, and functions were stored first, so higher. */
static bool is_before(const struct entry *left, const struct entry *right)
{
    return left->address != right->address ? left->address < right->address : left->name < right->name;
}

/* Shell sort: no recursion, no memory, fast enough for the two thousand entries that fit. */
static void sort(struct entry *entries, uint32_t count)
{
    static const uint16_t gaps[] = { 1750, 701, 301, 132, 57, 23, 10, 4, 1 };

    for (unsigned g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
        uint32_t gap = gaps[g];
        for (uint32_t i = gap; i < count; i++) {
            struct entry moving = entries[i];
            uint32_t at = i;
            for (; at >= gap && is_before(&moving, &entries[at - gap]); at -= gap)
                entries[at] = entries[at - gap];
            entries[at] = moving;
        }
    }
}

/* Functions go first, so that they stay when there is not enough room for all. The names' bytes. */
static uint32_t collect_all(struct image_symbols *symbols, const struct image *image)
{
    uint32_t names = symbols->storage_bytes;

    symbols->count = 0;
    collect(symbols, image, SYMBOL_FUNCTION, &names);
    collect(symbols, image, SYMBOL_LABEL, &names);
    return symbols->storage_bytes - names;
}

uint32_t image_symbols_bytes(const void *bytes, uint64_t image_bytes)
{
    struct image image = { .bytes = bytes, .size_bytes = image_bytes };
    struct image_symbols counted = { .storage_bytes = IMAGE_SYMBOLS_MAX_BYTES };

    if (!find_tables(&image))
        return 0;
    uint32_t names = collect_all(&counted, &image);
    return names + counted.count * (uint32_t)sizeof(struct entry);
}

void image_symbols_load(struct image_symbols *symbols, const void *bytes, uint64_t image_bytes)
{
    struct image image = { .bytes = bytes, .size_bytes = image_bytes };

    symbols->count = 0;
    if (symbols->storage == NULL || !find_tables(&image))
        return;
    (void)collect_all(symbols, &image);
    sort(symbols->storage, symbols->count);
}

const char *image_symbols_find(const struct image_symbols *symbols, uint32_t address, uint32_t *offset)
{
    const struct entry *entries = symbols->storage;
    uint32_t low = 0, high = symbols->count;

    /* After the loop, low entries have an address <= the one asked for. */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entries[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || address - entries[low - 1].address > REACH_BYTES)
        return NULL;
    *offset = address - entries[low - 1].address;
    return (const char *)symbols->storage + entries[low - 1].name;
}
