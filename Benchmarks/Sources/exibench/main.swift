import AppProtocolMessages
import CAllocationCounter
import EXI
import ISO15118_2Messages
import Wire

// exibench                              ns and allocations per message, decoding and encoding
// exibench run NAME decode|encode N     one message N times, for an instruction counter
// exibench names                        what there is
// exibench reference NAME               instructions of libcbv2g, decode and encode

/// Keeps the optimizer from dropping a result.
@inline(never) func consume<T>(_ value: borrowing T) {}

func decode(_ input: Input, times: Int) throws(EXIError) {
  let bytes = input.octets.span.bytes
  if input.set == "appprotocol" {
    for _ in 0..<times { consume(try AppProtocolDocument(decoding: bytes)) }
  } else {
    for _ in 0..<times { consume(try V2G_Message(decoding: bytes)) }
  }
}

func encode(_ input: Input, times: Int, into output: inout OutputBuffer) throws(EXIError) {
  let bytes = input.octets.span.bytes
  if input.set == "appprotocol" {
    let document = try AppProtocolDocument(decoding: bytes)
    for _ in 0..<times {
      output.removeAll()
      try document.encode(into: &output, source: bytes)
    }
  } else {
    let message = try V2G_Message(decoding: bytes)
    for _ in 0..<times {
      output.removeAll()
      try message.encode(into: &output, source: bytes)
    }
  }
}

/// Nanoseconds and allocations of one call, over enough of them for about 100 ms.
func measure(_ body: (Int) throws(EXIError) -> Void) throws(EXIError) -> (
  nanoseconds: Double, allocations: Double
) {
  try body(100)
  let clock = ContinuousClock()
  let probe = clock.now
  try body(1000)
  let once = max(Double(probe.duration(to: clock.now).nanoseconds) / 1000, 1)
  let times = max(Int(1e8 / once), 1000)
  let allocations = allocation_count()
  let start = clock.now
  try body(times)
  let elapsed = Double(start.duration(to: clock.now).nanoseconds)
  return (elapsed / Double(times), Double(allocation_count() - allocations) / Double(times))
}

func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(width - text.count, 0)) + text
}

func table(_ inputs: [Input]) throws {
  print("message                                      octets  decode ns  encode ns  allocations")
  var output = OutputBuffer(reserving: 1 << 16)
  for input in inputs {
    let decoding = try measure { times throws(EXIError) in try decode(input, times: times) }
    let encoding = try measure { times throws(EXIError) in try encode(input, times: times, into: &output) }
    guard output.octets == input.octets else { throw EXIError(.outputFull, position: 0) }
    let name = input.name + String(repeating: " ", count: max(43 - input.name.count, 0))
    let allocations = decoding.allocations + encoding.allocations
    print(
      name, padded("\(input.octets.count)", 7), padded("\(Int(decoding.nanoseconds))", 10),
      padded("\(Int(encoding.nanoseconds))", 10), padded("\((allocations * 100).rounded() / 100)", 12))
  }
}

let inputs = try Input.all()
let arguments = CommandLine.arguments.dropFirst()
switch (arguments.first, arguments.count) {
case (nil, _): try table(inputs)
case ("names", 1): for input in inputs { print(input.name) }
case ("reference", 2):
  for input in inputs where input.name == arguments.last {
    if let reference = input.reference { print(reference.decode, reference.encode) }
  }
case ("run", 4):
  let words = Array(arguments)
  guard let input = inputs.first(where: { $0.name == words[1] }), let times = Int(words[3]) else {
    print("no message \(words[1])")
    break
  }
  var output = OutputBuffer(reserving: 1 << 16)
  if words[2] == "encode" {
    try encode(input, times: times, into: &output)
  } else {
    try decode(input, times: times)
  }
default: print("exibench [names | reference NAME | run NAME decode|encode N]")
}
