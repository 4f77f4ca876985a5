import CLinux
import Glibc
import LinuxHardware

/// Brings what was written to the medium while the loop goes on: flash may take longer for it than a contactor may wait.
final class SyncWorker {
  private let requests: Int32
  private let answers: Int32
  private let loop: EventLoop
  private var registration: EventLoop.Registration?
  private var last: UInt32 = 0
  private var waiting: [UInt32: (Int32) -> Void] = [:]

  init(loop: EventLoop) throws(BoardFailure) {
    var toWorker: [Int32] = [-1, -1]
    var fromWorker: [Int32] = [-1, -1]
    guard pipe(&toWorker) == 0, pipe(&fromWorker) == 0 else {
      throw BoardFailure("journal: no pipe: \(String(cString: strerror(errno)))")
    }
    for descriptor in toWorker + fromWorker { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    requests = toWorker[1]
    answers = fromWorker[0]
    self.loop = loop
    // Neither end of ours may ever block the loop.
    for descriptor in [requests, answers] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    let error = clinux_sync_worker(toWorker[0], fromWorker[1])
    guard error == 0 else { throw BoardFailure("journal: no thread: \(String(cString: strerror(error)))") }
    do throws(LinuxError) {
      registration = try loop.add(answers, .read) { [weak self] _ in self?.read() }
    } catch {
      throw BoardFailure("journal: \(error)")
    }
  }

  deinit {
    if let registration { loop.remove(registration) }
    // The worker ends when its pipe does, and closes its own ends.
    close(requests)
    close(answers)
  }

  /// Calls `done` with 0 or an error number when all that was written to `descriptor` so far is on the medium.
  func sync(_ descriptor: Int32, done: @escaping (Int32) -> Void) {
    // A copy: the caller may close its own before the worker gets to it.
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { return done(errno) }
    last &+= 1
    var request = clinux_sync_request(descriptor: copy, ticket: last)
    let size = MemoryLayout<clinux_sync_request>.size
    guard write(requests, &request, size) == size else {
      // The worker is hopelessly behind: what waits for it must not pile up.
      let error = errno
      close(copy)
      return done(error)
    }
    waiting[last] = { error in
      close(copy)
      done(error)
    }
  }

  private func read() {
    var answer = clinux_sync_answer()
    let size = MemoryLayout<clinux_sync_answer>.size
    while Glibc.read(answers, &answer, size) == size {
      waiting.removeValue(forKey: answer.ticket)?(answer.error)
    }
  }
}
