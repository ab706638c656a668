/*
 * cp437.c - the table: IBM PC code page 437, with the glyphs that control codes have on the screen (PURE).
 */
#include "io/cp437.h"

#include "base/string.h"

static const char utf8[256][4] = {
    " ", "☺", "☻", "♥", "♦", "♣", "♠", "•", "◘", "○", "◙", "♂", "♀", "♪", "♫", "☼",
    "►", "◄", "↕", "‼", "¶", "§", "▬", "↨", "↑", "↓", "→", "←", "∟", "↔", "▲", "▼",
    " ", "!", "\"", "#", "$", "%", "&", "'", "(", ")", "*", "+", ",", "-", ".", "/",
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ":", ";", "<", "=", ">", "?",
    "@", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O",
    "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z", "[", "\\", "]", "^", "_",
    "`", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o",
    "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z", "{", "|", "}", "~", "⌂",
    "Ç", "ü", "é", "â", "ä", "à", "å", "ç", "ê", "ë", "è", "ï", "î", "ì", "Ä", "Å",
    "É", "æ", "Æ", "ô", "ö", "ò", "û", "ù", "ÿ", "Ö", "Ü", "¢", "£", "¥", "₧", "ƒ",
    "á", "í", "ó", "ú", "ñ", "Ñ", "ª", "º", "¿", "⌐", "¬", "½", "¼", "¡", "«", "»",
    "░", "▒", "▓", "│", "┤", "╡", "╢", "╖", "╕", "╣", "║", "╗", "╝", "╜", "╛", "┐",
    "└", "┴", "┬", "├", "─", "┼", "╞", "╟", "╚", "╔", "╩", "╦", "╠", "═", "╬", "╧",
    "╨", "╤", "╥", "╙", "╘", "╒", "╓", "╫", "╪", "┘", "┌", "█", "▄", "▌", "▐", "▀",
    "α", "ß", "Γ", "π", "Σ", "σ", "µ", "τ", "Φ", "Θ", "Ω", "δ", "∞", "φ", "ε", "∩",
    "≡", "±", "≥", "≤", "⌠", "⌡", "÷", "≈", "°", "∙", "·", "√", "ⁿ", "²", "■", " ",
};

const char *cp437_utf8(uint8_t character)
{
    return utf8[character];
}

/* The character that a text begins with, -1: none. A blank is 0x20, never NUL or 0xFF. */
static int first_character(const char *text, size_t length)
{
    if (text[0] >= ' ' && text[0] <= '~')
        return text[0];
    for (int i = 1; i < 255; i++) {
        size_t bytes = strlen(utf8[i]);
        if (bytes <= length && memcmp(text, utf8[i], bytes) == 0)
            return i;
    }
    return -1;
}

int cp437_from_utf8(uint8_t *characters, const char *text, size_t length)
{
    int count = 0;

    for (size_t i = 0; i < length; i += strlen(utf8[characters[count++]])) {
        int character = first_character(text + i, length - i);
        if (character < 0)
            return -1;
        characters[count] = (uint8_t)character;
    }
    return count;
}
