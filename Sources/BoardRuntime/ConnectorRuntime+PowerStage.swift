import ControlAPI
import HAL
import ISO15118
import Node
import Wire

/// The power stage, or the meter, that a client of the control socket reports.
extension ConnectorRuntime {
  /// Takes a report. What the stage has to do then is `powerCommand`.
  func power(_ report: PowerReport, from client: ControlClientID) throws(ControlFailure) {
    guard var stage else {
      throw ControlFailure(
        .unsupported, "the power stage of connector \(plan.number) is the board's own",
        remedy: "with power-stage.source: control in the site file another program drives it")
    }
    var actions: [ExternalPowerStage.Action] = []
    // Kept before anything is carried out: that may bring the next command.
    defer {
      self.stage = stage
      carryOut(actions)
    }
    try stage.take(report, from: client, at: loop.now) { actions.append($0) }
    state.note(report)
    port.adopt(PowerReading(millivolts: report.millivolts, milliamps: report.milliamps))
  }

  var powerCommand: PowerCommand { stage?.command ?? PowerCommand() }

  /// A client of the control socket is gone.
  func clientIsGone(_ client: ControlClientID) { runStage(.gone(client)) }

  func runStage(_ event: ExternalPowerStage.Event) {
    guard stage != nil else { return }
    var actions: [ExternalPowerStage.Action] = []
    stage?.handle(event, at: loop.now) { actions.append($0) }
    carryOut(actions)
  }

  private func carryOut(_ actions: [ExternalPowerStage.Action]) {
    stageTimer?.deadline = stage?.deadline
    state.isNew = true
    for action in actions {
      switch action {
      case .tell(let event): post(event)
      case .command(let command): commanded(command)
      case .limits: post(.limits(presentLimits))
      case .note(let priority, let text): tell(priority, "stage", text, layer: "power")
      }
    }
  }

  /// A reading of the electrical side. What a reported power stage or meter measures, it measures in place of the board's.
  func read(_ event: ChargerEvent) {
    if case .output = event, let stage, stage.settings.kind == .source || stage.isHeard { return }
    post(event)
  }

  /// What the stage can give now.
  func bound(_ limits: inout EVSELimits) {
    guard let most = stage?.limits else { return }
    if let milliamps = most.milliamps { limits.maximumMilliamps = min(limits.maximumMilliamps, milliamps) }
    if let watts = most.watts { limits.maximumWatts = min(limits.maximumWatts, watts) }
    if outlet.current == .dc, let millivolts = most.millivolts {
      limits.maximumMillivolts = min(limits.maximumMillivolts, millivolts)
    }
  }

  /// For the service manager's summary.
  var stageTrouble: String? {
    guard let stage, stage.settings.kind == .source else { return nil }
    switch stage.status.state {
    case .absent: return "no power stage reports to the control socket"
    case .silent: return "the power stage is silent"
    case .faulty: return "the power stage is faulty"
    case .disobeying: return "the power stage does not do what it is told"
    case .ready, .notReady: return nil
    }
  }

  /// For the control socket; `nil` where there is nothing to tell.
  var stageStatus: PowerStageStatus? {
    guard let stage, stage.settings.kind == .source || stage.isHeard else { return nil }
    return stage.status
  }
}

extension ExternalPowerStage {
  /// `nil` where the board has a power stage of its own.
  init?(_ plan: ConnectorPlan, _ outlet: Outlet, _ port: any OutletPort) {
    guard !port.hasPowerStage else { return nil }
    // An AC outlet carries what the mains have: 300 V from phase to neutral is beyond any.
    let millivolts = outlet.current == .dc ? outlet.limits.millivoltsMax : 300_000
    var settings = Settings(
      kind: outlet.current == .dc ? .source : .meter, millivoltsMax: millivolts,
      milliampsMax: outlet.milliampsMax)
    settings.silenceMax = plan.stageSilenceMax
    settings.phases = outlet.current == .dc ? 1 : plan.phases
    if case .none = outlet.monitoring.insulation {} else { settings.hasInsulationMonitor = true }
    self.init(settings)
  }
}

extension OutletLimits {
  /// DC: mV.
  fileprivate var millivoltsMax: Int {
    if case .dc(_, let most, _) = supply { most } else { 0 }
  }
}
