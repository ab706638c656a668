/*
 * image_lines.c - a small reader of DWARF line programs, for reports (PURE).
 *
 * Source: DWARF 4 and DWARF 5, section 6.2 "Line Number Information". One walk over all programs serves all places.
 * Nothing is kept; every read is checked by the cursor, which is empty for good once it was asked for too much, so that
 * a hostile file ends the walk and nothing else. Nobody runs while a report is written, so steps are counted, whatever
 * the file says.
 */
#include "guest/image_lines.h"

#include <stddef.h>

#include "base/string.h"

#define VERSION_MIN 2u
#define VERSION_TABLES 5u           /* from here on, folders and files are described by formats */
#define LENGTH_RESERVED 0xFFFFFFF0u /* and up: the 64-bit form, among others */
#define FORMATS_MAX 16u
#define LEB_BITS_MAX 70u            /* of 64 bits, in sevens */
#define TEXT_BYTES_MAX 1024u
#define UNIT_STEPS 5u               /* to read its header */
#define TEXT_STEP_BYTES 2u          /* that take a step */
#define OPCODE_BYTES_MAX 4096u      /* with operands that are read one by one: 255 numbers of ten bytes each */
#define FILE_BYTES_MAX 63u

enum { STANDARD_COPY = 1, ADVANCE_PC, ADVANCE_LINE, SET_FILE, SET_COLUMN, NEGATE, BASIC_BLOCK, CONST_ADD_PC,
       FIXED_ADVANCE_PC };
enum { EXTENDED_END = 1, EXTENDED_SET_ADDRESS };
enum { CONTENT_PATH = 1 };
enum { FORM_DATA2 = 0x05, FORM_DATA4, FORM_DATA8, FORM_STRING, FORM_BLOCK, FORM_DATA1 = 0x0B, FORM_STRP = 0x0E,
       FORM_UDATA, FORM_DATA16 = 0x1E, FORM_LINE_STRP };

struct cursor {
    const uint8_t *at;
    uint64_t left;
};

struct search {
    struct image_bytes strings, line_strings;   /* .debug_str, .debug_line_str */
    struct image_place *const *places;
    unsigned count;
    uint32_t lowest, highest;                   /* of their addresses: most rows hold none of them */
    uint32_t steps;
};

/* A unit's header, as far as its program needs it. */
struct unit {
    uint32_t version;
    uint8_t step_bytes, line_range, opcode_base;
    int8_t line_base;
    const uint8_t *operand_counts;              /* of opcode 1 on */
    struct cursor tables;
};

/* The registers of the line machine that are of interest. */
struct row {
    uint32_t address, file, line;
};

/* False: they are used up. */
static bool spend(struct search *search, uint32_t steps)
{
    search->steps -= steps < search->steps ? steps : search->steps;
    return search->steps != 0;
}

/* So many bytes, or NULL, and then none ever again. */
static const uint8_t *take_raw(struct cursor *cursor, uint64_t bytes)
{
    const uint8_t *taken = cursor->at;

    if (bytes > cursor->left) {
        cursor->left = 0;
        return NULL;
    }
    cursor->at += bytes;
    cursor->left -= bytes;
    return taken;
}

static uint32_t take_number(struct cursor *cursor, unsigned bytes)
{
    const uint8_t *taken = take_raw(cursor, bytes);
    uint32_t number = 0;

    for (unsigned i = bytes; taken != NULL && i > 0; i--)
        number = number << 8 | taken[i - 1];
    return number;
}

/* LEB128, cut to 32 bits. */
static uint32_t take_leb(struct cursor *cursor, bool is_signed)
{
    uint32_t number = 0, byte = 0x80;

    for (unsigned shift = 0; byte & 0x80; shift += 7) {
        if (cursor->left == 0 || shift >= LEB_BITS_MAX) {
            cursor->left = 0;
            return 0;
        }
        byte = take_number(cursor, 1);
        number |= shift < 32 ? (byte & 0x7F) << shift : 0;
        if (is_signed && !(byte & 0x80) && byte & 0x40 && shift + 7 < 32)
            number |= UINT32_MAX << (shift + 7);
    }
    return number;
}

static struct cursor take_path(struct search *search, struct cursor *cursor)
{
    uint64_t room = cursor->left < TEXT_BYTES_MAX ? cursor->left : TEXT_BYTES_MAX;
    uint64_t length = strnlen((const char *)cursor->at, room);

    (void)spend(search, (uint32_t)length / TEXT_STEP_BYTES + 1);
    if (length == room)
        cursor->left = 0;
    struct cursor text = { cursor->at, cursor->left != 0 ? length : 0 };
    (void)take_raw(cursor, cursor->left != 0 ? length + 1 : 0);
    return text;
}

/* A text of another section. */
static struct cursor find_text(struct search *search, const struct image_bytes *section, uint32_t offset)
{
    struct cursor rest = { section->bytes, section->size };

