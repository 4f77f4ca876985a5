import Glibc

// Files of sysfs: one value each, as short text.

/// The longest value that is read.
private let valueMax = 256

enum DeviceFile {
  /// The text of a file without the line's end.
  static func read(_ path: String) throws(LinuxError) -> String {
    let file = try FileDescriptor(open(path, O_RDONLY | O_CLOEXEC), "open", on: path)
    return try read(file, path)
  }

  /// The text of an open file, anew with each call.
  static func read(_ file: borrowing FileDescriptor, _ path: String) throws(LinuxError) -> String {
    let raw = file.raw
    return try withUnsafeTemporaryAllocation(byteCount: valueMax, alignment: 1) { buffer throws(LinuxError) in
      let got = pread(raw, buffer.baseAddress, buffer.count, 0)
      guard got >= 0 else { throw LinuxError("read", on: path) }
      var text = buffer[..<got]
      while let last = text.last, last == 10 || last == 32 || last == 0 { text.removeLast() }
      return String(decoding: text, as: UTF8.self)
    }
  }

  /// The number in an open file. EBADMSG where there is something else.
  static func number(_ file: borrowing FileDescriptor, _ path: String) throws(LinuxError) -> Int {
    let text = try read(file, path)
    guard let number = Int(text) else {
      throw LinuxError("read a number", on: path, code: EBADMSG, advice: "there stands \"\(text)\"")
    }
    return number
  }

  static func number(_ path: String) throws(LinuxError) -> Int {
    let file = try FileDescriptor(open(path, O_RDONLY | O_CLOEXEC), "open", on: path)
    return try number(file, path)
  }

  /// Writes a value in one call, as drivers want it.
  static func write(_ value: String, to path: String, _ operation: String) throws(LinuxError) {
    let file = try FileDescriptor(open(path, O_WRONLY | O_TRUNC | O_CLOEXEC), operation, on: path)
    var text = value + "\n"
    let raw = file.raw
    let written = text.withUTF8 { Glibc.write(raw, $0.baseAddress, $0.count) }
    guard written == text.utf8.count else {
      throw LinuxError(operation, on: path, code: written < 0 ? errno : EIO)
    }
  }

  /// Names in a directory that begin with `prefix`, sorted; empty where there is none.
  static func names(in directory: String, prefix: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(prefix) { names.append(name) }
    }
    return names.sorted()
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The last part of what a symbolic link leads to.
  static func target(of link: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let got = readlink(link, start, buffer.count)
      guard got > 0, got < buffer.count else { return nil }
      let path = UnsafeRawBufferPointer(start: start, count: got)
      return String(decoding: path[(path.lastIndex(of: 47).map { $0 + 1 } ?? 0)...], as: UTF8.self)
    }
  }
}
