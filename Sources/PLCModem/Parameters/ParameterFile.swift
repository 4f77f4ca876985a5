/// A parameter block as it comes from a modem or a file: alone, or as an image in a chain.
public struct ParameterFile: Hashable, Sendable {
  private enum Form: Hashable, Sendable {
    case bare
    case chain(ImageChain, ImageHeader)
  }

  private var form: Form
  private var stored: ParameterBlock

  /// Reads a chain with one image of parameters, or a block without headers in the old or the new format.
  public init(_ octets: [UInt8]) throws(ParameterFileError) {
    if ImageChain.begins(octets) {
      let chain: ImageChain
      do { chain = try ImageChain(octets) } catch { throw .chain(error) }
      guard let header = chain.header(of: .parameters) else { throw .noParameters }
      form = .chain(chain, header)
      stored = try ParameterBlock(Array(octets[header.image]))
    } else {
      form = .bare
      stored = try ParameterBlock(octets)
    }
  }

  /// It has headers, and so checksums.
  public var isChain: Bool { if case .chain = form { true } else { false } }

  /// Headers of a chain; empty where there are none.
  public var headers: [ImageHeader] { if case .chain(let chain, _) = form { chain.headers } else { [] } }

  /// The block. A changed one is stored with all checksums made new; its size cannot change.
  public var block: ParameterBlock {
    get { stored }
    set {
      guard newValue.octets.count == stored.octets.count else { return }
      stored = newValue
      stored.renewChecksum()
      if case .chain(var chain, let header) = form {
        chain.replace(header, with: stored.octets)
        form = .chain(chain, chain.header(of: .parameters) ?? header)
      }
    }
  }

  /// The whole file, keys and all.
  public var octets: [UInt8] {
    switch form {
    case .bare: stored.octets
    case .chain(let chain, _): chain.octets
    }
  }

  /// What is wrong with it, for a modem that shall serve `role`; without one, whatever its role.
  public func findings(for role: ModemRole? = nil) -> [ParameterFinding] {
    var result: [ParameterFinding] = []
    if case .chain(let chain, _) = form { result = chain.findings }
    if !isChain, !stored.isOldFormat { result.append(.unchecked) }
    return result + stored.findings(for: role)
  }
}

extension ParameterFile: CustomStringConvertible, CustomDebugStringConvertible {
  /// Without the octets: keys are in them.
  public var description: String { (isChain ? "image chain, " : "bare block, ") + "\(octets.count) octets" }
  public var debugDescription: String { description }
}

#if !hasFeature(Embedded)
  extension ParameterFile: CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: [:]) }
  }
#endif

/// Why octets are no parameter file.
public enum ParameterFileError: Error, Hashable, Sendable {
  case chain(ImageChainError)
  /// A chain without an image of parameters, as a firmware file is.
  case noParameters
  case tooShort(octets: Int)
  case tooLarge(octets: Int)
  /// The first twelve octets are neither zero, as in the new format, nor a version and the length, as in the old.
  case notABlock
}

extension ParameterFileError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .chain(let error): error.description
    case .noParameters: "no image of parameters among the images; is it a firmware file?"
    case .tooShort(let octets):
      "\(octets) octets; a parameter block has at least \(ParameterBlock.octetsMin)"
    case .tooLarge(let octets):
      "\(octets) octets; a parameter block has at most \(ParameterBlock.octetsMax)"
    case .notABlock: "no parameter block: its first words fit neither the old format nor the new"
    }
  }
}
