import ISO15118
import Safety
import Wire

extension ChargerNode {
  /// A power stage that another program drives. While it could not deliver a vehicle that asks is kept waiting (EVSE_NotReady);
  /// one that charges is stopped in order (EVSE_Shutdown), or at once where something is wrong (EVSE_Malfunction).
  mutating func powerStageIs(
    ready: Bool, _ trouble: PowerStageTrouble?, _ now: Instant, _ perform: (Action) -> Void
  ) {
    guard configuration.safety.hasExternalPowerStage else { return }
    conditions.powerStageReady = ready && trouble == nil
    supervise(.powerStageTrouble(trouble), now, perform)
    guard !ready, trouble == nil, plug.phase == .preparation || plug.phase == .energy else { return }
    stop(.site, now, perform)
  }
}
