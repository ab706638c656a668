/*
 * option_text.h - UEFI load options as UTF-8 text (PURE).
 */
#ifndef EFI_OPTION_TEXT_H
#define EFI_OPTION_TEXT_H

#include <stdint.h>

#include "utf16.h"

#define OPTION_TEXT_BINARY UINT64_MAX

/*
 * Write load options, or what stands before a 0 in them, to text as utf16_to_utf8 does. own is the application's path
 * as its device path has it, without units if it is not known. The UEFI Shell passes the whole command line (UEFI Shell
 * specification, "EFI_SHELL_PARAMETERS_PROTOCOL"), so a first word that names the application is left out: one that
 * ends in ".efi", as no directive does (a short name or an alias on the volume is another spelling of own), or own's
 * name without that. Returns the bytes of the text.
 *
 * Boot managers also leave binary data in load options, such as a GUID. Directives and comments begin with ASCII, so
 * anything else in the first word gives OPTION_TEXT_BINARY; what follows costs itself only.
 */
uint64_t option_text_decode(const struct utf16 *options, const struct utf16 *own, char *text, uint64_t capacity);

#endif
