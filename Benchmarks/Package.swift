// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who builds the firmware builds the measurements.

let package = Package(
  name: "CouplerBenchmarks",
  dependencies: [.package(name: "Coupler", path: "..")],
  targets: [
    .executableTarget(
      name: "exibench",
      dependencies: [
        .product(name: "EXI", package: "Coupler"),
        .product(name: "AllocationCounter", package: "Coupler"),
      ],
      swiftSettings: [.enableUpcomingFeature("ExistentialAny"), .enableExperimentalFeature("Lifetimes")]),
    .executableTarget(
      name: "couplerbench",
      dependencies: [
        .product(name: "Simulation", package: "Coupler"),
        .product(name: "AllocationCounter", package: "Coupler"),
      ],
      swiftSettings: [.enableUpcomingFeature("ExistentialAny")]),
  ]
)
