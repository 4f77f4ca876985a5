import CLinux
import Glibc
import LinuxHardware

/// Brings what was written to the medium while the loop goes on: flash may take longer for it than a contactor may wait.
///
/// One request is with the worker at a time; what is written meanwhile waits for the next one, all of it for the same. So a
/// medium that hangs holds few descriptors, however much is written.
final class SyncWorker {
  /// So many writers wait at most; further ones are told EAGAIN.
  static let waitingMax = 4096

  private struct Batch {
    var generation: Int
    /// A copy of the file's descriptor: the caller may close its own before the worker gets to it.
    var copy: Int32
    var done: [(Int32) -> Void]
  }
  private let requests: Int32
  private let answers: Int32
  private let loop: EventLoop
  private var registration: EventLoop.Registration?
  private var last: UInt32 = 0
  /// The first is with the worker.
  private var batches: [Batch] = []

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
    // The first one's number may be in use by the worker.
    for batch in batches.dropFirst() { close(batch.copy) }
  }

  /// Calls `done` with 0 or an error number when all that was written to `descriptor` so far is on the medium.
  /// `generation` tells one file from another whose descriptor has the same number.
  func sync(_ descriptor: Int32, generation: Int, done: @escaping (Int32) -> Void) {
    guard batches.reduce(0, { $0 + $1.done.count }) < Self.waitingMax else { return done(EAGAIN) }
    // Not the first: the worker may be done with it already, up to a place before this writing.
    if let last = batches.indices.last, last > 0, batches[last].generation == generation {
      return batches[last].done.append(done)
    }
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { return done(errno) }
    batches.append(Batch(generation: generation, copy: copy, done: [done]))
    if batches.count == 1 { request() }
  }

  /// Gives the first batch to the worker.
  private func request() {
    while let batch = batches.first {
      last &+= 1
      var request = clinux_sync_request(descriptor: batch.copy, ticket: last)
      let size = MemoryLayout<clinux_sync_request>.size
      if write(requests, &request, size) == size { return }
      finish(errno)
    }
  }

  private func finish(_ error: Int32) {
    let batch = batches.removeFirst()
    close(batch.copy)
    for done in batch.done { done(error) }
  }

  private func read() {
    var answer = clinux_sync_answer()
    let size = MemoryLayout<clinux_sync_answer>.size
    while Glibc.read(answers, &answer, size) == size {
      guard answer.ticket == last, !batches.isEmpty else { continue }
      let before = batches.count
      finish(answer.error)
      // Whoever was told may have written more, which asked for itself where nothing else waited.
      if before > 1 { request() }
    }
  }
}
