/// The one of `words` that `word` was most likely meant to be: at most two letters differ, and at most a third of them,
/// or one is the beginning of the other.
///
/// For messages about names that people type. Words of more than 64 octets have none.
public func nearestWord(to word: String, among words: [String]) -> String? {
  let letters = folded(word)
  guard !letters.isEmpty, letters.count <= 64 else { return nil }
  var best: (word: String, distance: Int)?
  for candidate in words {
    let other = folded(candidate)
    let isCut =
      min(letters.count, other.count) >= 3 && (other.starts(with: letters) || letters.starts(with: other))
    let distance = isCut ? 1 : editDistance(letters, other)
    if distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  guard let best, best.distance <= 2, best.distance * 3 <= max(letters.count, 3) else { return nil }
  return best.word
}

/// Octets without what people mix up: case, and how the parts of a name are joined.
private func folded(_ word: String) -> [UInt8] {
  var letters: [UInt8] = []
  for octet in word.utf8 where octet != UInt8(ascii: "-") && octet != UInt8(ascii: "_") {
    letters.append((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet) ? octet | 0x20 : octet)
  }
  return letters
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 1...a.count {
    var row = [i]
    for j in 1...b.count {
      let replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
      var distance = min(replaced, last[j] + 1, row[j - 1] + 1)
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        distance = min(distance, beforeLast[j - 2] + 1)
      }
      row.append(distance)
    }
    beforeLast = last
    last = row
  }
  return last[b.count]
}
