#include "sync_worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static void *work(void *argument) {
  int requests = (int)((uintptr_t)argument >> 16);
  int answers = (int)((uintptr_t)argument & 0xFFFF);
  struct clinux_sync_request request;
  for (;;) {
    ssize_t got = read(requests, &request, sizeof request);
    if (got < 0 && errno == EINTR) continue;
    if (got != (ssize_t)sizeof request) break;
    struct clinux_sync_answer answer = {.ticket = request.ticket, .error = 0};
    if (fdatasync(request.descriptor) != 0) answer.error = errno;
    while (write(answers, &answer, sizeof answer) < 0 && errno == EINTR) continue;
  }
  close(requests);
  close(answers);
  return NULL;
}

int clinux_sync_worker(int requests, int answers) {
  // Two descriptors in one pointer, also one of 32 bits, so that nothing has to be allocated and freed.
  if (requests < 0 || requests > 0xFFFF || answers < 0 || answers > 0xFFFF) return EMFILE;
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_t attributes;
  pthread_t thread;
  int error = pthread_attr_init(&attributes);
  if (error != 0) return error;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  void *argument = (void *)((uintptr_t)requests << 16 | (uintptr_t)answers);
  error = pthread_create(&thread, &attributes, work, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return error;
}
