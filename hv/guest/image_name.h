/*
 * image_name.h - names of guest images (PURE): docs/operator.md has their rule.
 */
#ifndef GUEST_IMAGE_NAME_H
#define GUEST_IMAGE_NAME_H

#define IMAGE_NAME_BYTES 64             /* with the zero at its end */

/*
 * Take a guest's name out of what was written: NAME, guests/NAME or /guests/NAME with either kind of slash. name always
 * receives something that can be shown: a character that is not allowed as '?'. NULL, or what is wrong.
 */
const char *image_name_parse(const char *text, char name[IMAGE_NAME_BYTES]);

#endif
