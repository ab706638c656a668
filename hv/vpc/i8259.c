/*
 * i8259.c - see i8259.h. The names of the words (ICW1 to 4, OCW1 to 3) are the data sheet's (PURE).
 */
#include "vpc/i8259.h"

#define CASCADE 2u              /* line of the first that the second drives */
#define SPURIOUS 7u
#define NO_LINE 8u
#define ICW1 0x10u
#define ICW1_WORD4 0x01u
#define ICW1_SINGLE 0x02u
#define ICW1_LEVEL 0x08u
#define ICW4_AUTO_EOI 0x02u
#define ICW4_FULLY_NESTED 0x10u
#define OCW3 0x08u
#define POLL_HAS 0x80u
#define ELCR_PORTS 0x4D0u
#define LEVEL_FIRST 0xF8u       /* lines that may be level-triggered: not timer, keyboard, cascade; not clock, FPU */
#define LEVEL_SECOND 0xDEu

/* A set of lines by their priority, bit 0 the first; and the line of a rank. */
static unsigned ranks_of(const struct i8259 *chip, unsigned set)
{
    return (set | set << 8) >> ((chip->lowest + 1u) & 7u) & 0xFF;
}

static unsigned line_of_rank(const struct i8259 *chip, unsigned rank)
{
    return (rank + chip->lowest + 1u) & 7u;
}

/* The first line by priority of a set; NO_LINE: it is empty. */
static unsigned first_line(const struct i8259 *chip, unsigned set)
{
    return set != 0 ? line_of_rank(chip, (unsigned)__builtin_ctz(ranks_of(chip, set))) : NO_LINE;
}

/* The line that would interrupt now, as what is in service stands back behind it; NO_LINE: none. */
static unsigned asking_line(const struct i8259 *chip, bool is_first)
{
    unsigned served = chip->isr, asked = chip->irr & ~(unsigned)chip->imr;

    if (asked == 0)
        return NO_LINE;
    if (chip->is_special_mask)
        served &= ~(unsigned)chip->imr;
    if (is_first && chip->is_fully_nested)
        served &= ~(1u << CASCADE);
    unsigned rank = (unsigned)__builtin_ctz(ranks_of(chip, asked));
    return (ranks_of(chip, served) & ((2u << rank) - 1)) == 0 ? line_of_rank(chip, rank) : NO_LINE;
}

/* Levels of all lines in a mask. A level is asked as long as it is high, an edge from when it rises. */
static void set_pic_lines(struct i8259 *chip, uint8_t mask, uint8_t lines)
{
    uint8_t followed = chip->level & mask, risen = lines & mask & ~chip->lines & ~chip->level;

    chip->irr = (uint8_t)((chip->irr & ~followed) | (lines & followed) | risen);
    chip->lines = (uint8_t)((chip->lines & ~mask) | (lines & mask));
}

/* Would that change anything? */
static bool follows_lines(const struct i8259 *chip, uint8_t mask, uint8_t lines)
{
    return (((chip->lines ^ lines) | ((chip->irr ^ lines) & chip->level)) & mask) == 0;
}

static void set_cascade(struct i8259_pair *pair, bool is_high)
{
    set_pic_lines(&pair->first, 1u << CASCADE, is_high ? 1u << CASCADE : 0);
}

/* The first's line 2 is what the second asks. It falls and rises again with each of its interrupts. */
static void cascade(struct i8259_pair *pair)
{
    set_cascade(pair, asking_line(&pair->second, false) != NO_LINE);
    if (!(pair->first.lines & 1u << CASCADE))
        pair->first.irr &= (uint8_t)~(1u << CASCADE);
}

void i8259_reset(struct i8259_pair *pair)
{
    *pair = (struct i8259_pair){ .first = { .lowest = 7 }, .second = { .lowest = 7 } };
}

void i8259_set_lines(struct i8259_pair *pair, uint16_t lines)
{
    set_pic_lines(&pair->first, (uint8_t)~(1u << CASCADE), (uint8_t)lines);
    if (follows_lines(&pair->second, UINT8_MAX, (uint8_t)(lines >> 8)))
        return;
    set_pic_lines(&pair->second, UINT8_MAX, (uint8_t)(lines >> 8));
    cascade(pair);
}

bool i8259_has_first(const struct i8259_pair *pair)
{
    return asking_line(&pair->first, true) != NO_LINE;
}

static void begin_service(struct i8259 *chip, unsigned line)
{
    uint8_t bit = (uint8_t)(1u << line);

    if (!chip->is_auto_eoi)
        chip->isr |= bit;
    else if (chip->rotates_on_auto_eoi)
        chip->lowest = (uint8_t)line;
    if (!(chip->level & bit))
        chip->irr &= (uint8_t)~bit;
}

