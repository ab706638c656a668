/*
 * image_symbols.c - names from a guest's symbol table, read in its file while a report is written (PURE).
 *
 * Nothing is copied, sorted or kept: a guest that never crashes pays nothing for its names. One walk over the table
 * serves all places of a report.
 */
#include "guest/image_symbols.h"

#include <stddef.h>

#include "base/string.h"

/* System V ABI, "Symbol Table", in its 32-bit form. */
struct symbol {
    uint32_t name, value, size;
    uint8_t info, other;
    uint16_t section;
};
_Static_assert(sizeof(struct symbol) == 16, "as in the file");

#define SYMBOL_FUNCTION 2u          /* STT_FUNC; below it STT_NOTYPE, labels in assembly, and STT_OBJECT */
#define SECTION_UNDEFINED 0u
#define SECTION_RESERVED 0xFF00u    /* SHN_LORESERVE and up: absolute values, no addresses */
#define NAME_BYTES_MAX 63u

struct tables {
    const struct image_bytes *image;
    struct image_section symbols, strings;
    uint32_t count;
};

static bool find_tables(const struct image_bytes *image, struct tables *tables)
{
    tables->image = image;
    for (uint32_t i = 1; i < IMAGE_SECTIONS_MAX; i++) {
        if (!image_section_read(image, i, &tables->symbols) || tables->symbols.type != IMAGE_SECTION_SYMBOLS)
            continue;
        tables->count = tables->symbols.size / (uint32_t)sizeof(struct symbol);
        return image_section_read(image, tables->symbols.link, &tables->strings) &&
               tables->strings.type == IMAGE_SECTION_STRINGS;
    }
    return false;
}

static struct symbol read_symbol(const struct tables *tables, uint32_t index)
{
    struct symbol symbol;

    memcpy(&symbol, tables->image->bytes + tables->symbols.offset + (uint64_t)index * sizeof(symbol), sizeof(symbol));
    return symbol;
}

/* Functions, labels and objects that lie somewhere. */
static bool is_place(const struct symbol *symbol)
{
    return (symbol->info & 0xFu) <= SYMBOL_FUNCTION && symbol->section != SECTION_UNDEFINED &&
           symbol->section < SECTION_RESERVED;
}

static uint32_t name_length(const struct tables *tables, const struct symbol *symbol, const char **name)
{
    if (symbol->name >= tables->strings.size)
        return 0;
    const uint8_t *text = tables->image->bytes + tables->strings.offset + symbol->name;
    *name = (const char *)text;
    return image_text_length(text, tables->strings.size - symbol->name, NAME_BYTES_MAX);
}

/* Is the address in the same section as the symbol? */
static bool shares_section(const struct tables *tables, const struct symbol *symbol, uint32_t address)
{
    struct image_section section;

    return image_section_read(tables->image, symbol->section, &section) && address - section.address < section.size;
}

/* What is known of a place so far. */
struct best {
    uint32_t value, end;        /* of the nearest symbol at or below it; end: value for a label */
    bool is_function, is_there;
};

/* Does the symbol say more about this address than what there is? */
static bool is_better(const struct best *best, const struct symbol *symbol, uint32_t address)
{
    bool holds = address - symbol->value < symbol->size;
    bool held = best->is_there && address - best->value < best->end - best->value;

    if (!best->is_there || holds != held)
        return !best->is_there || holds;
    if (symbol->value != best->value)
        return symbol->value > best->value;
    return !best->is_function && (symbol->info & 0xFu) == SYMBOL_FUNCTION;
}

static void visit(const struct tables *tables, const struct symbol *symbol, struct image_place *place,
                  struct best *best)
{
    uint32_t key = image_place_key(place);
    const char *name;

    if (symbol->value > key || !is_better(best, symbol, key))
        return;
    uint32_t length = name_length(tables, symbol, &name);
    if (length == 0)
        return;
    *best = (struct best){ symbol->value, symbol->value + symbol->size,
                           (symbol->info & 0xFu) == SYMBOL_FUNCTION, true };
    /* Behind the end of what has one: a gap, which is nobody's. */
    bool is_named = key - symbol->value < symbol->size || (symbol->size == 0 && shares_section(tables, symbol, key));
    place->name = is_named ? name : NULL;
    place->name_bytes = (uint8_t)length;
    place->offset = place->address - symbol->value;
}

static void name_place(const struct tables *tables, struct image_place *place, uint32_t *visits)
{
    struct best best = { .is_there = false };

    for (uint32_t i = 0; i < tables->count && *visits != 0; i++, --*visits) {
        struct symbol symbol = read_symbol(tables, i);
        if (is_place(&symbol))
            visit(tables, &symbol, place, &best);
    }
}

void image_symbols_name(const struct image_bytes *image, struct image_place *const *places, unsigned count)
{
    struct tables tables;
    uint32_t visits = IMAGE_SYMBOL_VISITS;

    for (unsigned i = 0; i < count; i++)
        places[i]->name = NULL;
    if (!find_tables(image, &tables))
        return;
    for (unsigned i = 0; i < count; i++)
        name_place(&tables, places[i], &visits);
}

bool image_symbols_find(const struct image_bytes *image, const char *wanted, uint32_t *address, uint32_t *bytes)
{
    struct tables tables;
    size_t wanted_bytes = strlen(wanted);

    if (!find_tables(image, &tables))
        return false;
    for (uint32_t i = 0; i < tables.count && i < IMAGE_SYMBOL_VISITS; i++) {
        struct symbol symbol = read_symbol(&tables, i);
        const char *name;
        if (!is_place(&symbol) || name_length(&tables, &symbol, &name) != wanted_bytes ||
            memcmp(name, wanted, wanted_bytes) != 0)
            continue;
        *address = symbol.value;
        *bytes = symbol.size;
        return true;
    }
    return false;
}
