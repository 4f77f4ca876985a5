import Glibc

extension SiteConfiguration {
  /// Reads and checks the site file at `path`.
  public static func load(path: String) throws(SiteFileError) -> SiteConfiguration {
    try read(try octets(of: path), path: path)
  }

  private static func octets(of path: String) throws(SiteFileError) -> [UInt8] {
    func failure(_ text: String) -> SiteFileError {
      SiteFileError(path: path, problems: [SiteProblem(line: 0, column: 0, key: "", text: text)])
    }
    // A named pipe without a writer would block for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let code = errno
      switch code {
      case ENOENT: throw failure("there is no such file; docs/site-file.md has one to begin with")
      case EACCES, EPERM:
        // The file itself may be readable in a folder that is not.
        guard access(path, F_OK) == 0 else {
          throw failure(
            "this user may not look into its folder; use sudo, or be in the group that owns it (coupler)")
        }
        throw failure("this user may not read it; it needs no secrets, so: chmod 644 \(path)")
      default: throw failure("cannot be opened: \(String(cString: strerror(code)))")
      }
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw failure("is no file but a folder or a device; name the site file itself")
    }
    // One octet more than is taken, so that a longer file is seen to be one.
    let room = YAMLReader.octetsMax + 1
    var failed: Int32 = 0
    let octets = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
      while count < room {
        let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, room - count)
        if got < 0, errno == EINTR { continue }
        if got < 0 { failed = errno }
        guard got > 0 else { break }
        count += got
      }
    }
    guard failed == 0 else { throw failure("cannot be read: \(String(cString: strerror(failed)))") }
    guard octets.count <= YAMLReader.octetsMax else {
      throw failure(
        "has \(status.st_size) octets; a site file has at most \(YAMLReader.octetsMax). Is it the right file?"
      )
    }
    return octets
  }
}
