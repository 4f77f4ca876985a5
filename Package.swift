// swift-tools-version: 6.2
import PackageDescription

// An arrow in `dependencies` goes down one layer or stays inside it, never up:
// base < messages < hardware, protocols < services < composition < executables.
// docs/architecture.md draws the same picture and says why.

/// Settings of every target: Swift 6 mode comes from the tools version.
let house: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Settings of the modules that parse bytes from outside.
let parser: [SwiftSetting] =
  house + [
    .strictMemorySafety(),
    .enableExperimentalFeature("Lifetimes"),
  ]

/// A board: a folder below Boards/, its module named after it (`pionix-belaybox`: `BoardPionixBelaybox`).
func board(_ folder: String) -> Target {
  let words = folder.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }
  let overlay = folder.hasPrefix("raspberrypi") ? ["coupler-\(folder)-overlay.dts"] : []
  return .target(
    name: "Board" + words.joined(), dependencies: ["HAL"], path: "Boards/\(folder)",
    exclude: ["README.md", "60-coupler-\(folder).rules"] + overlay, swiftSettings: house)
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "Coupler",
  products: [
    .executable(name: "coupler", targets: ["coupler"]),
    .executable(name: "couplerd", targets: ["couplerd"]),
    .executable(name: "exigen", targets: ["exigen"]),
    .library(
      name: "EXI",
      targets: [
        "Wire", "EXI", "XMLSignatureMessages", "AppProtocolMessages", "DIN70121Messages",
        "ISO15118_2Messages", "ISO15118_20Messages",
      ]),
    .library(
      name: "Simulation",
      targets: [
        "Wire", "HAL", "HomePlug", "PLCModem", "SLAC", "ControlPilot", "Safety", "V2GTransport",
        "ISO15118", "Cryptography", "Node", "SimulatedHardware", "Simulation",
      ]),
    .library(name: "LinuxHardware", targets: ["LinuxHardware", "CGPIOD", "CLinux", "HAL", "Wire"]),
    .library(name: "AllocationCounter", targets: ["CAllocationCounter"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.5.0")
  ],
  targets: [
    // MARK: base
    .target(name: "Wire", swiftSettings: parser),
    .target(name: "CLinux"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),

    .systemLibrary(name: "CLibGPIOD", pkgConfig: "libgpiod", providers: [.apt(["libgpiod-dev"])]),
    // Over libgpiod 1.x and 2.x alike; pkg-config says where it is, the header which one.
    .target(name: "CGPIOD", dependencies: ["CLibGPIOD"], linkerSettings: [.linkedLibrary("gpiod")]),

    .target(name: "XMLTree", dependencies: ["CLibXML2"], swiftSettings: house),

    // MARK: messages
    .target(name: "EXI", dependencies: ["Wire"], swiftSettings: parser),
    .target(name: "AppProtocolMessages", dependencies: ["Wire", "EXI"], swiftSettings: parser),
    .target(name: "XMLSignatureMessages", dependencies: ["Wire", "EXI"], swiftSettings: parser),
    .target(
      name: "DIN70121Messages", dependencies: ["Wire", "EXI", "XMLSignatureMessages"], swiftSettings: parser),
    .target(
      name: "ISO15118_2Messages", dependencies: ["Wire", "EXI", "XMLSignatureMessages"],
      swiftSettings: parser),
    .target(
      name: "ISO15118_20Messages", dependencies: ["Wire", "EXI", "XMLSignatureMessages"],
      swiftSettings: parser),
    .target(name: "HomePlug", dependencies: ["Wire"], swiftSettings: parser),

    // MARK: hardware
    // Rounding is a call of libm where the processor's baseline has no instruction for it.
    .target(
      name: "HAL", dependencies: ["Wire"], swiftSettings: house, linkerSettings: [.linkedLibrary("m")]),
    .target(name: "QCA7000SPI", dependencies: ["Wire"], swiftSettings: parser),
    .target(
      name: "SimulatedHardware", dependencies: ["Wire", "HAL", "HomePlug", "QCA7000SPI"],
      swiftSettings: house),
    .target(
      name: "LinuxHardware", dependencies: ["Wire", "CLinux", "CGPIOD", "HAL", "QCA7000SPI"],
      swiftSettings: house),

    // MARK: protocols
    .target(name: "PLCModem", dependencies: ["Wire", "HomePlug"], swiftSettings: parser),
    .target(name: "SLAC", dependencies: ["Wire", "HomePlug", "PLCModem"], swiftSettings: parser),
    .target(name: "ControlPilot", dependencies: ["Wire", "HAL"], swiftSettings: house),
    .target(name: "Safety", dependencies: ["Wire", "HAL"], swiftSettings: house),
    .target(name: "SafetyLinks", dependencies: ["Wire", "HAL"], swiftSettings: parser),
    .target(name: "SimulatedController", dependencies: ["Wire", "HAL", "SafetyLinks"], swiftSettings: house),
    .target(name: "V2GTransport", dependencies: ["Wire"], swiftSettings: parser),
    .target(
      name: "ISO15118",
      dependencies: ["Wire", "EXI", "V2GTransport", "AppProtocolMessages", "ISO15118_2Messages"],
      swiftSettings: parser),

    // MARK: boards, one target per folder below Boards/
    board("simulation"),
    board("simulation-ev"),
    board("generic"),
    board("raspberrypi-qca7000"),
    board("raspberrypi-qca7000-ev"),
    board("chargebyte-tarragon"),
    board("chargebyte-charge-som"),
    board("chargebyte-evacharge-se"),
    board("pionix-belaybox"),
    board("phytec-phyverso"),
    .target(
      name: "Boards",
      dependencies: [
        "HAL", "BoardSimulation", "BoardGeneric", "BoardRaspberrypiQca7000", "BoardRaspberrypiQca7000Ev",
        "BoardChargebyteTarragon", "BoardChargebyteChargeSom", "BoardChargebyteEvachargeSe",
        "BoardPionixBelaybox", "BoardPhytecPhyverso",
        "BoardSimulationEv",
      ],
      swiftSettings: house),

    // MARK: services
    .target(
      name: "Cryptography", dependencies: ["Wire", "COpenSSL", "HomePlug", "SLAC"], swiftSettings: house),
    .target(name: "SiteFile", dependencies: ["Wire", "CLibYAML"], swiftSettings: house),
    .target(name: "ControlAPI", dependencies: ["Wire"], swiftSettings: parser),

    // MARK: composition
    .target(name: "Recorder", dependencies: ["Wire"], swiftSettings: house),
    .target(
      name: "Node",
      dependencies: [
        "Wire", "HAL", "HomePlug", "SLAC", "ControlPilot", "Safety", "V2GTransport", "ISO15118",
      ],
      swiftSettings: house),
    .target(
      name: "Simulation",
      dependencies: [
        "Wire", "HAL", "SLAC", "ControlPilot", "Safety", "V2GTransport", "ISO15118", "Node",
        "SimulatedHardware", "BoardSimulation",
      ],
      swiftSettings: house),
    .target(
      name: "LinuxRuntime",
      dependencies: [
        "Wire", "HAL", "SLAC", "V2GTransport", "ISO15118", "Node", "LinuxHardware", "SimulatedHardware",
        "Simulation",
        "Recorder",
        "SafetyLinks", "SimulatedController",
      ],
      swiftSettings: house),
    // Records come from a medium that may have torn or spoilt them.
    .target(name: "Journal", swiftSettings: parser),
    .target(
      name: "BoardRuntime",
      dependencies: [
        "CLinux", "SiteFile", "ControlAPI", "Journal", "Wire", "HAL", "HomePlug", "SLAC", "ISO15118",
        "Safety",
        "ControlPilot", "Node",
        "LinuxHardware", "LinuxRuntime", "SafetyLinks", "SimulatedHardware", "Simulation", "Boards",
        "BoardSimulation",
      ],
      swiftSettings: house),
    .target(
      name: "EXITools",
      dependencies: ["Wire", "V2GTransport", "Cryptography", "XMLTree"],
      swiftSettings: house),
    .target(name: "EXIGenerator", dependencies: ["XMLTree"], swiftSettings: house),

    // MARK: executables
    .executableTarget(
      name: "coupler",
      dependencies: [
        argumentParser, "Node", "Recorder", "Cryptography", "SimulatedHardware", "LinuxHardware", "EXITools",
        "Simulation", "LinuxRuntime", "Wire", "HAL", "SLAC", "PLCModem", "QCA7000SPI", "HomePlug",
        "ISO15118", "V2GTransport", "Safety", "ControlPilot", "Boards",
        "ControlAPI", "Journal",
        "SafetyLinks", "SimulatedController",
      ],
      swiftSettings: house),
    .executableTarget(name: "couplerd", dependencies: ["BoardRuntime"], swiftSettings: house),
    .executableTarget(name: "exigen", dependencies: [argumentParser, "EXIGenerator"], swiftSettings: house),

    // MARK: tests
    .executableTarget(
      name: "kernel-probe", dependencies: ["Boards", "HAL", "LinuxHardware", "CGPIOD", "Wire"],
      path: "Tests/Kernel/Probe",
      swiftSettings: house),
    .testTarget(name: "TidyTests"),
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .target(name: "TestSupport", dependencies: ["Wire"], path: "Tests/TestSupport", swiftSettings: house),
    .testTarget(name: "WireTests", dependencies: ["Wire"]),
    .testTarget(
      name: "EXITests",
      dependencies: [
        "Wire", "EXI", "XMLSignatureMessages", "AppProtocolMessages", "DIN70121Messages",
        "ISO15118_2Messages", "ISO15118_20Messages", "EXITools", "EXIGenerator", "XMLTree",
        "CAllocationCounter", "TestSupport",
      ],
      swiftSettings: [.enableExperimentalFeature("Lifetimes")]),
    .testTarget(
      name: "EXIToolsTests", dependencies: ["Wire", "EXITools", "XMLTree", "TestSupport", "coupler"]),
    .testTarget(name: "HomePlugTests", dependencies: ["HomePlug"]),
    .testTarget(
      name: "SLACTests",
      dependencies: [
        "SLAC", "PLCModem", "HomePlug", "SimulatedHardware", "Cryptography", "Recorder", "Node", "Simulation",
        "ControlPilot", "HAL", "ISO15118", "Safety", "Wire", "CAllocationCounter",
      ]),
    .testTarget(
      name: "PLCModemTests",
      dependencies: ["PLCModem", "HomePlug", "SimulatedHardware", "Cryptography", "coupler"]),
    .testTarget(
      name: "QCA7000SPITests",
      dependencies: [
        "QCA7000SPI", "SimulatedHardware", "Wire", "SLAC", "PLCModem", "HomePlug", "Cryptography",
      ]),
    .testTarget(
      name: "ControlPilotTests",
      dependencies: ["Wire", "HAL", "ControlPilot", "SimulatedHardware", "BoardSimulation"],
      exclude: ["Tables"]),
    .testTarget(
      name: "SafetyTests", dependencies: ["Wire", "HAL", "Safety", "ControlPilot", "SimulatedHardware"],
      exclude: ["Tables"]),
    .testTarget(
      name: "SafetyLinksTests",
      dependencies: ["SafetyLinks", "SimulatedController", "LinuxHardware", "Wire", "HAL"]),
    .testTarget(name: "V2GTransportTests", dependencies: ["V2GTransport", "Recorder"]),
    .testTarget(
      name: "LinuxHardwareTests",
      dependencies: [
        "LinuxHardware", "CGPIOD", "CLinux", "HAL", "V2GTransport", "HomePlug", "QCA7000SPI", "Wire",
      ]),
    .testTarget(name: "RecorderTests", dependencies: ["Recorder", "V2GTransport"]),
    .testTarget(
      name: "ISO15118Tests",
      dependencies: [
        "Wire", "EXI", "XMLSignatureMessages", "V2GTransport", "AppProtocolMessages", "ISO15118_2Messages",
        "ISO15118", "TestSupport",
      ],
      swiftSettings: [.enableExperimentalFeature("Lifetimes")]),
    .testTarget(
      name: "NodeTests",
      dependencies: [
        "Simulation", "Node", "Wire", "HAL", "SLAC", "HomePlug", "Cryptography", "ISO15118", "Safety",
        "ControlPilot", "SimulatedHardware", "V2GTransport",
      ],
      exclude: ["Tables"]),
    .testTarget(
      name: "SimulationTests",
      dependencies: [
        "Simulation", "Node", "Wire", "HAL", "SLAC", "HomePlug", "Cryptography", "ISO15118", "Safety",
        "ControlPilot",
        "SimulatedHardware", "V2GTransport",
      ],
      exclude: ["Ladders"]),
    .testTarget(name: "SiteFileTests", dependencies: ["SiteFile", "Wire"], exclude: ["Tables"]),
    .testTarget(name: "ControlAPITests", dependencies: ["ControlAPI", "Wire"]),
    .testTarget(
      name: "ControlCommandTests",
      dependencies: ["coupler", "ControlAPI", "Journal", "LinuxHardware", "Wire"]),
    .testTarget(
      name: "BoardRuntimeTests",
      dependencies: [
        "BoardRuntime", "Cryptography", "HomePlug", "SLAC", "LinuxHardware", "Node", "Safety", "ControlPilot",
        "HAL", "SimulatedHardware", "Wire",
        "SiteFile",
        "ControlAPI", "Journal", "BoardChargebyteTarragon", "Boards",
        "SafetyLinks", "SimulatedController", "LinuxRuntime",
      ]),
    .testTarget(
      name: "BoardsTests", dependencies: ["HAL", "Boards", "BoardSimulation", "coupler", "LinuxHardware"]),
    .testTarget(name: "InteropTests", dependencies: ["coupler"]),
  ]
)
