import Wire

/// MOD_OP of VS_MODULE_OPERATION.
enum ModuleOperation: UInt16 {
  case readMemory = 0x00
  case readFlash = 0x01
  case start = 0x10
  case write = 0x11
  case close = 0x12
}

extension VS_MODULE_OPERATION_REQ {
  /// `nil` for an operation we have no layout for, and for any number of them but one.
  init?(_ reader: inout ByteReader) {
    reader.skip(4)
    guard let operation = reader.operation() else { return nil }
    switch operation {
    case .readMemory: self = .read(reader.moduleRange(), fromFlash: false)
    case .readFlash: self = .read(reader.moduleRange(), fromFlash: true)
    case .start:
      let session = reader.uint32LittleEndian()
      var modules: [Module] = []
      for _ in 0..<reader.uint8() where !reader.failed {
        modules.append(
          Module(
            module: reader.moduleIdentifier(), length: reader.uint32LittleEndian(),
            checksum: reader.uint32LittleEndian()))
      }
      self = .start(session: session, modules: modules)
    case .write:
      let session = reader.uint32LittleEndian()
      let index = reader.uint8()
      let range = reader.moduleRange()
      self = .write(
        session: session, index: index, range, data: ModuleData(reader.octets(Int(range.length))))
    case .close:
      self = .close(
        session: reader.uint32LittleEndian(), CommitCode(rawValue: reader.uint32LittleEndian()))
    }
  }
}

extension VS_MODULE_OPERATION_CNF {
  /// `nil` for an operation we have no layout for, and for any number of them but one.
  init?(_ reader: inout ByteReader) {
    status = reader.uint16LittleEndian()
    error = reader.uint16LittleEndian()
    reader.skip(4)
    guard let operation = reader.operation() else { return nil }
    switch operation {
    case .readMemory, .readFlash:
      let range = reader.moduleRange()
      let data = status == 0 ? reader.octets(Int(range.length)) : []
      self.operation = .read(range, fromFlash: operation == .readFlash, data: ModuleData(data))
    case .start:
      self.operation = .start(session: reader.uint32LittleEndian(), modules: reader.moduleStatuses())
    case .write:
      self.operation = .write(
        session: reader.uint32LittleEndian(), index: reader.uint8(), reader.moduleRange())
    case .close:
      self.operation = .close(
        session: reader.uint32LittleEndian(),
        VS_MODULE_OPERATION_REQ.CommitCode(rawValue: reader.uint32LittleEndian()),
        modules: reader.moduleStatuses())
    }
  }
}

extension ByteReader {
  /// The head of an operation. A frame too short for it is left to the reader's failure: any operation then does.
  @_lifetime(self: copy self)
  fileprivate mutating func operation() -> ModuleOperation? {
    let count = uint8()
    let operation = ModuleOperation(rawValue: uint16LittleEndian())
    // The length of the operation's data repeats what the fields say.
    skip(6)
    if failed { return .readMemory }
    return count == 1 ? operation : nil
  }

  @_lifetime(self: copy self)
  fileprivate mutating func moduleIdentifier() -> ModuleIdentifier {
    ModuleIdentifier(module: uint16LittleEndian(), part: uint16LittleEndian())
  }

  @_lifetime(self: copy self)
  fileprivate mutating func moduleRange() -> ModuleRange {
    ModuleRange(module: moduleIdentifier(), length: uint16LittleEndian(), offset: uint32LittleEndian())
  }

  @_lifetime(self: copy self)
  fileprivate mutating func moduleStatuses() -> [VS_MODULE_OPERATION_CNF.ModuleStatus] {
    var statuses: [VS_MODULE_OPERATION_CNF.ModuleStatus] = []
    for _ in 0..<uint8() where !failed {
      statuses.append(
        VS_MODULE_OPERATION_CNF.ModuleStatus(status: uint16LittleEndian(), error: uint16LittleEndian()))
    }
    return statuses
  }
}
