#define _GNU_SOURCE 1

#include "capture_worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct job {
  int file;
  int answers;
  uint32_t interval_us;
};

static void *work(void *argument) {
  struct job job = *(struct job *)argument;
  free(argument);
  for (;;) {
    struct clinux_capture answer = {0};
    ssize_t got = pread(job.file, answer.text, sizeof answer.text, 0);
    if (got < 0)
      answer.error = errno;
    else
      answer.count = (uint32_t)got;
    // A reader that is late misses readings, which the next ones make good.
    ssize_t sent = send(job.answers, &answer, sizeof answer, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) break;
    usleep(job.interval_us);
  }
  close(job.file);
  close(job.answers);
  return NULL;
}

int clinux_capture_worker(int file, int answers, uint32_t interval_us) {
  struct job *job = malloc(sizeof *job);
  if (job == NULL) return ENOMEM;
  *job = (struct job){.file = file, .answers = answers, .interval_us = interval_us};
  // Signals are the loop's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int error = pthread_create(&thread, NULL, work, job);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error != 0)
    free(job);
  else
    pthread_detach(thread);
  return error;
}
