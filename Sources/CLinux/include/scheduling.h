#pragma once

#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

/// Puts the process before everything that is not real-time, as far as its limit (RLIMIT_RTPRIO) goes and not above
/// `most`; true where it may.
static inline int clinux_become_realtime(int most) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_RTPRIO, &limit) != 0 || limit.rlim_cur == 0) return 0;
  struct sched_param parameters = {.sched_priority = limit.rlim_cur < (rlim_t)most ? (int)limit.rlim_cur : most};
  return sched_setscheduler(0, SCHED_FIFO, &parameters) == 0;
}

#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4 // Linux 4.4
#endif

/// Keeps in memory what is there of the process and was used once, so that nothing has to be read from flash again in the
/// middle of a charge; true where RLIMIT_MEMLOCK allows it. What is mapped later is left alone: with it, an allocation
/// beyond the limit would fail.
static inline int clinux_hold_memory(void) { return mlockall(MCL_CURRENT | MCL_ONFAULT) == 0; }
