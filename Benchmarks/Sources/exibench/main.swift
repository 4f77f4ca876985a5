import AppProtocolMessages
import CAllocationCounter
import DIN70121Messages
import EXI
import Foundation
import ISO15118_20Messages
import ISO15118_2Messages
import Wire

// exibench                       ns and allocations per message and operation
// exibench run NAME OPERATION N  one message N times, for an instruction counter; exit code 3: nothing to do
// exibench vectors               allocations over the documents of all vectors in this build, which is optimized
// exibench names                 what there is: name, set
// exibench octets NAME           the message, hexadecimal
// exibench reference NAME        instructions of libcbv2g, decode and encode

enum Operation: String, CaseIterable {
  /// Octets to a message.
  case decode
  /// The same, and then every field, item, character and octet is looked at.
  case read
  /// A message that was decoded to octets; its lists are copied.
  case encode
  /// Values, text and octets to a message and that to octets.
  case build
  /// The received message to what its signature covers, all but the hash.
  case digest
}

/// Keeps the optimizer from dropping a result.
@inline(never) func consume<T>(_ value: borrowing T) {}

/// Does `operation` with the message `times` times; false when there is nothing to do.
func run<S: Subject>(
  _ operation: Operation, _ input: Input, as type: S.Type, parts: Parts, times: Int, arena: inout EXIArena,
  output: inout OutputBuffer
) throws(EXIError) -> Bool {
  let bytes = input.octets.span.bytes
  let document = try S(decoding: bytes)
  switch operation {
  case .decode:
    for _ in 0..<times { consume(try S(decoding: bytes)) }
  case .read:
    for _ in 0..<times {
      var visitor = Visitor(bytes)
      try S(decoding: bytes).read(by: &visitor)
      consume(visitor.sum)
    }
  case .encode:
    for _ in 0..<times {
      output.removeAll()
      _ = try document.encode(into: &output, source: bytes, limits: nil)
    }
  case .build:
    guard let make = S.maker(of: input.name) else { return false }
    for _ in 0..<times {
      arena.removeAll()
      output.removeAll()
      let message = make(parts, &arena)
      _ = try message.encode(into: &output, source: arena.span, limits: nil)
    }
  case .digest:
    for _ in 0..<times {
      output.removeAll()
      try document.digestInput(of: bytes, into: &output)
      if output.isEmpty { return false }
    }
  }
  return true
}

func run(
  _ operation: Operation, _ input: Input, parts: Parts, times: Int, arena: inout EXIArena,
  output: inout OutputBuffer
) throws(EXIError) -> Bool {
  let done = try runAny(
    operation, input, parts: parts, times: times, arena: &arena, output: &output)
  if done, operation == .encode || operation == .build, output.octets != input.octets {
    print("\(input.name): \(operation) gives other octets")
    throw EXIError(.unexpectedDocument, position: 0)
  }
  return done
}

private func runAny(
  _ operation: Operation, _ input: Input, parts: Parts, times: Int, arena: inout EXIArena,
  output: inout OutputBuffer
) throws(EXIError) -> Bool {
  switch input.set {
  case "appprotocol":
    try run(
      operation, input, as: AppProtocolDocument.self, parts: parts, times: times, arena: &arena,
      output: &output)
  case "din70121":
    try run(
      operation, input, as: DIN70121Messages.V2G_Message.self, parts: parts, times: times, arena: &arena,
      output: &output)
  case "iso2":
    try run(
      operation, input, as: ISO15118_2Messages.V2G_Message.self, parts: parts, times: times, arena: &arena,
      output: &output)
  case "iso20-common":
    try run(
      operation, input, as: ISO15118_20CommonDocument.self, parts: parts, times: times, arena: &arena,
      output: &output)
  case "iso20-dc":
    try run(
      operation, input, as: ISO15118_20DCDocument.self, parts: parts, times: times, arena: &arena,
      output: &output)
  case "iso20-ac":
    try run(
      operation, input, as: ISO15118_20ACDocument.self, parts: parts, times: times, arena: &arena,
      output: &output)
  case "iso20-acdp":
    try run(
      operation, input, as: ISO15118_20ACDPDocument.self, parts: parts, times: times, arena: &arena,
      output: &output)
  case "iso20-wpt":
    try run(
      operation, input, as: ISO15118_20WPTDocument.self, parts: parts, times: times, arena: &arena,
      output: &output)
  default: throw EXIError(.unexpectedDocument, position: 0)
  }
}

