/// Writes the Swift of all message sets.
public enum Generator {
  /// The generated files of the sets, given a way to read schema files.
  public static func files(sets: [MessageSet] = messageSets, source: @escaping SchemaSource) throws
    -> [GeneratedFile]
  {
    var files: [GeneratedFile] = []
    for set in sets {
      if let module = set.module {
        files += try ModuleEmitter(set, source: source).files(module: module, source: source)
      }
      files.append(try TableEmitter(set: set, schema: Schema(entry: set.entry, source: source)).file())
    }
    return files
  }
}
