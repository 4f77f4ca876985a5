import Foundation

/// Where the schema files are. They belong to ISO and others, so that the project does not carry them.
public struct SchemaFiles: Sendable {
  private let folder: String
  /// Our folder names, and where the same files lie in `folder`.
  private let layout: [(own: String, theirs: String)]
  /// Removed when the process ends, if it is a copy.
  public let isTemporary: Bool

  /// A folder with one folder per set: `iso15118-2/V2G_CI_MsgDef.xsd` and so on.
  public init(folder: String) {
    self.folder = folder
    layout = []
    isTemporary = false
  }

  /// The files inside the codec of the PyPI package iso15118: the folder of the installed package, its
  /// `EXICodec.jar`, or its wheel. They are unpacked into `scratch`.
  public init(codecArchive path: String, scratch: String) throws {
    var archive = path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw SchemaError("\(path) does not exist")
    }
    if isFolder.boolValue {
      let places = ["EXICodec.jar", "shared/EXICodec.jar", "iso15118/shared/EXICodec.jar"]
      guard let found = places.first(where: { FileManager.default.fileExists(atPath: "\(path)/\($0)") })
      else {
        throw SchemaError("no EXICodec.jar in \(path)")
      }
      archive = "\(path)/\(found)"
    } else if path.hasSuffix(".whl") {
      try Self.unpack("iso15118/shared/EXICodec.jar", of: path, into: scratch)
      archive = "\(scratch)/iso15118/shared/EXICodec.jar"
    }
    try Self.unpack("resources/schemas", of: archive, into: scratch)
    folder = "\(scratch)/resources"
    layout = [
      ("appprotocol/", "schemas_ISO_15118_20/"), ("xmldsig/", "schemas_ISO_15118_20/"),
      ("iso15118-2/", "schemas_ISO_15118_2/"), ("iso15118-20/", "schemas_ISO_15118_20/"),
      ("din70121/", "schemas_DIN_70121/"),
    ]
    isTemporary = true
  }

  /// Unpacks what begins with `prefix`, by Python's zipfile, which is there wherever the package is.
  private static func unpack(_ prefix: String, of archive: String, into folder: String) throws {
    let script = """
      import sys, zipfile
      with zipfile.ZipFile(sys.argv[1]) as archive:
          for name in archive.namelist():
              if name.startswith(sys.argv[2]) and '..' not in name:
                  archive.extract(name, sys.argv[3])
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script, archive, prefix, folder]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw SchemaError("\(archive) cannot be unpacked") }
  }

  /// The octets of a file, by its path in our layout.
  public func read(_ path: String) throws -> [UInt8] {
    var actual = path
    for (own, theirs) in layout where path.hasPrefix(own) { actual = theirs + path.dropFirst(own.count) }
    guard let data = FileManager.default.contents(atPath: "\(folder)/\(actual)") else {
      throw SchemaError("\(folder)/\(actual) cannot be read")
    }
    return Array(data)
  }
}
