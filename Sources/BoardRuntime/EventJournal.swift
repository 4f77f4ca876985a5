import Glibc
public import Journal
public import LinuxHardware

/// The events of a station that must survive a crash: an append-only file, brought to the medium before anybody is told.
///
/// A record that was torn by a power cut is cut off at the next start; damage in the middle costs the records it hit and
/// no other. The file is bounded: a full one is put aside as `events.1`, the one before that is dropped, and what still
/// holds is carried over.
public final class EventJournal {
  public static let fileName = "events"
  /// A file of this size is rotated as soon as that may be, and one of four times as much in any case; octets.
  public let octetsMax: Int
  /// What the start found.
  public let recovery: JournalReader.Recovery
  public private(set) var state: JournalState
  /// Why records are not kept, or the file grows; `nil` where all is well.
  public var failure: String? { lost ?? unrotated }

  /// Why the last record was lost. Only one that has reached the medium ends it: the kernel takes what the medium refuses.
  private var lost: String?
  private var losses = 0
  /// Why the last rotation failed, and the size from which on it is tried again.
  private var unrotated: String?
  private var rotationSize: Int
  /// Brings a file to the medium, without a worker; gives an error number or 0.
  var synchronize: (Int32) -> Int32 = { fdatasync($0) == 0 ? 0 : errno }

  private let folder: String
  private let now: () -> Int64
  private let worker: SyncWorker?
  private var descriptor: Int32
  private var size: Int
  /// Counts the files: descriptors come back with the same number.
  private var generation = 0

  /// Opens, or creates, the journal in `folder`. Without a loop each append waits for the medium. `now` gives milliseconds
  /// since 1970-01-01 UTC.
  public init(
    folder: String, loop: EventLoop?, octetsMax: Int = 256 * 1024, foreignMax: Int = 16 << 20,
    now: @escaping () -> Int64
  ) throws(BoardFailure) {
    self.folder = folder
    self.octetsMax = octetsMax
    rotationSize = octetsMax
    self.now = now
    let path = "\(folder)/\(Self.fileName)"
    // A rotation that was cut off between its two renames left the new file beside the old one's place.
    if access(path, F_OK) != 0 { _ = rename("\(path).new", path) }
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
    guard descriptor >= 0 else { throw Self.failure("open", path) }
    guard Self.lock(descriptor) else {
      close(descriptor)
      throw BoardFailure("journal: \(path) is in use by another couplerd; stop that first")
    }
    guard let found = Self.contents(descriptor, foreignMax) else {
      // What could not be read must not be cut off as if it were torn.
      let cause = String(cString: strerror(errno))
      close(descriptor)
      throw BoardFailure(
        "journal: cannot read \(path) whole: \(cause); move it away to start a new one, which forgets latched faults"
      )
    }
    (state, recovery, size) = (found.state, found.recovery, found.end)
    let end = found.end
    do throws(BoardFailure) {
      worker = if let loop { try SyncWorker(loop: loop) } else { nil }
    } catch {
      close(descriptor)
      throw error
    }
    guard ftruncate(descriptor, off_t(end)) == 0, lseek(descriptor, 0, SEEK_END) >= 0, fsync(descriptor) == 0
    else {
      close(descriptor)
      throw Self.failure("repair", path)
    }
    Self.syncFolder(folder)
  }

  deinit { close(descriptor) }

  /// Writes a record. `done` is called when it is on the medium, or could not be brought there (false). With `mayRotate`
  /// it may wait for the medium itself.
  public func append(
    _ event: JournalEvent, connector: UInt16 = 0, mayRotate: Bool = true,
    done: @escaping (Bool) -> Void = { _ in }
  ) {
    if size >= rotationSize, mayRotate || size / 4 >= octetsMax { rotate() }
    guard write(event, connector) else { return done(false) }
    let before = losses
    guard let worker else { return done(synced(synchronize(descriptor), after: before)) }
    worker.sync(descriptor, generation: generation) { [weak self] error in
      done(self?.synced(error, after: before) ?? (error == 0))
    }
  }

  /// Waits until all is on the medium; for the very end of the program.
  public func flush() { _ = fdatasync(descriptor) }

  /// `before`: the losses when the record was written, which says nothing of those behind it.
  private func synced(_ error: Int32, after before: Int) -> Bool {
    if error != 0 {
      lose("cannot bring the journal to the medium: \(String(cString: strerror(error)))")
    } else if before == losses {
      lost = nil
    }
    return error == 0
  }

