import HomePlug
import Wire

// What the modem itself said, or did not.

extension ModemDiagnosis {
  static func modemComplaints(_ facts: ModemFacts) -> [ModemComplaint] {
    let identity: ModemIdentity
    switch facts.modem {
    case .unasked: return []
    case .failed(let failure): return [silence(facts, failure)]
    case .given(let modem): identity = modem
    }
    if identity.slac == .noFirmware {
      return [
        ModemComplaint(
          .noFirmware, .fault, what: "The modem's boot loader answers: no firmware runs.",
          meaning: "Its flash is empty or damaged, or it waits for its host to load firmware.",
          remedy:
            "Load firmware and parameters with the tool of the modem's maker: a boot loader stores nothing by itself, so "
            + "coupler modem firmware write needs running firmware"
        )
      ]
    }
    var result = fitness(identity, facts)
    result += roleComplaints(identity, facts)
    result += keyComplaints(facts, hasFault: result.contains { $0.severity == .fault })
    if !result.contains(where: { $0.severity == .fault }) { result += linkComplaints(identity, facts) }
    return result
  }

  private static func silence(_ facts: ModemFacts, _ failure: ModemTaskFailure) -> ModemComplaint {
    if failure != .noModem {
      return ModemComplaint(
        .noModem, .fault, what: "The modem on \(facts.name) cannot be identified: \(failure).",
        meaning: "Something answers, but not as a modem does.",
        remedy: "Record it with --record and report it.")
    }
    let known = knownDrivers[facts.kernelDriver]
    return ModemComplaint(
      .noModem, .fault, what: "No modem answers on \(facts.name).",
      meaning: known.map { "The driver is that of a \($0), so the modem starts, hangs, or has no firmware." }
        ?? "There is no PLC modem behind this interface, or it starts, hangs, or has no firmware.",
      remedy: known == nil
        ? "Is it the right interface? See: coupler modem list. A modem takes up to 10 s to start: ask again."
        : "Wait 10 s and ask again; then switch the modem's supply off and on. If it stays silent, its flash may be "
          + "empty or damaged: see firmware write.")
  }

  private static func fitness(_ identity: ModemIdentity, _ facts: ModemFacts) -> [ModemComplaint] {
    var result: [ModemComplaint] = []
    if let role = facts.wantedRole, identity.unfitness(for: role) == .reportsNoAttenuation {
      result.append(
        ModemComplaint(
          .homePlug, .fault, what: "The modem is a home plug (\(identity.chip)), and shall serve an EVSE.",
          meaning: "Its firmware has no SLAC: it never reports an attenuation, and no vehicle will match.",
          remedy:
            "Use a QCA7000, QCA7005, QCA7006AQ, CG5317 or MSE102x. On the vehicle's side a home plug does."))
    } else if facts.wantedRole == nil, identity.unfitness(for: .evse) == .reportsNoAttenuation {
      result.append(
        ModemComplaint(
          .homePlug, .warning, what: "The modem is a home plug (\(identity.chip)).",
          meaning: "It serves a vehicle, never a charger: its firmware has no SLAC.",
          remedy: "Say --role ev if that is what it is for."))
    }
    if identity.vendor == .generic || identity.vendor == .vertexcom {
      result.append(
        ModemComplaint(
          .generic, .note, what: "The modem answers HomePlug's own messages only.",
          meaning:
            "Its key cannot be proven, its parameters cannot be read, and it cannot be reset from here.",
          remedy: "Nothing: SLAC works without. Its maker's tools tell more."))
    }
    return result
  }

  // MARK: parameter block

  private static func roleComplaints(_ identity: ModemIdentity, _ facts: ModemFacts) -> [ModemComplaint] {
    switch facts.parameters {
    case .unasked: return []
    case .failed(let failure):
      if case .cannotAsk = failure { return [] }
      return [
        ModemComplaint(
          .parametersUnread, .warning, what: "The parameter block cannot be read: \(failure).",
          meaning:
            "Whether the modem has the right role is not known; a wrong one is the most frequent fault of a new "
            + "board.",
          remedy: "Read it with the maker's tool, and look at it with: coupler modem pib show --file FILE")
      ]
    case .given(let parameters):
      return parameters.findings.compactMap { complaint($0, facts) }
    }
  }

