public import Wire

/// The server's end of the control socket, for all its clients, as one machine.
///
///     connected ──▶ open ──finished──▶ answering ──all sent──▶ close
///        │            │ overlong line, queue full
///        └─too many──▶ closing (one last line, 2 s at most) ──▶ close
///
/// Each client has one queue. What cannot be handed to it waits there: of states only the latest, of everything else at
/// most `ControlClientQueue.octetsMax`. A client that does not read is parted from; nobody else waits for it.
public struct ControlServer: Machine {
  public typealias Event = ControlServerEvent
  public typealias Action = ControlServerAction

  /// Octets of one line, its end not counted.
  public static let lineMax = 64 * 1024
  /// Requests of one batch.
  public static let batchMax = 32
  /// Calls of one client that wait for their answer.
  public static let callsMax = 32
  /// Clients that are parted from and not gone yet, beside those that are served. Beyond it one that is too many is closed
  /// without a word: each holds a descriptor, and the station needs some of its own.
  public static let partingMax = 8
  /// How long a client that is parted from has to take the reason.
  public static let farewell: Duration = .seconds(2)

  private let clientsMax: Int
  private var clients: [ControlClientID: Client] = [:]
  private var calls: [ControlCallID: WaitingCall] = [:]
  private var lastCall: UInt64 = 0

  private struct WaitingCall {
    var client: ControlClientID
    /// `nil`: a notification, which nobody answers.
    var reply: (line: UInt64, id: RPCID)?
  }

  /// The answers to one line: one, or those of a batch, which go out together.
  private struct Reply {
    var isBatch: Bool
    var responses: [JSONValue] = []
    var waiting = 0
  }

  private struct Client {
    var splitter = LineSplitter(lineMax: ControlServer.lineMax)
    var queue = ControlClientQueue()
    var subscription: ControlSubscription?
    var replies: [UInt64: Reply] = [:]
    var lines: UInt64 = 0
    var waitingCalls = 0
    var isSending = false
    var hasFinished = false
    var closing: (reason: ControlServerCloseReason, due: Instant)?

    /// Nothing is owed to it any more.
    var isDone: Bool {
      hasFinished && subscription == nil && waitingCalls == 0 && queue.isEmpty && !isSending
    }
  }

  /// `clientsMax`: clients that are served at the same time.
  public init(clientsMax: Int = 16) { self.clientsMax = clientsMax }

  /// Clients that are connected.
  var clientCount: Int { clients.count }
  /// Somebody wants to hear of events: nobody else needs to make any.
  public var hasSubscribers: Bool { clients.values.contains { $0.subscription != nil } }

