/*
 * image_symbols.c - names from a guest's symbol table, read in its file while a report is written (PURE).
 *
 * Nothing is copied, sorted or kept: a guest that never crashes pays nothing for its names. Nobody runs while a report
 * is written, so the work is limited, whatever the file says: of a long table, only the first places get names.
 */
#include "guest/image_symbols.h"

#include <stddef.h>

#include "base/string.h"

/* System V ABI, "Symbol Table", in its 32-bit form. */
struct symbol {
    uint32_t name, value, size;
    uint8_t info, other;
    uint16_t section;
} __attribute__((packed));          /* it may lie anywhere */
_Static_assert(sizeof(struct symbol) == 16, "as in the file");

#define SYMBOL_FUNCTION 2u          /* STT_FUNC; below it STT_NOTYPE, labels in assembly, and STT_OBJECT */
#define SECTION_UNDEFINED 0u
#define SECTION_RESERVED 0xFF00u    /* SHN_LORESERVE and up: absolute values, no addresses */
#define NAME_BYTES_MAX 63u
#define GROUP 8u                    /* places that one walk over the table serves */

struct tables {
    const struct image_bytes *image;
    struct image_section symbols, strings;
    uint32_t count;
};

static const uint8_t *text_at(const struct tables *tables, uint32_t at)
{
    return tables->image->bytes + tables->strings.offset + at;
}

/* A table of names ends with a NUL, so each name in it ends. */
static bool has_names(const struct tables *tables)
{
    uint32_t size = tables->strings.size;

    return tables->strings.type == IMAGE_SECTION_STRINGS && size != 0 && *text_at(tables, size - 1) == '\0';
}

static bool find_tables(const struct image_bytes *image, struct tables *tables)
{
    tables->image = image;
    /* Bound: IMAGE_SECTIONS_MAX, some eighty instructions each. */
    for (uint32_t i = 1; i < IMAGE_SECTIONS_MAX; i++) {
        if (!image_section_read(image, i, &tables->symbols) || tables->symbols.type != IMAGE_SECTION_SYMBOLS)
            continue;
        tables->count = tables->symbols.size / (uint32_t)sizeof(struct symbol);
        return image_section_read(image, tables->symbols.link, &tables->strings) && has_names(tables);
    }
    return false;
}

static const struct symbol *symbol_at(const struct tables *tables, uint32_t index)
{
    return (const struct symbol *)(const void *)(tables->image->bytes + tables->symbols.offset) + index;
}

/* Functions, labels and objects that lie somewhere. */
static bool is_place(const struct symbol *symbol)
{
    return (symbol->info & 0xFu) <= SYMBOL_FUNCTION && symbol->section != SECTION_UNDEFINED &&
           symbol->section < SECTION_RESERVED;
}

static uint32_t name_length(const struct tables *tables, const struct symbol *symbol)
{
    uint32_t room = tables->strings.size - symbol->name;

    room = room < NAME_BYTES_MAX ? room : NAME_BYTES_MAX;
    return (uint32_t)strnlen((const char *)text_at(tables, symbol->name), room);
}

/* Is the address in the same section as the symbol? */
static bool shares_section(const struct tables *tables, const struct symbol *symbol, uint32_t address)
{
    struct image_section section;

    return image_section_read(tables->image, symbol->section, &section) && address - section.address < section.size;
}

/* What says most about each of some addresses, so far. */
struct group {
    unsigned count;
    uint32_t keys[GROUP];
    uint64_t scores[GROUP];     /* of the best; 0: there is none */
    const struct symbol *best[GROUP];
};

/* Of what lies at or below an address: what holds it counts first, then what is nearest, then functions. */
#define SCORE_ANY (1ull << 34)
#define SCORE_HOLDS (1ull << 33)
#define SCORE_VALUE_SHIFT 1

