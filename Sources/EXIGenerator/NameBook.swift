/// Names and numbers of the types of one Swift module, which all sets in it share.
final class NameBook {
  let module: String
  /// Types in the order of their numbers.
  private(set) var entries: [(number: Int, name: String)] = []
  private var names: [QName: String] = [:]
  private var numbers: [QName: Int] = [:]
  private var taken: Set<String>
  private let firstNumber: Int

  /// A book for a module that also sees the names in `imported`.
  init(module: String, imported: [NameBook]) {
    self.module = module
    taken = imported.reduce(into: []) { $0.formUnion($1.taken) }
    firstNumber = imported.map { $0.firstNumber + 256 }.max() ?? 1
  }

  /// The Swift name of a complex type; makes one for a type not met before.
  func name(of type: QName) throws(SchemaError) -> String {
    if let known = names[type] { return known }
    var name = Naming.type(type.local)
    if taken.contains(name) { name = type.local }
    guard taken.insert(name).inserted else { throw SchemaError("two types named \(name)") }
    names[type] = name
    return name
  }

  /// The number of a complex type in the paths of errors; makes one for a type not met before.
  func number(of type: QName) throws(SchemaError) -> Int {
    if let known = numbers[type] { return known }
    let number = firstNumber + entries.count
    // The numbers of who imports this module begin 256 further on.
    if sharedNamespaces.values.contains(module) && entries.count == 255 || number > 0xFFFF {
      throw SchemaError("module \(module) has too many types")
    }
    numbers[type] = number
    entries.append((number, try name(of: type)))
    return number
  }

  func isTaken(_ name: String) -> Bool { taken.contains(name) }
  func contains(_ type: QName) -> Bool { numbers[type] != nil }
}
