import Glibc

/// A short text of sysfs without its line's end; `nil` where it cannot be read.
func smallFile(_ path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var buffer = [UInt8](repeating: 0, count: 256)
  let got = read(descriptor, &buffer, buffer.count)
  guard got > 0 else { return nil }
  return String(decoding: buffer[..<got].prefix { $0 != 10 && $0 != 0 }, as: UTF8.self)
}

/// Makes the file, or replaces what it says, by one line. Without it something is forgotten that helps, and nothing more.
func writeSmallFile(_ path: String, _ line: String) {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o640)
  guard descriptor >= 0 else { return }
  let octets = Array("\(line)\n".utf8)
  _ = write(descriptor, octets, octets.count)
  close(descriptor)
}