    if (section->bytes == NULL || take_raw(&rest, offset) == NULL)
        return (struct cursor){ (const uint8_t *)"", 0 };
    return take_path(search, &rest);
}

/* One value of a table of DWARF 5. Texts are returned, anything else is passed over. */
static struct cursor take_form(struct search *search, struct cursor *cursor, uint32_t form)
{
    static const uint8_t sizes[] = { [FORM_DATA1] = 1, [FORM_DATA2] = 2, [FORM_DATA4] = 4, [FORM_DATA8] = 8,
                                     [FORM_DATA16] = 16 };

    switch (form) {
    case FORM_STRING: return take_path(search, cursor);
    case FORM_STRP: return find_text(search, &search->strings, take_number(cursor, 4));
    case FORM_LINE_STRP: return find_text(search, &search->line_strings, take_number(cursor, 4));
    case FORM_UDATA: (void)take_leb(cursor, false); break;
    case FORM_BLOCK: (void)take_raw(cursor, take_leb(cursor, false)); break;
    default:
        if (form >= sizeof(sizes) || sizes[form] == 0)
            cursor->left = 0;       /* unknown: nothing behind it can be found */
        else
            (void)take_raw(cursor, sizes[form]);
    }
    return (struct cursor){ (const uint8_t *)"", 0 };
}

/* Walk over a table of DWARF 5, folders or files; the path of entry wanted, or none. */
static struct cursor walk_table(struct search *search, struct cursor *cursor, uint32_t wanted)
{
    struct cursor path = { (const uint8_t *)"", 0 };
    uint32_t contents[FORMATS_MAX], forms[FORMATS_MAX];
    uint32_t formats = take_number(cursor, 1);

    if (formats > FORMATS_MAX)
        cursor->left = 0;
    for (uint32_t i = 0; i < formats && cursor->left != 0; i++) {
        contents[i] = take_leb(cursor, false);
        forms[i] = take_leb(cursor, false);
    }
    uint32_t entries = take_leb(cursor, false);
    /* Bound: steps, an entry for each value in it, and texts by their length. */
    for (uint32_t entry = 0; entry < entries && cursor->left != 0 && spend(search, 1 + 3 * formats); entry++) {
        for (uint32_t i = 0; i < formats; i++) {
            struct cursor text = take_form(search, cursor, forms[i]);
            if (entry == wanted && contents[i] == CONTENT_PATH)
                path = text;
        }
    }
    return path;
}

/* The path of a file by its number. */
static struct cursor find_path(struct search *search, const struct unit *unit, uint32_t file)
{
    struct cursor cursor = unit->tables, text;

    if (unit->version >= VERSION_TABLES) {
        (void)walk_table(search, &cursor, UINT32_MAX);
        return walk_table(search, &cursor, file);
    }
    do {                                            /* folders, up to an empty one */
        text = take_path(search, &cursor);
    } while (text.left != 0 && spend(search, 1));
    for (uint32_t i = 1; cursor.left != 0 && spend(search, 1); i++) {
        text = take_path(search, &cursor);
        if (text.left == 0 || i == file)
            return text;
        for (unsigned skip = 0; skip < 3; skip++)   /* folder, time, size */
            (void)take_leb(&cursor, false);
    }
    return (struct cursor){ (const uint8_t *)"", 0 };
}

static void set_place_line(struct search *search, const struct unit *unit, const struct row *row,
                           struct image_place *place)
{
    struct cursor path = find_path(search, unit, row->file);
    uint64_t start = path.left;

    while (start > 0 && path.at[start - 1] != '/')
        start--;
    uint64_t length = path.left - start;
    if (length == 0)
        return;
    place->file = (const char *)path.at + start;
    place->file_bytes = (uint8_t)(length < FILE_BYTES_MAX ? length : FILE_BYTES_MAX);
    place->line = row->line;
}

/* A row holds what lies between its address and that of the next. */
static void end_row(struct search *search, const struct unit *unit, const struct row *row, uint32_t end)
{
    if (row->address > search->highest || end <= search->lowest || !spend(search, search->count))
        return;
    for (unsigned i = 0; row->line != 0 && i < search->count; i++) {
        uint32_t key = image_place_key(search->places[i]);
        if (search->places[i]->file == NULL && key >= row->address && key < end)
            set_place_line(search, unit, row, search->places[i]);
    }
}

