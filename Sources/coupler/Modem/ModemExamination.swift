import Cryptography
import Glibc
import HomePlug
import LinuxHardware
import PLCModem
import Wire

/// Collects the facts a diagnosis is made of, as far as they can be had.
struct ModemExamination {
  private let options: ModemOptions
  private let role: ModemRole?
  private let nid: NID?
  private let triesKey: Bool

  init(_ options: ModemOptions, role: ModemRole?, nid: NID?, triesKey: Bool) {
    self.options = options
    self.role = role
    self.nid = nid
    self.triesKey = triesKey
  }

  func facts() throws -> ModemFacts {
    let name = options.interface
    do throws(LinuxError) {
      _ = try NetworkInterface(name)
    } catch {
      return ModemFacts(name: name, interface: .missing)
    }
    let details = InterfaceDetails(name)
    var facts = ModemFacts(
      name: name, interface: !details.isUp ? .down : details.hasCarrier ? .running : .withoutCarrier)
    facts.kernelDriver = details.driver
    facts.hasRandomAddress = details.addressOrigin == .random
    facts.wantedRole = role
    facts.wantedNetwork = nid
    do throws(LinuxError) {
      let port = try ModemPort(name, loop: try EventLoop())
      if facts.interface != .down { try ask(port, &facts) }
      port.reportRefused()
    } catch {
      facts.obstacle = error.code == EPERM || error.code == EACCES ? .permission : .other("\(error)")
    }
    facts.counters = Self.counters(before: details.counters, after: InterfaceDetails(name).counters)
    return facts
  }

  private func ask(_ port: ModemPort, _ facts: inout ModemFacts) throws(LinuxError) {
    let found: FoundModem
    switch try port.run(port.findModem, to: options.modem) {
    case .failure(let failure):
      facts.modem = .failed(failure)
      return
    case .success(let modem): found = modem
    }
    facts.modem = .given(found.identity)
    let driver = found.driver
    let address = options.modem ?? found.identity.address
    switch try port.run(ReadModule(driver: driver, module: .parameters), to: address) {
    case .failure(let failure): facts.parameters = .failed(failure)
    case .success(let image):
      do throws(ParameterFileError) {
        let file = try ParameterFile(image.data.octets)
        facts.parameters = .given(
          ModemFacts.Parameters(
            role: file.block.role, address: file.block.address, findings: file.findings(for: role)))
      } catch {
        facts.parameters = .failed(.protocolViolation("\(error)"))
      }
    }
    if triesKey {
      var keys = SecureNetworkKeys()
      switch try port.run(
        SetKey(driver: driver, key: keys.networkKey(), formsNetwork: facts.parameters.value?.role == .evse),
        to: address)
      {
      case .success(let outcome): facts.key = .given(outcome.proof)
      case .failure(let failure): facts.key = .failed(failure)
      }
    }
    switch try port.run(AskNetworks(driver: driver), to: address) {
    case .success(let networks):
      if let list = networks.networks { facts.networks = .given(list.map(\.nid)) }
      facts.stations = .given(
        networks.stations.map {
          ModemFacts.Station(address: $0.address, transmitRate: $0.transmitRate, receiveRate: $0.receiveRate)
        })
    case .failure(let failure): (facts.networks, facts.stations) = (.failed(failure), .failed(failure))
    }
    switch try port.run(AskLink(driver: driver), to: address) {
    case .success(let isUp): facts.isLinkUp = .given(isUp)
    case .failure(let failure): facts.isLinkUp = .failed(failure)
    }
  }

  private static func counters(
    before: [InterfaceDetails.Counter], after: [InterfaceDetails.Counter]
  ) -> [ModemFacts.Counter] {
    after.map { counter in
      ModemFacts.Counter(
        name: counter.name, before: before.first { $0.name == counter.name }?.value ?? counter.value,
        after: counter.value)
    }
  }
}
