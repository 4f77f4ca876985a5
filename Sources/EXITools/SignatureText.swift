import Wire

/// How fragments and digests are told: one line of text each, or one line of JSON for all.

extension Fragment {
  /// `AuthorizationReq #id1 8004015a59...`; `-` without an Id.
  public var text: String { "\(element) \(id.map { "#\($0)" } ?? "-") \(hexadecimal(octets))" }

  var json: String {
    var members = ["\"element\":\(DocumentNode.quoted(element))"]
    if let id { members.append("\"id\":\(DocumentNode.quoted(id))") }
    members.append("\"exi\":\"\(hexadecimal(octets))\"")
    if let ordinary { members.append("\"ordinary\":\"\(hexadecimal(ordinary))\"") }
    return "{\(members.joined(separator: ","))}"
  }
}

extension DigestCheck {
  /// `OK AuthorizationReq #id1 sha256 +SxHZWml... f92c4765...`, with `expected=` behind what does not hold and
  /// `form=` where there are two.
  public var text: String {
    var words = [
      verdict.rawValue, element.isEmpty ? "-" : element, id.map { "#\($0)" } ?? "-",
      algorithm?.rawValue ?? "-",
    ]
    if !digest.isEmpty { words += [base64, hexadecimal(digest)] }
    if verdict.isFailure, let expected { words.append("expected=\(expected)") }
    if form != .plain { words.append("form=\(form.rawValue)") }
    return words.joined(separator: " ")
  }

  var json: String {
    var members = ["\"verdict\":\"\(verdict.rawValue)\""]
    if !element.isEmpty { members.append("\"element\":\(DocumentNode.quoted(element))") }
    if let id { members.append("\"id\":\(DocumentNode.quoted(id))") }
    if let algorithm { members.append("\"algorithm\":\"\(algorithm.rawValue)\"") }
    if !digest.isEmpty { members.append("\"base64\":\"\(base64)\",\"hex\":\"\(hexadecimal(digest))\"") }
    if let expected { members.append("\"expected\":\(DocumentNode.quoted(expected))") }
    members.append("\"form\":\"\(form.rawValue)\"")
    return "{\(members.joined(separator: ","))}"
  }
}

extension ReceivedMessage {
  /// One line of JSON: `{"set":"iso2","message":"AuthorizationReq","fragments":[...]}`.
  public func json(_ fragments: [Fragment]) -> String {
    "{\(head),\"fragments\":[\(fragments.map(\.json).joined(separator: ","))]}"
  }

  /// One line of JSON: `{"set":"iso2","message":"AuthorizationReq","ok":true,"digests":[...]}`.
  public func json(_ checks: [DigestCheck]) -> String {
    let holds = !checks.contains(where: \.verdict.isFailure)
    return "{\(head),\"ok\":\(holds),\"digests\":[\(checks.map(\.json).joined(separator: ","))]}"
  }

  private var head: String {
    "\"set\":\"\(set.rawValue)\",\"message\":\(DocumentNode.quoted(messageName))"
  }

  /// The name of the message: of what is in the body, where there is one.
  public var messageName: String {
    root.name == "V2G_Message" ? root.child("Body")?.children.first?.name ?? root.name : root.name
  }
}
