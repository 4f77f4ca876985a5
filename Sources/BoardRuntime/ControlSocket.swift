import ControlAPI
import LinuxHardware
import SiteFile
import Wire

/// The control socket: octets of clients to the server's machine, its calls to the desk.
final class ControlSocket {
  private var server: ControlServer
  private let desk: ControlDesk
  private let loop: EventLoop
  private let log: (String) -> Void
  private var timer: LoopTimer?

  init(
    _ settings: SiteConfiguration.ControlSettings, desk: ControlDesk, loop: EventLoop,
    log: @escaping (String) -> Void
  ) throws(LinuxError) {
    server = ControlServer(clientsMax: settings.clientsMax)
    self.desk = desk
    self.loop = loop
    self.log = log
    timer = loop.addTimer { [weak self] in self?.handle(.timeout) }
    desk.publish = { [weak self] in self?.handle(.publish($0)) }
  }

  private func handle(_ event: ControlServerEvent) {
    var actions: [ControlServerAction] = []
    server.handle(event, at: loop.now) { actions.append($0) }
    for action in actions { perform(action) }
    timer?.deadline = server.deadline
  }

  private func perform(_ action: ControlServerAction) {
    switch action {
    case .send: break
    case .close(_, let reason): log("parted from a client: \(reason.rawValue)")
    case .call(let call, let request, _):
      desk.answer(request) { [weak self] result in self?.handle(.answer(call, result)) }
    }
  }
}
