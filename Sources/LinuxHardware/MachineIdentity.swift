import Glibc

/// What the firmware says this machine is.
public struct MachineIdentity: Hashable, Sendable {
  /// Entries of the device tree's `compatible`, the most specific first; empty without a device tree.
  public var compatible: [String] = []
  /// The device tree's `model`; empty without one.
  public var model = ""
  /// Board and product names of DMI; empty without it.
  public var dmi: [String] = []

  /// Reads what there is; what cannot be read is as good as absent.
  public init(roots: DeviceRoots = DeviceRoots()) {
    let tree = "\(roots.sys)/firmware/devicetree/base"
    compatible = Self.texts("\(tree)/compatible")
    model = Self.texts("\(tree)/model").first ?? ""
    for name in ["board_name", "product_name"] {
      guard let text = try? DeviceFile.read("\(roots.sys)/class/dmi/id/\(name)"), !text.isEmpty else {
        continue
      }
      dmi.append(text)
    }
  }

  /// Texts of a device-tree property, which end with NUL each; the first 4096 octets.
  private static func texts(_ path: String) -> [String] {
    let raw = open(path, O_RDONLY | O_CLOEXEC)
    guard let file = try? FileDescriptor(raw, "open", on: path) else { return [] }
    var octets = [UInt8](repeating: 0, count: 4096)
    let got = octets.withUnsafeMutableBytes { pread(file.raw, $0.baseAddress, $0.count, 0) }
    guard got > 0 else { return [] }
    return octets[..<got].split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }
}
