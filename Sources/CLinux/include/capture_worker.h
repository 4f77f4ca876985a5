#pragma once

#include <stdint.h>

/// One reading of a file that blocks: its text, or an error number.
struct clinux_capture {
  int32_t error;
  uint32_t count;
  char text[56];
};

/// Starts a thread that reads `file` from its start every `interval_us` and sends what it got to `answers`, a datagram
/// socket, until the other end is closed; then it closes both. Gives 0 or an error number, with nothing closed.
int clinux_capture_worker(int file, int answers, uint32_t interval_us);