  private func lose(_ text: String) {
    lost = text
    losses += 1
  }

  private func write(_ event: JournalEvent, _ connector: UInt16) -> Bool {
    let record = JournalRecord(
      sequence: state.nextSequence, unixMilliseconds: now(), connector: connector, event: event)
    let octets = record.octets
    let written = Glibc.write(descriptor, octets, octets.count)
    guard written == octets.count else {
      lose("cannot write the journal in \(folder): \(String(cString: strerror(errno)))")
      // Half a record in the middle would look like damage for ever.
      if written > 0 {
        _ = ftruncate(descriptor, off_t(size))
        _ = lseek(descriptor, 0, SEEK_END)
      }
      return false
    }
    size += octets.count
    state.apply(record)
    return true
  }

  // MARK: rotation

  private func rotate() {
    let path = "\(folder)/\(Self.fileName)"
    func fail() {
      unrotated = "cannot rotate the journal in \(folder): \(Self.cause("\(path).new"))"
      // It waits for the medium: not again for each record.
      rotationSize = size + octetsMax / 4
    }
    let new = open("\(path).new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o640)
    guard new >= 0, flock(new, LOCK_EX | LOCK_NB) == 0 else {
      fail()
      if new >= 0 { close(new) }
      return
    }
    let old = (descriptor: descriptor, size: size)
    let before = (lost: lost, losses: losses)
    (descriptor, size) = (new, 0)
    let isCarried = state.events.allSatisfy { write($0.event, $0.connector) }
    let isAside = isCarried && fdatasync(new) == 0 && rename(path, "\(path).1") == 0
    guard isAside, rename("\(path).new", path) == 0 else {
      // The old one goes on: under its own name, or the next start would not find what it is told from now on.
      if isAside { _ = rename("\(path).1", path) }
      (descriptor, size) = old
      (lost, losses) = before
      fail()
      close(new)
      return
    }
    (unrotated, rotationSize) = (nil, octetsMax)
    generation += 1
    // The old one may hold records that the worker has not brought to the medium yet.
    _ = fdatasync(old.descriptor)
    close(old.descriptor)
    Self.syncFolder(folder)
  }

  /// For one daemon alone. A predecessor that is just ending, or a child of anybody between fork and exec, holds it a moment.
  private static func lock(_ descriptor: Int32) -> Bool {
    for _ in 0..<20 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
      guard errno == EWOULDBLOCK || errno == EINTR else { return false }
      usleep(10_000)
    }
    return false
  }

  // MARK: recovery

  /// What octets of a file add up to, and where its last whole record ends.
  static func recover(_ octets: [UInt8]) -> (state: JournalState, recovery: JournalReader.Recovery, end: Int)
  {
    var reader = JournalReader()
    reader.read(octets)
    return reader.finish()
  }

  /// `nil`, with `errno`, where the file cannot be read to its end, or is longer than `foreignMax` and none of ours: one
  /// that could not be rotated for long is, one that some other program filled is not.
  private static func contents(
    _ descriptor: Int32, _ foreignMax: Int
  ) -> (state: JournalState, recovery: JournalReader.Recovery, end: Int)? {
    var reader = JournalReader()
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let got = read(descriptor, &buffer, buffer.count)
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { return nil }
      if got == 0 { return reader.finish() }
      reader.read(buffer[..<got])
      if reader.count > foreignMax, reader.isForeign {
        errno = EFBIG
        return nil
      }
    }
  }

  private static func syncFolder(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }

  private static func failure(_ operation: String, _ path: String) -> BoardFailure {
    BoardFailure("journal: cannot \(operation) \(path): \(cause(path))")
  }

  /// `errno` in words, with what helps.
  static func cause(_ path: String) -> String {
    let code = errno
    let cause = String(cString: strerror(code))
    var status = stat()
    switch code {
    case EACCES, EPERM:
      // Left by somebody who ran the program by hand: the folder is as it should be.
      if lstat(path, &status) == 0, status.st_uid != geteuid() {
        return "\(cause); it belongs to user \(status.st_uid) and this program runs as user \(geteuid()): "
          + "chown \(geteuid()) \(path)"
      }
    case EROFS:
      return
        "\(cause); the unit of systemd may write to /var/lib/coupler alone: add the folder by ReadWritePaths= "
        + "(systemctl edit couplerd)"
    default: break
    }
    return "\(cause); the folder has to exist and be writable for this user"
  }
}
