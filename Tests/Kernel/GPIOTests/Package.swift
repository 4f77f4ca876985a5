// swift-tools-version: 6.2
import PackageDescription

// The tests of GPIO lines and other devices of the test kernel by themselves, to be built against another libgpiod than
// the system's without building everything else twice. The files are links to those of LinuxHardwareTests.

let package = Package(
  name: "GPIOTests",
  dependencies: [.package(name: "Coupler", path: "../../..")],
  targets: [
    .testTarget(
      name: "GPIOTests",
      dependencies: [.product(name: "LinuxHardware", package: "Coupler")],
      path: "Tests")
  ]
)
