#pragma once

#include <gpiod.h>

// Both versions have the same header name and the same guard, and neither has a version macro. Line bulks exist only in
// version 1, and as a structure of fixed size.
#ifdef GPIOD_LINE_BULK_MAX_LINES
#define CGPIO_MAJOR 1
#else
#define CGPIO_MAJOR 2
#endif

#include "CGPIOD.h"

/// Copies what fits, with a zero at its end. NULL counts as empty.
void cgpio_copy(char *to, const char *from, unsigned size);
/// Makes a descriptor non-blocking.
int cgpio_unblock(int descriptor);

// What finding needs of a version.
/// Number of lines, or -1.
int cgpio_chip_lines(struct gpiod_chip *chip);
int cgpio_chip_label(struct gpiod_chip *chip, char label[cgpio_name_max]);
int cgpio_chip_line(struct gpiod_chip *chip, unsigned offset, struct cgpio_line_info *info);
