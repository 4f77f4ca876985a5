/// Writes the Swift of all message sets.
public enum Generator {
  /// The generated files of the sets, given a way to read schema files.
  public static func files(sets: [MessageSet] = messageSets, source: @escaping SchemaSource) throws
    -> [GeneratedFile]
  {
    var emitters: [ModuleEmitter] = []
    var books: [String: NameBook] = [:]
    var modules: [String] = []
    for set in sets where !modules.contains(set.module) { modules.append(set.module) }
    for module in modules {
      var foreign: [String: NameBook] = [:]
      for (namespace, owner) in sharedNamespaces where owner != module { foreign[namespace] = books[owner] }
      let book = NameBook(module: module, imported: Array(foreign.values))
      books[module] = book
      emitters.append(
        try ModuleEmitter(sets.filter { $0.module == module }, book: book, foreign: foreign, source: source))
    }
    // A type may be listed by another module than its own.
    let listed = emitters.reduce(into: Set<String>()) { $0.formUnion($1.usage.listed) }
    var files: [GeneratedFile] = []
    for emitter in emitters { files += try emitter.files(listed: listed) }
    for set in sets {
      files.append(try TableEmitter(set: set, schema: Schema(entry: set.entry, source: source)).file())
    }
    return files
  }
}
