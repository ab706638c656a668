/*
 * elf64_symbols.c - names for addresses, from the symbol table of an ELF64 file in memory (PURE).
 */
#include "base/elf64_symbols.h"

#include <stddef.h>

#include "base/string.h"

/* System V ABI, "ELF Header", "Sections", "Symbol Table", in their 64-bit forms. */
struct elf64_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_bytes, program_entry_bytes, program_count;
    uint16_t section_entry_bytes, section_count, section_names;
};

struct elf64_section {
    uint32_t name, type;
    uint64_t flags, address, offset, size;
    uint32_t link, info;
    uint64_t alignment, entry_bytes;
};

struct elf64_symbol {
    uint32_t name;
    uint8_t info, other;
    uint16_t section;
    uint64_t value, size;
};

_Static_assert(sizeof(struct elf64_header) == 64, "as in the file");
_Static_assert(sizeof(struct elf64_section) == 64, "as in the file");
_Static_assert(sizeof(struct elf64_symbol) == 24, "as in the file");

#define SECTION_SYMBOLS 2       /* SHT_SYMTAB */
#define SECTION_STRINGS 3       /* SHT_STRTAB */
#define SYMBOL_TYPE_MASK 0xF
#define SYMBOL_PLAIN 0          /* STT_NOTYPE: labels in assembly */
#define SYMBOL_FUNCTION 2       /* STT_FUNC */
#define SECTION_UNDEFINED 0
#define SECTION_RESERVED 0xFF00 /* SHN_LORESERVE and up: absolute values, no addresses */
#define LABEL_REACH_BYTES 0x10000

struct file {
    const uint8_t *bytes;
    uint64_t size_bytes;
};

static bool is_inside(const struct file *file, uint64_t offset, uint64_t length)
{
    return offset <= file->size_bytes && length <= file->size_bytes - offset;
}

static bool read_section(const struct file *file, const struct elf64_header *header, uint32_t index,
                         struct elf64_section *section)
{
    if (index >= header->section_count || header->section_entry_bytes != sizeof(*section))
        return false;
    uint64_t offset = index * sizeof(*section);
    if (!is_inside(file, header->section_offset, offset + sizeof(*section)))
        return false;
    memcpy(section, file->bytes + header->section_offset + offset, sizeof(*section));
    return is_inside(file, section->offset, section->size);
}

/* What is kept of a symbol. */
struct kept {
    uint32_t low;       /* of its address: the upper half is the same for all */
    uint32_t size_bytes;
    uint32_t name;
};

/* A symbol that can name code, with a name: it ends inside the string table, whose last byte is a NUL. */
static bool is_useful(const struct elf64_symbols *symbols, const struct elf64_symbol *symbol)
{
    unsigned type = symbol->info & SYMBOL_TYPE_MASK;

    if ((type != SYMBOL_FUNCTION && type != SYMBOL_PLAIN) || symbol->section == SECTION_UNDEFINED ||
        symbol->section >= SECTION_RESERVED || symbol->name >= symbols->names_bytes)
        return false;
    if (symbols->count == 0 ? symbol->value >> 32 == 0 : symbol->value >> 32 != symbols->high >> 32)
        return false;
    return symbols->names[symbol->name] != '\0';
}

/*
 * Write those of use in their short form over the end of the table itself, last to first: at most 12 bytes are written
 * for each 24 that have been read, so none is written over that is still to be read.
 */
static void keep(struct elf64_symbols *symbols, uint8_t *table, uint64_t count)
{
    uint8_t *end = table + count * sizeof(struct elf64_symbol);

    for (uint64_t i = count; i-- > 0;) {
        struct elf64_symbol symbol;
        memcpy(&symbol, table + i * sizeof(symbol), sizeof(symbol));
        if (!is_useful(symbols, &symbol))
            continue;
        struct kept kept = { (uint32_t)symbol.value, symbol.size < UINT32_MAX ? (uint32_t)symbol.size : UINT32_MAX,
                             symbol.name };
        symbols->high = symbol.value & ~(uint64_t)UINT32_MAX;
        symbols->count++;
        memcpy(end - symbols->count * sizeof(kept), &kept, sizeof(kept));
    }
    symbols->table = end - symbols->count * sizeof(struct kept);
}

bool elf64_symbols_keep(struct elf64_symbols *symbols, void *bytes, uint64_t file_bytes)
{
    struct file file = { bytes, file_bytes };
    struct elf64_header header;
    struct elf64_section table, strings;

    *symbols = (struct elf64_symbols){ .count = 0 };
    if (file_bytes < sizeof(header))
        return false;
    memcpy(&header, bytes, sizeof(header));
    if (memcmp(header.ident, "\177ELF\2\1", 6) != 0)
        return false;
    for (uint32_t i = 0; i < header.section_count; i++) {
        if (!read_section(&file, &header, i, &table) || table.type != SECTION_SYMBOLS)
            continue;
        if (!read_section(&file, &header, table.link, &strings) || strings.type != SECTION_STRINGS)
            return false;
        symbols->names = (const char *)file.bytes + strings.offset;
        symbols->names_bytes = strings.size;
        while (symbols->names_bytes != 0 && symbols->names[symbols->names_bytes - 1] != '\0')
            symbols->names_bytes--;     /* one look for all names: whatever begins before ends here */
        keep(symbols, (uint8_t *)bytes + table.offset, table.size / sizeof(struct elf64_symbol));
        return true;
    }
    return false;
}

const char *elf64_symbols_find(const struct elf64_symbols *symbols, uint64_t address, uint64_t *offset)
{
    struct kept best = { .name = 0 };
    bool found = false;

    if ((address ^ symbols->high) >> 32 != 0)
        return NULL;
    /*
     * All of them each time, as the table is in no order, and a panic has time. The nearest one below the address is
     * meant.
     */
    for (uint64_t i = 0; i < symbols->count; i++) {
        struct kept symbol;
        memcpy(&symbol, symbols->table + i * sizeof(symbol), sizeof(symbol));
        if (symbol.low > (uint32_t)address || (found && symbol.low < best.low))
            continue;
        /* Of several names for one address a function's is better than a label's. */
        if (found && symbol.low == best.low && symbol.size_bytes <= best.size_bytes)
            continue;
        best = symbol;
        found = true;
    }
    if (!found || (uint32_t)address - best.low >= (best.size_bytes != 0 ? best.size_bytes : LABEL_REACH_BYTES))
        return NULL;
    *offset = (uint32_t)address - best.low;
    return symbols->names + best.name;
}