/* Bound: all symbols, times the addresses of the group. What is the same for all is read once. */
static void search(const struct tables *tables, struct group *group)
{
    const struct symbol *symbol = symbol_at(tables, 0), *end = symbol_at(tables, tables->count);
    const uint8_t *names = text_at(tables, 0);
    uint32_t names_bytes = tables->strings.size, highest = 0;
    unsigned count = group->count;

    for (unsigned n = 0; n < count; n++)
        highest = group->keys[n] > highest ? group->keys[n] : highest;
    for (; symbol < end; symbol++) {
        uint32_t value = symbol->value, size = symbol->size;
        if (value > highest || !is_place(symbol) || symbol->name >= names_bytes || names[symbol->name] == '\0')
            continue;
        uint64_t plain = SCORE_ANY | (uint64_t)value << SCORE_VALUE_SHIFT | ((symbol->info & 0xFu) == SYMBOL_FUNCTION);
        for (unsigned n = 0; n < count; n++) {
            uint32_t key = group->keys[n];
            uint64_t score = plain | (key - value < size ? SCORE_HOLDS : 0);
            if (value > key || score <= group->scores[n])
                continue;
            group->scores[n] = score;
            group->best[n] = symbol;
        }
    }
}

static void name_place(const struct tables *tables, const struct symbol *symbol, struct image_place *place)
{
    uint32_t key = image_place_key(place);

    /* Behind the end of what has one: a gap, which is nobody's. */
    if (key - symbol->value >= symbol->size && (symbol->size != 0 || !shares_section(tables, symbol, key)))
        return;
    place->name = (const char *)text_at(tables, symbol->name);
    place->name_bytes = (uint8_t)name_length(tables, symbol);
    place->offset = place->address - symbol->value;
}

static void name_group(const struct tables *tables, struct image_place *const *places, unsigned count)
{
    struct group group = { .count = count };

    for (unsigned i = 0; i < count; i++)
        group.keys[i] = image_place_key(places[i]);
    search(tables, &group);
    for (unsigned i = 0; i < count; i++)
        if (group.best[i] != NULL)
            name_place(tables, group.best[i], places[i]);
}

/* How many places one walk over the table can serve, for so many steps; 0: none. */
static unsigned group_for(const struct tables *tables, unsigned left, uint32_t steps)
{
    unsigned most = left < GROUP ? left : GROUP;

    while (most > 0 && (uint64_t)tables->count * (most + 1) > steps)
        most--;
    return most;
}

/* Bound: IMAGE_SYMBOL_STEPS, and a name and a section for each place. */
void image_symbols_name(const struct image_bytes *image, struct image_place *const *places, unsigned count)
{
    struct tables tables;
    uint32_t steps = IMAGE_SYMBOL_STEPS;
    unsigned done = 0, next;

    for (unsigned i = 0; i < count; i++)
        places[i]->name = NULL;
    if (!find_tables(image, &tables))
        return;
    for (; (next = group_for(&tables, count - done, steps)) > 0; done += next) {
        name_group(&tables, places + done, next);
        steps -= tables.count * (next + 1);
    }
}

/* Bound: IMAGE_SYMBOL_VISITS, some thirty instructions each. */
bool image_symbols_find(const struct image_bytes *image, const char *wanted, uint32_t *address, uint32_t *bytes)
{
    struct tables tables;
    size_t wanted_bytes = strlen(wanted) + 1;

    if (!find_tables(image, &tables) || tables.strings.size < wanted_bytes)
        return false;
    for (uint32_t i = 0; i < tables.count && i < IMAGE_SYMBOL_VISITS; i++) {
        const struct symbol *symbol = symbol_at(&tables, i);
        if (!is_place(symbol) || symbol->name > tables.strings.size - wanted_bytes ||
            memcmp(text_at(&tables, symbol->name), wanted, wanted_bytes) != 0)
            continue;
        *address = symbol->value;
        *bytes = symbol->size;
        return true;
    }
    return false;
}
