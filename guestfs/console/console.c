/*
 * console.c - a tour of the 80x25 console: colours, the cursor, boxes, the character set. Exits with 77.
 */
#include "sdk.h"

#define WHITE_ON_BLUE 0x1F
#define YELLOW_ON_BLUE 0x1E
#define GREY_ON_BLACK 0x07

static void draw_text(uint32_t row, uint32_t column, uint32_t attribute, const char *text)
{
    hv_print_at((int32_t)strlen(text), text, row, column, attribute);
}

/* One row of a frame: left corner, width - 2 times the middle, right corner. */
static void draw_edge(uint32_t row, uint32_t column, uint32_t width, const char *pieces)
{
    char line[HV_CONSOLE_COLS];

    memset(line, pieces[1], width);
    line[0] = pieces[0];
    line[width - 1] = pieces[2];
    hv_print_at((int32_t)width, line, row, column, WHITE_ON_BLUE);
}

static void draw_box(uint32_t row, uint32_t column, uint32_t height, uint32_t width, const char *title)
{
    draw_edge(row, column, width, "\xC9\xCD\xBB");
    for (uint32_t i = 1; i + 1 < height; i++)
        draw_edge(row + i, column, width, "\xBA \xBA");
    draw_edge(row + height - 1, column, width, "\xC8\xCD\xBC");
    draw_text(row, column + 2, YELLOW_ON_BLUE, title);
}

/* All 256 attributes, 16 by 16: background downward, foreground to the right. */
static void draw_colours(uint32_t row, uint32_t column)
{
    char text[3];

    for (uint32_t attribute = 0; attribute < 256; attribute++) {
        snprintf(text, sizeof(text), "%02X", attribute);
        draw_text(row + attribute / 16, column + attribute % 16 * 2, attribute, text);
    }
}

/* All 256 characters, 32 a row, but for those that move the cursor. */
static void draw_characters(uint32_t row, uint32_t column)
{
    for (uint32_t code = 0; code < 256; code++) {
        char character = (char)code;
        if (character != '\b' && character != '\n' && character != '\r')
            hv_print_at(1, &character, row + code / 32, column + code % 32, WHITE_ON_BLUE);
    }
}

static void draw_facts(uint32_t row, uint32_t column)
{
    char text[33];

    snprintf(text, sizeof(text), "RAM          %u MiB", sdk_memory_bytes() >> 20);
    draw_text(row, column, WHITE_ON_BLUE, text);
    snprintf(text, sizeof(text), "Top address  0x%08x", sdk_launch.ecx);
    draw_text(row + 1, column, WHITE_ON_BLUE, text);
    snprintf(text, sizeof(text), "hv_magic     0x%08x", hv_magic());
    draw_text(row + 2, column, WHITE_ON_BLUE, text);
    snprintf(text, sizeof(text), "Launch EAX   0x%08x", sdk_launch.eax);
    draw_text(row + 3, column, WHITE_ON_BLUE, text);
}

int main(void)
{
    hv_cons_set_term_color(YELLOW_ON_BLUE);
    for (uint32_t row = 0; row < 2; row++)
        draw_edge(row, 0, HV_CONSOLE_COLS, "   ");
    hv_cons_set_cursor_pos(0, 2);
    print_string("We are in the hypervisor");
    draw_box(3, 1, 18, 36, " Attributes ");
    draw_colours(4, 3);
    draw_box(3, 41, 10, 36, " Code page 437 ");
    draw_characters(4, 43);
    draw_box(14, 41, 7, 36, " Facts ");
    draw_facts(15, 43);
    hv_cons_set_term_color(GREY_ON_BLACK);
    hv_cons_set_cursor_pos(22, 0);
    printf("A guest drew this with four hypercalls. Exit status 77.\n");
    return 77;
}