  public var deadline: Instant? {
    clients.values.reduce(nil) { earliest($0, $1.closing?.due) }
  }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    switch event {
    case .connected(let id): connected(id, now, perform)
    case .received(let id, let octets): received(id, octets, now, perform)
    case .finished(let id): finished(id, now, perform)
    case .sent(let id):
      guard clients[id] != nil else { return }
      clients[id]?.isSending = false
      flush(id, now, perform)
    case .disconnected(let id): forget(id)
    case .answer(let call, let result): answered(call, result, now, perform)
    case .publish(let event):
      for id in clients.keys where clients[id]?.subscription?.covers(event) == true {
        clients[id]?.queue.add(event)
        flush(id, now, perform)
      }
    case .timeout:
      for (id, client) in clients {
        guard let closing = client.closing, isDue(closing.due, at: now) else { continue }
        close(id, closing.reason, perform)
      }
    }
    checkInvariants()
  }

  // MARK: clients

  private mutating func connected(_ id: ControlClientID, _ now: Instant, _ perform: (Action) -> Void) {
    guard clients[id] == nil else { return }
    guard clients.count < clientsMax + Self.partingMax else { return perform(.close(id, .tooManyClients)) }
    let open = clients.values.count { $0.closing == nil }
    clients[id] = Client()
    guard open >= clientsMax else { return }
    let failure = ControlFailure(
      .busy, "\(clientsMax) clients are connected, and no more are taken",
      remedy: "end one of them, or raise control.clients-max in the site file")
    part(id, .tooManyClients, RPC.response(.null, .failure(failure)), now, perform)
  }

  private mutating func forget(_ id: ControlClientID) {
    clients[id] = nil
    calls = calls.filter { $0.value.client != id }
  }

  private mutating func close(
    _ id: ControlClientID, _ reason: ControlServerCloseReason, _ perform: (Action) -> Void
  ) {
    forget(id)
    perform(.close(id, reason))
  }

  /// Says one last thing to a client, then closes.
  private mutating func part(
    _ id: ControlClientID, _ reason: ControlServerCloseReason, _ last: JSONValue, _ now: Instant,
    _ perform: (Action) -> Void
  ) {
    guard clients[id]?.closing == nil else { return }
    calls = calls.filter { $0.value.client != id }
    clients[id]?.queue.removeAll()
    clients[id]?.queue.add(last)
    clients[id]?.subscription = nil
    clients[id]?.waitingCalls = 0
    clients[id]?.replies = [:]
    clients[id]?.closing = (reason, now + Self.farewell)
    flush(id, now, perform)
  }

  private mutating func finished(_ id: ControlClientID, _ now: Instant, _ perform: (Action) -> Void) {
    guard var splitter = clients[id]?.splitter, clients[id]?.closing == nil else { return }
    splitter.finish { line(id, $0, now, perform) }
    clients[id]?.splitter = splitter
    clients[id]?.hasFinished = true
    flush(id, now, perform)
  }

  /// Hands out what waits, if the last part has gone.
  private mutating func flush(_ id: ControlClientID, _ now: Instant, _ perform: (Action) -> Void) {
    guard let client = clients[id] else { return }
    if client.queue.isFull, client.closing == nil {
      let reason = ControlServerCloseReason.tooSlow
      let last = JSONMembers.object { $0.add("reason", reason.rawValue) }
      return part(id, reason, RPC.notification("closing", last), now, perform)
    }
    guard !client.isSending else { return }
    if let octets = clients[id]?.queue.takeAll() {
      clients[id]?.isSending = true
      return perform(.send(id, octets))
    }
    if let closing = client.closing { return close(id, closing.reason, perform) }
    if client.isDone { close(id, .finished, perform) }
  }

  // MARK: lines

  private mutating func received(
    _ id: ControlClientID, _ octets: [UInt8], _ now: Instant, _ perform: (Action) -> Void
  ) {
    guard var splitter = clients[id]?.splitter, clients[id]?.closing == nil else { return }
    splitter.take(octets) { line(id, $0, now, perform) }
    clients[id]?.splitter = splitter
    guard splitter.isOverlong else { return flush(id, now, perform) }
    let failure = ControlFailure(
      .invalidRequest, "a line is longer than \(Self.lineMax) octets",
      remedy: "end each request with a line feed")
    part(id, .lineTooLong, RPC.response(.null, .failure(failure)), now, perform)
  }

  private mutating func line(
    _ id: ControlClientID, _ octets: ArraySlice<UInt8>, _ now: Instant, _ perform: (Action) -> Void
  ) {
    guard let client = clients[id], client.closing == nil, !octets.isBlank else { return }
    // Bounded here and not only at the end: one read may bring thousands of lines.
    if client.queue.isFull { return flush(id, now, perform) }
    let message: JSONValue
    do {
      message = try JSONValue.parse(octets, octetsMax: Self.lineMax)
    } catch {
      let failure = ControlFailure(
        .parseError, "this is no JSON: \(error)", remedy: "one line is one JSON value")
      clients[id]?.queue.add(RPC.response(.null, .failure(failure)))
      return
    }
    let number = client.lines
    clients[id]?.lines += 1
    guard case .array(let requests) = message else {
      clients[id]?.replies[number] = Reply(isBatch: false)
      request(id, message, line: number, perform)
      return complete(id, line: number)
    }
    guard (1...Self.batchMax).contains(requests.count) else {
      let failure = ControlFailure(
        .invalidRequest, "a batch must have 1...\(Self.batchMax) requests, has \(requests.count)")
      clients[id]?.queue.add(RPC.response(.null, .failure(failure)))
      return
    }
    clients[id]?.replies[number] = Reply(isBatch: true)
    for value in requests { request(id, value, line: number, perform) }
    complete(id, line: number)
  }

  private mutating func request(
    _ client: ControlClientID, _ value: JSONValue, line: UInt64, _ perform: (Action) -> Void
  ) {
    let request: RPCRequest
    switch RPCRequest.read(value) {
    case .success(let read): request = read
    case .failure(let refusal): return respond(client, line, refusal.id, .failure(refusal.failure))
    }
    do throws(ControlFailure) {
      switch try request.call() {
      case .subscribe(let subscription):
        clients[client]?.subscription = subscription
        respond(client, line, request.id, .success(.done))
      case .unsubscribe:
        clients[client]?.subscription = nil
        respond(client, line, request.id, .success(.done))
      case .request(let wanted):
        guard clients[client]?.waitingCalls ?? 0 < Self.callsMax else {
          throw ControlFailure(
            .busy, "\(Self.callsMax) calls of this client wait for their answers",
            remedy: "wait for some of them")
        }
        lastCall += 1
        let call = ControlCallID(lastCall)
        clients[client]?.waitingCalls += 1
        if request.id != nil { clients[client]?.replies[line]?.waiting += 1 }
        calls[call] = WaitingCall(client: client, reply: request.id.map { (line, $0) })
        perform(.call(call, wanted, from: client))
      }
    } catch {
      respond(client, line, request.id, .failure(error))
    }
  }

  // MARK: answers

  /// Notes an answer; to a notification there is none, not even of an error (section 4.1).
  private mutating func respond(
    _ client: ControlClientID, _ line: UInt64, _ id: RPCID?, _ result: Result<ControlResult, ControlFailure>
  ) {
    guard let id else { return }
    clients[client]?.replies[line]?.responses.append(RPC.response(id, result))
  }

  private mutating func answered(
    _ id: ControlCallID, _ result: Result<ControlResult, ControlFailure>, _ now: Instant,
    _ perform: (Action) -> Void
  ) {
    guard let call = calls.removeValue(forKey: id) else { return }
    clients[call.client]?.waitingCalls -= 1
    if let reply = call.reply {
      clients[call.client]?.replies[reply.line]?.waiting -= 1
      respond(call.client, reply.line, reply.id, result)
      complete(call.client, line: reply.line)
    }
    flush(call.client, now, perform)
  }

  /// Queues the answers to a line once they are all there.
  private mutating func complete(_ id: ControlClientID, line: UInt64) {
    guard let reply = clients[id]?.replies[line], reply.waiting == 0 else { return }
    clients[id]?.replies[line] = nil
    // A batch of notifications is answered by nothing at all (section 6).
    guard let first = reply.responses.first else { return }
    clients[id]?.queue.add(reply.isBatch ? .array(reply.responses) : first)
  }

  // MARK: invariants

  private func checkInvariants() {
    for (id, client) in clients {
      precondition(client.waitingCalls <= Self.callsMax, "client \(id.number): \(client.waitingCalls) calls")
      precondition(
        client.isSending || client.queue.isEmpty, "client \(id.number): something waits and nothing is sent")
    }
  }
}
