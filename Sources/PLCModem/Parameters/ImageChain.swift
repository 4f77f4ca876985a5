import HomePlug

/// A file of images behind headers that name each other: firmware, or a manifest and a parameter block.
public struct ImageChain: Hashable, Sendable {
  /// Headers at the most. Files of the field have up to ten.
  public static let headersMax = 32
  /// Octets of a file at the most. Firmware of the field has less than 2 MiB.
  public static let octetsMax = 8 << 20

  public private(set) var octets: [UInt8]
  /// In the order of the chain; at least one.
  public private(set) var headers: [ImageHeader]

  /// Does it begin as a chain does?
  public static func begins(_ octets: [UInt8]) -> Bool { ImageHeader.begins(octets, at: 0) }

  /// Do the octets reach behind all headers and images? `nil` where they are no chain however they go on.
  static func isWhole(_ octets: [UInt8]) -> Bool? {
    do throws(ImageChainError) {
      _ = try ImageChain(octets)
      return true
    } catch {
      switch error {
      case .headerOutside, .imageOutside: return false
      case .tooLarge, .noHeader, .imageOverHeader, .loop, .tooManyHeaders: return nil
      }
    }
  }

  /// Reads all headers. Checksums are looked at, not asked for: `findings` tells.
  public init(_ octets: [UInt8]) throws(ImageChainError) {
    guard octets.count <= Self.octetsMax else { throw .tooLarge(octets: octets.count) }
    var headers: [ImageHeader] = []
    var next = 0
    while true {
      guard octets.count >= ImageHeader.size, next <= octets.count - ImageHeader.size else {
        throw .headerOutside(at: next, octets: octets.count)
      }
      guard ImageHeader.begins(octets, at: next) else { throw .noHeader(at: next) }
      let header = ImageHeader(octets, at: next)
      // In 64 bits, as the sum of two words of a file may be more than Int has on small machines.
      guard UInt64(header.imageOffset) + UInt64(header.imageLength) <= UInt64(octets.count) else {
        throw .imageOutside(
          at: Int(clamping: header.imageOffset), length: Int(clamping: header.imageLength),
          octets: octets.count)
      }
      headers.append(header)
      if header.next == ImageHeader.none { break }
      next = Int(clamping: header.next)
      guard headers.count < Self.headersMax else { throw .tooManyHeaders }
      guard !headers.contains(where: { $0.offset == next }) else { throw .loop(at: next) }
    }
    for header in headers where !header.image.isEmpty {
      // A checksum that is part of what it covers could never be made to hold.
      if headers.contains(where: { header.image.overlaps($0.offset..<$0.offset + ImageHeader.size) }) {
        throw .imageOverHeader(at: Int(header.imageOffset))
      }
    }
    self.octets = octets
    self.headers = headers
  }

  /// The first image of a type.
  public func header(of type: ImageType) -> ImageHeader? { headers.first { $0.type == type } }

  /// Is the image what its header says it is?
  public func isIntact(_ header: ImageHeader) -> Bool {
    guard header.image.upperBound <= octets.count else { return false }
    return ModuleChecksum.of(octets[header.image]) == header.imageChecksum
  }

  /// Headers and images whose checksums do not hold.
  public var findings: [ParameterFinding] {
    var result: [ParameterFinding] = []
    for header in headers {
      if !header.isIntact { result.append(.headerChecksum(at: header.offset)) }
      if !isIntact(header) { result.append(.imageChecksum(header.type)) }
    }
    return result
  }

  /// Puts other octets of the same number in the place of an image, and makes both checksums hold.
  mutating func replace(_ header: ImageHeader, with image: [UInt8]) {
    guard image.count == Int(clamping: header.imageLength), header.image.upperBound <= octets.count else {
      return
    }
    octets.replaceSubrange(header.image, with: image)
    octets.store(ModuleChecksum.of(image), at: header.offset + ImageHeader.imageChecksumOffset)
    let start = header.offset
    let checksum = ModuleChecksum.of(octets[start..<start + ImageHeader.checksumOffset])
    octets.store(checksum, at: start + ImageHeader.checksumOffset)
    for index in headers.indices { headers[index] = ImageHeader(octets, at: headers[index].offset) }
  }
}

extension ImageChain: CustomStringConvertible, CustomDebugStringConvertible {
  /// Without the octets: a parameter block has keys in it.
  public var description: String {
    "\(headers.count) images: "
      + headers.map { "\($0.type), \($0.imageLength) octets" }.joined(separator: "; ")
  }
  public var debugDescription: String { description }
}

#if !hasFeature(Embedded)
  extension ImageChain: CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: ["headers": headers]) }
  }
#endif

/// Why octets are no chain of images.
public enum ImageChainError: Error, Hashable, Sendable {
  case tooLarge(octets: Int)
  /// A header would begin there, but does not with version 1.1.
  case noHeader(at: Int)
  case headerOutside(at: Int, octets: Int)
  case imageOutside(at: Int, length: Int, octets: Int)
  /// An image lies over a header.
  case imageOverHeader(at: Int)
  /// A header names one that was there before as its next.
  case loop(at: Int)
  case tooManyHeaders
}

extension ImageChainError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tooLarge(let octets): "\(octets) octets; a file of images has at most \(ImageChain.octetsMax)"
    case .noHeader(let at): "no image header at 0x\(String(at, radix: 16))"
    case .headerOutside(let at, let octets):
      "the header at 0x\(String(at, radix: 16)) is outside of the \(octets) octets; the file is cut off"
    case .imageOutside(let at, let length, let octets):
      "the image of \(length) octets at 0x\(String(at, radix: 16)) is outside of the \(octets) octets; "
        + "the file is cut off"
    case .imageOverHeader(let at): "the image at 0x\(String(at, radix: 16)) lies over a header"
    case .loop(let at): "the headers lead back to 0x\(String(at, radix: 16))"
    case .tooManyHeaders: "more than \(ImageChain.headersMax) headers"
    }
  }
}
