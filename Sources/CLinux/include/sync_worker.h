#pragma once

#include <stdint.h>

/// What the thread of `clinux_sync_worker` is asked, one per write to its pipe.
struct clinux_sync_request {
  int32_t descriptor;
  uint32_t ticket;
};

/// What it answers: 0 or an error number.
struct clinux_sync_answer {
  uint32_t ticket;
  int32_t error;
};

/// Starts a thread that does nothing but fdatasync(2): on flash that may take longer than a contactor may wait. It reads
/// requests from one pipe, writes answers to the other, takes no signal and ends when the first is closed.
/// 0 or an error number.
int clinux_sync_worker(int requests, int answers);