static bool read_unit(struct cursor *all, struct unit *unit, struct cursor *program)
{
    uint32_t length = take_number(all, 4);
    struct cursor whole = { all->at, length };

    if (length >= LENGTH_RESERVED || take_raw(all, length) == NULL) {
        all->left = 0;
        return false;
    }
    unit->version = take_number(&whole, 2);
    if (unit->version < VERSION_MIN || unit->version > VERSION_TABLES)
        return false;
    if (unit->version >= VERSION_TABLES)
        (void)take_raw(&whole, 2);              /* sizes of addresses and selectors */
    uint32_t header_bytes = take_number(&whole, 4);
    *program = whole;
    if (take_raw(program, header_bytes) == NULL)
        return false;
    unit->step_bytes = (uint8_t)take_number(&whole, 1);
    (void)take_raw(&whole, unit->version >= 4 ? 2 : 1);     /* operations of an instruction; is_stmt */
    unit->line_base = (int8_t)take_number(&whole, 1);
    unit->line_range = (uint8_t)take_number(&whole, 1);
    unit->opcode_base = (uint8_t)take_number(&whole, 1);
    unit->operand_counts = take_raw(&whole, unit->opcode_base == 0 ? 0 : unit->opcode_base - 1u);
    unit->tables = whole;
    return unit->operand_counts != NULL && unit->line_range != 0 && unit->opcode_base != 0;
}

static const struct row fresh_row = { .file = 1, .line = 1 };

/* What an opcode did: nothing yet, one row, or the last of a sequence. */
enum result { NOTHING, ROW, END };

static enum result do_extended(struct cursor *program, struct row *row)
{
    uint32_t bytes = take_leb(program, false);
    struct cursor operands = { program->at, bytes };

    if (take_raw(program, bytes) == NULL)
        return NOTHING;
    switch (take_number(&operands, 1)) {
    case EXTENDED_END: return END;
    case EXTENDED_SET_ADDRESS: row->address = take_number(&operands, 4); break;
    default: break;
    }
    return NOTHING;
}

static enum result do_standard(const struct unit *unit, uint32_t opcode, struct cursor *program, struct row *row)
{
    switch (opcode) {
    case STANDARD_COPY: return ROW;
    case ADVANCE_PC: row->address += take_leb(program, false) * unit->step_bytes; break;
    case ADVANCE_LINE: row->line += take_leb(program, true); break;
    case SET_FILE: row->file = take_leb(program, false); break;
    case CONST_ADD_PC: row->address += (255u - unit->opcode_base) / unit->line_range * unit->step_bytes; break;
    case FIXED_ADVANCE_PC: row->address += take_number(program, 2); break;
    default:
        for (unsigned i = 0; i < unit->operand_counts[opcode - 1] && program->left != 0; i++)
            (void)take_leb(program, false);
    }
    return NOTHING;
}

static enum result do_opcode(const struct unit *unit, struct cursor *program, struct row *row)
{
    uint32_t opcode = take_number(program, 1);

    if (opcode == 0)
        return do_extended(program, row);
    if (opcode < unit->opcode_base)
        return do_standard(unit, opcode, program, row);
    opcode -= unit->opcode_base;
    row->address += opcode / unit->line_range * unit->step_bytes;
    row->line += (uint32_t)(unit->line_base + (int32_t)(opcode % unit->line_range));
    return ROW;
}

/* Bound: steps, for each opcode its bytes and for each row that may hold one of them the places. */
static void run(struct search *search, const struct unit *unit, struct cursor program)
{
    struct row row = fresh_row, last = { .line = 0 };       /* line 0: there is none */

    for (uint64_t left = program.left; left != 0; left = program.left) {
        enum result result = do_opcode(unit, &program, &row);
        uint64_t bytes = left - program.left;
        uint32_t steps = (result == NOTHING ? 2 : 1) + (uint32_t)(bytes < OPCODE_BYTES_MAX ? bytes : OPCODE_BYTES_MAX);
        if (!spend(search, steps))
            return;
        if (result == NOTHING)
            continue;
        end_row(search, unit, &last, row.address);
        last = row;
        if (result == END) {
            row = fresh_row;
            last.line = 0;
        }
    }
}

void image_lines_find(const struct image_bytes *image, struct image_place *const *places, unsigned count)
{
    struct search search = { .places = places, .count = count, .lowest = UINT32_MAX,
                             .steps = IMAGE_LINE_STEPS };
    struct image_bytes section;
    struct cursor program;
    struct unit unit;

    for (unsigned i = 0; i < count; i++) {
        uint32_t key = image_place_key(places[i]);
        places[i]->file = NULL;
        search.lowest = key < search.lowest ? key : search.lowest;
        search.highest = key > search.highest ? key : search.highest;
    }
    if (!image_section_find(image, ".debug_line", &section))
        return;
    (void)image_section_find(image, ".debug_line_str", &search.line_strings);
    (void)image_section_find(image, ".debug_str", &search.strings);
    struct cursor all = { section.bytes, section.size < IMAGE_LINE_BYTES ? section.size : IMAGE_LINE_BYTES };
    while (all.left != 0 && spend(&search, UNIT_STEPS)) {
        if (read_unit(&all, &unit, &program))
            run(&search, &unit, program);
    }
}
