import Testing

/// A case of the ISO 15118-5 suite in which one field of a message is wrong.
struct FieldCase<Message>: Sendable, CustomTestStringConvertible {
  let id: String
  let field: String
  let change: @Sendable (inout Message) -> Void

  init(_ id: String, _ field: String, _ change: @escaping @Sendable (inout Message) -> Void) {
    self.id = id
    self.field = field
    self.change = change
  }

  var testDescription: String { "\(id): \(field)" }
}
