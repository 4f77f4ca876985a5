/// Writes the Swift of all message sets.
public enum Generator {
  /// The generated files of the sets, given a way to read schema files.
  public static func files(sets: [MessageSet] = messageSets, source: @escaping SchemaSource) throws -> [GeneratedFile] {
    var files: [GeneratedFile] = []
    for set in sets {
      let emitter = try ModuleEmitter(set, source: source)
      files += try emitter.files(source: source)
    }
    return files
  }
}