/* The line of a chip that is served from now on; SPURIOUS if none asks. */
static unsigned take_line(struct i8259 *chip, bool is_first)
{
    unsigned line = asking_line(chip, is_first);

    if (line == NO_LINE)
        return SPURIOUS;
    begin_service(chip, line);
    return line;
}

uint8_t i8259_acknowledge(struct i8259_pair *pair)
{
    unsigned line = take_line(&pair->first, true);
    uint8_t vector = (uint8_t)(pair->first.base + line);

    if (line == CASCADE) {
        vector = (uint8_t)(pair->second.base + take_line(&pair->second, false));
        set_cascade(pair, false);
        cascade(pair);
    }
    return vector;
}

static void initialise(struct i8259 *chip, uint8_t word)
{
    uint8_t level = word & ICW1_LEVEL ? 0xFF : chip->level, lines = chip->lines, base = chip->base;

    *chip = (struct i8259){ .lowest = 7, .step = 2, .level = level, .lines = lines, .base = base,
                            .has_word4 = word & ICW1_WORD4, .is_single = word & ICW1_SINGLE };
}

static void write_icw(struct i8259 *chip, uint8_t value)
{
    if (chip->step == 2) {
        chip->base = value & 0xF8;
        chip->step = !chip->is_single ? 3 : chip->has_word4 ? 4 : 0;
    } else if (chip->step == 3) {           /* who is wired to whom is not to be changed here */
        chip->step = chip->has_word4 ? 4 : 0;
    } else {
        chip->is_auto_eoi = value & ICW4_AUTO_EOI;
        chip->is_fully_nested = value & ICW4_FULLY_NESTED;
        chip->step = 0;
    }
}

/* OCW2, end of interrupt and rotation: bits 7 to 5 are the command. */
static void write_eoi(struct i8259 *chip, uint8_t value)
{
    unsigned command = value >> 5, line = value & 7u;

    if (command == 0 || command == 4)
        chip->rotates_on_auto_eoi = command == 4;
    if (command == 1 || command == 5)
        line = first_line(chip, chip->isr);
    if ((command & 1) && line != NO_LINE)
        chip->isr &= (uint8_t)~(1u << line);
    if (command >= 5 && line != NO_LINE)
        chip->lowest = (uint8_t)line;
}

static void write_ocw3(struct i8259 *chip, uint8_t value)
{
    if (value & 0x40)
        chip->is_special_mask = value & 0x20;
    chip->polls = value & 0x04;
    if (value & 0x02)
        chip->reads_isr = value & 0x01;
}

/* A poll is an acknowledgement without the processor. Apart, so that other reads keep nothing for it. */
static __attribute__((noinline)) uint8_t poll(struct i8259_pair *pair, struct i8259 *chip)
{
    unsigned line = asking_line(chip, chip == &pair->first);

    chip->polls = false;
    if (line != NO_LINE)
        begin_service(chip, line);
    cascade(pair);
    return line != NO_LINE ? (uint8_t)(POLL_HAS | line) : 0;
}

bool i8259_write_ocw(struct i8259_pair *pair, uint16_t port, uint8_t value)
{
    bool is_second = port & I8259_SECOND_PORTS;
    struct i8259 *chip = is_second ? &pair->second : &pair->first;

    if (port & 1 ? chip->step != 0 : value & ICW1)
        return false;
    if (port & 1)
        chip->imr = value;
    else if (value & OCW3)
        write_ocw3(chip, value);
    else
        write_eoi(chip, value);
    if (is_second)
        cascade(pair);
    return true;
}

uint8_t i8259_read(struct i8259_pair *pair, uint16_t port)
{
    struct i8259 *chip = port & I8259_SECOND_PORTS ? &pair->second : &pair->first;

    if ((port & ~1u) == ELCR_PORTS)
        return port & 1 ? pair->second.level : pair->first.level;
    if (chip->polls)
        return poll(pair, chip);
    if (port & 1)
        return chip->imr;
    return chip->reads_isr ? chip->isr : chip->irr;
}

void i8259_write(struct i8259_pair *pair, uint16_t port, uint8_t value)
{
    struct i8259 *chip = port & I8259_SECOND_PORTS ? &pair->second : &pair->first;

    if (port == ELCR_PORTS)
        pair->first.level = value & LEVEL_FIRST;
    else if (port == ELCR_PORTS + 1)
        pair->second.level = value & LEVEL_SECOND;
    else if (i8259_write_ocw(pair, port, value))
        return;
    else if (port & 1)
        write_icw(chip, value);
    else
        initialise(chip, value);
    cascade(pair);
}