  private static func complaint(_ finding: ParameterFinding, _ facts: ModemFacts) -> ModemComplaint? {
    let change = "coupler modem pib set --interface \(facts.name) --role "
    switch finding {
    case .unchecked, .noNetworkKey, .sharedAddress: return nil
    case .wrongRole(let role, let wanted):
      return ModemComplaint(
        .wrongRole, .fault,
        what: "The modem is set up as \(role.article), and shall serve \(wanted.article).",
        meaning: wanted == .evse
          ? "It reports no attenuation (CM_ATTEN_PROFILE.IND) to its host, and does not coordinate the network: no "
            + "vehicle will match."
          : "It coordinates a network of its own, and will not join the charger's.",
        remedy: "Change it: \(change)\(wanted.rawValue)")
    case .rolesDisagree, .unknownCoordinator, .unknownSLACMode:
      return ModemComplaint(
        .wrongRole, .fault, what: "The modem's role is undecided: \(finding).",
        meaning: "It will do one half of each role.", remedy: "Set both fields: \(change)evse, or ev")
    case .undecidedCoordinator:
      return ModemComplaint(
        .wrongRole, facts.wantedRole == nil ? .note : .warning, what: "In the parameter block: \(finding).",
        meaning: "Two modems may both want to coordinate, or neither; joining then takes long or fails.",
        remedy: "Set it: \(change)evse, or ev")
    case .noSLAC:
      return ModemComplaint(
        .firmwareWithoutSLAC, facts.wantedRole == .ev ? .note : .fault,
        what: "The firmware has no SLAC: \(finding).",
        meaning: "It never reports an attenuation; it can serve a vehicle at most.",
        remedy: "Write a firmware with SLAC of the modem's maker, or use another modem.")
    case .slacOff:
      return ModemComplaint(
        .slacOff, facts.wantedRole == .ev ? .warning : .fault,
        what: "SLAC is switched off in the parameter block.",
        meaning: "The modem reports no attenuation to its host: no vehicle will match.",
        remedy: "Switch it on: \(change)evse, or ev")
    case .headerChecksum, .imageChecksum, .blockChecksum, .blockLength, .unusableAddress:
      return ModemComplaint(
        .parameters, .fault, what: "In the parameter block: \(finding).",
        meaning: "The modem may not start with it again, or with parameters of its factory.",
        remedy: "Write a good one: coupler modem pib write --interface \(facts.name) FILE")
    }
  }

  // MARK: key

  private static func keyComplaints(_ facts: ModemFacts, hasFault: Bool) -> [ModemComplaint] {
    switch facts.key {
    case .given(.membership), .given(.link), .unasked: break
    case .given(let proof):
      return [
        ModemComplaint(
          .keyUnproven, .note, what: "The key: \(proof).",
          meaning: "That it was taken shows with the first link.",
          remedy: "Nothing, unless no link comes.")
      ]
    case .failed(let failure):
      return [
        ModemComplaint(
          .keyNotTaken, .fault, what: "The modem does not take a key: \(failure).",
          meaning: "It stays in its old network, and no link will come after a match.",
          remedy: "Right after a match a QCA7005 refuses for a while: try again. Then: coupler modem reset "
            + "--interface \(facts.name). If it stays so, the firmware or its parameter block is damaged.")
      ]
    }
    guard let networks = facts.networks.value else { return [] }
    if let wanted = facts.wantedNetwork, !networks.contains(wanted) {
      let place = networks.isEmpty ? "no network" : networks.map(\.description).joined(separator: ", ")
      return [
        ModemComplaint(
          .otherNetwork, .fault, what: "The modem is in \(place), not in \(wanted).",
          meaning: "The key was not taken, or another was set since.",
          remedy: "Set it again: coupler modem key --interface \(facts.name) --nmk-file FILE")
      ]
    }
    if !hasFault, networks.isEmpty, facts.wantedRole == .evse || facts.parameters.value?.role == .evse {
      return [
        ModemComplaint(
          .noNetwork, .warning, what: "The modem of an EVSE is in no network.",
          meaning: "It coordinates none, so no vehicle can join: it has no key, or still starts.",
          remedy: "Give it a key: coupler modem key --interface \(facts.name) --random")
      ]
    }
    return []
  }

  // MARK: link

  /// Mbit/s below which ISO 15118 gets slow: Green PHY's most robust modes carry 4 to 10.
  static let slowRate = 4

  private static func linkComplaints(_ identity: ModemIdentity, _ facts: ModemFacts) -> [ModemComplaint] {
    switch facts.isLinkUp {
    case .unasked: return []
    case .failed(let failure):
      if case .cannotAsk = failure { return [] }
      return [
        ModemComplaint(
          .linkUnknown, .warning, what: "The modem does not tell whether it has a link: \(failure).",
          meaning: "D-LINK_READY can only be guessed from time.", remedy: "A newer firmware may tell.")
      ]
    case .given(false):
      return [
        ModemComplaint(
          .noLink, .note, what: "No link: no other modem holds this modem's key.",
          meaning: "Right before a match and after it; wrong once a vehicle has matched.",
          remedy: "After a match: compare both sides' NID (coupler modem info); look at the attenuation "
            + "(coupler modem atten), the coupling to the control pilot, and that only one side is EVSE.")
      ]
    case .given(true):
      let slow = (facts.stations.value ?? []).filter {
        let least = min($0.transmitRate, $0.receiveRate)
        return least > 0 && least < slowRate
      }
      guard !slow.isEmpty else { return [] }
      let shown = slow.map { "\($0.address) \($0.transmitRate)/\($0.receiveRate) Mbit/s" }
      return [
        ModemComplaint(
          .slowLink, .warning, what: "The link is slow: \(shown.joined(separator: ", ")) (to/from).",
          meaning: "Sessions may run into timeouts, and the link may break.",
          remedy: "Look at the attenuation (coupler modem atten); check coupling, cable and sources of noise."
        )
      ]
    }
  }
}