/// Nanoseconds and allocations of one call, over enough of them for about 50 ms; `nil` when there is nothing to do.
func measure(
  _ body: (Int) throws(EXIError) -> Bool
) throws(EXIError) -> (nanoseconds: Double, allocations: Double)? {
  guard try body(100) else { return nil }
  let clock = ContinuousClock()
  let probe = clock.now
  _ = try body(1000)
  let once = max(Double(probe.duration(to: clock.now).nanoseconds) / 1000, 1)
  let times = max(Int(5e7 / once), 1000)
  let allocations = allocation_count()
  let start = clock.now
  _ = try body(times)
  let elapsed = Double(start.duration(to: clock.now).nanoseconds)
  return (elapsed / Double(times), Double(allocation_count() - allocations) / Double(times))
}

func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(width - text.count, 0)) + text
}

func table(_ inputs: [Input]) throws {
  let heads = Operation.allCases.map { padded("\($0.rawValue) ns", 10) }.joined(separator: " ")
  print("message                              octets \(heads)  allocations")
  var output = OutputBuffer(reserving: 1 << 16)
  var arena = EXIArena(capacity: 1 << 15)
  for input in inputs {
    let parts = try Parts(input)
    let name = input.name + String(repeating: " ", count: max(36 - input.name.count, 0))
    var line = "\(name) \(padded("\(input.octets.count)", 6))"
    var allocations = 0.0
    for operation in Operation.allCases {
      let measured = try measure { times throws(EXIError) in
        try run(operation, input, parts: parts, times: times, arena: &arena, output: &output)
      }
      line += " " + padded(measured.map { "\(Int($0.nanoseconds))" } ?? "-", 10)
      allocations += measured?.allocations ?? 0
    }
    print(line, padded("\((allocations * 100).rounded() / 100)", 12))
  }
}

let inputs = try Input.all()
let arguments = Array(CommandLine.arguments.dropFirst())
let input = inputs.first { arguments.count > 1 && $0.name == arguments[1] }
switch (arguments.first, arguments.count) {
case (nil, _): try table(inputs)
case ("names", 1): for input in inputs { print(input.name, input.set) }
case ("vectors", 1):
  var output = OutputBuffer(reserving: 1 << 16)
  var arena = EXIArena(capacity: 1)
  let parts = try Parts(inputs[0])
  for (file, documents) in try Input.vectors() {
    var made: UInt = 0
    for document in documents {
      for round in 0..<3 {
        let before = allocation_count()
        for operation in [Operation.decode, .encode] {
          _ = try runAny(
            operation, document, parts: parts, times: 1, arena: &arena, output: &output)
        }
        if round > 0 { made += UInt(allocation_count() - before) }
      }
    }
    print(file, documents.count, "documents,", made, "allocations")
  }
case ("octets", 2):
  if let input { print(hexadecimal(input.octets)) }
case ("reference", 2):
  if let reference = input?.reference { print(reference.decode, reference.encode) }
case ("run", 4):
  guard let input, let operation = Operation(rawValue: arguments[2]), let times = Int(arguments[3]) else {
    print("no message or operation of this name")
    break
  }
  var output = OutputBuffer(reserving: 1 << 16)
  var arena = EXIArena(capacity: 1 << 15)
  let parts = try Parts(input)
  guard try run(operation, input, parts: parts, times: times, arena: &arena, output: &output) else { exit(3) }
default: print("exibench [names | vectors | octets NAME | reference NAME | run NAME OPERATION N]")
}
