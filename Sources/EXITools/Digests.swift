/// The digest of one element, compared with what the signature says.
public struct DigestCheck: Sendable {
  public enum Verdict: String, Sendable {
    /// The DigestValue is the digest.
    case ok = "OK"
    case mismatch = "MISMATCH"
    /// A Reference names an Id that no element has, or nothing that could be found.
    case missing = "MISSING"
    /// Several elements have the Id: nobody can tell which one was signed.
    case ambiguous = "AMBIGUOUS"
    /// The DigestMethod is none that is known here.
    case unknown = "UNKNOWN"
    /// There is nothing to compare with.
    case computed = "COMPUTED"

    /// True where the signature does not hold.
    public var isFailure: Bool { self != .ok && self != .computed }
  }

  /// How the fragment is coded.
  public enum Form: String, Sendable {
    /// The only form that an element has.
    case plain
    /// By the relaxed grammar, as the specification of EXI says (eMAID).
    case relaxed
    /// As the type that the element has in the document, as libcbv2g codes it (eMAID).
    case ordinary
  }

  public let verdict: Verdict
  /// The local name; empty when no element was found.
  public let element: String
  public let id: String?
  public let algorithm: DigestAlgorithm?
  public let form: Form
  public let digest: [UInt8]
  /// The DigestValue of the signature, in base64.
  public let expected: String?

  /// The digest as it stands in DigestValue.
  public var base64: String { ValueText.base64(digest) }
}

extension FragmentCutter {
  /// The digests of the selected elements, with the verdict on each Reference; none for an unsigned message
  /// without Ids, unless something is selected.
  ///
  /// The algorithm is that of the Reference, or `algorithm`; without both, the usual one of the set.
  public func digests(
    _ selection: FragmentSelection, algorithm: DigestAlgorithm? = nil
  ) throws(ConversionError) -> [DigestCheck] {
    var result: [DigestCheck] = []
    var known: Set<String> = []
    guard references.count <= Self.maxReferences else {
      throw ConversionError("\(references.count) references; at most \(Self.maxReferences) are checked")
    }
    for reference in references {
      let id = reference.attribute("URI").flatMap(Self.id(ofURI:))
      let nodes = id.flatMap { nodesByID[$0] } ?? []
      let isSelected =
        selection.isDefault || id.map(selection.ids.contains) ?? false
        || nodes.contains { selection.elements.contains($0.name) }
      if !isSelected { continue }
      if let id { known.insert(id) }
      result.append(try check(reference, id: id, nodes: nodes, selection.signedInfoGrammar, algorithm))
    }
    // What was asked for, or has an Id, and no Reference covers.
    if selection.isDefault && signatureNode != nil && !message.root.isSignaturePart("Signature") {
      if let info = signatureNode?.child("SignedInfo") {
        result.append(try computed(info, selection.signedInfoGrammar, algorithm))
      }
      return result
    }
    // A message that nobody signed is none to complain about.
    if selection.isDefault && nodesByID.isEmpty { return result }
    for fragment in try fragments(selection) where fragment.id.map({ !known.contains($0) }) ?? true {
      let method = algorithm ?? usual(for: fragment.element)
      result.append(check(fragment, .computed, method, expected: nil))
    }
    return result
  }

  private func usual(for element: String) -> DigestAlgorithm {
    let method = signatureNode?.child("SignedInfo")?.child("SignatureMethod")?.attribute("Algorithm")
    let signed = element == "SignedInfo" ? method.flatMap { DigestAlgorithm(signatureURI: $0) } : nil
    return signed ?? message.set.digestAlgorithm
  }

  private func computed(
    _ node: DocumentNode, _ grammar: SignedInfoGrammar, _ algorithm: DigestAlgorithm?
  ) throws(ConversionError) -> DigestCheck {
    check(
      try fragment(of: node, grammar), .computed, algorithm ?? usual(for: node.name), expected: nil)
  }

  private func check(
    _ reference: DocumentNode, id: String?, nodes: [DocumentNode], _ grammar: SignedInfoGrammar,
    _ given: DigestAlgorithm?
  ) throws(ConversionError) -> DigestCheck {
    let expected = reference.child("DigestValue")?.text ?? ""
    let method = reference.child("DigestMethod")?.attribute("Algorithm") ?? ""
    func failed(_ verdict: DigestCheck.Verdict, _ algorithm: DigestAlgorithm?) -> DigestCheck {
      DigestCheck(
        verdict: verdict, element: nodes.first?.name ?? "", id: id, algorithm: algorithm, form: .plain,
        digest: [],
        expected: expected)
    }
    let algorithm = given ?? DigestAlgorithm(uri: method)
    guard let node = nodes.first else { return failed(.missing, algorithm) }
    guard nodes.count == 1 else { return failed(.ambiguous, algorithm) }
    guard let algorithm else { return failed(.unknown, nil) }
    let fragment = try fragment(of: node, grammar)
    return check(fragment, nil, algorithm, expected: expected)
  }

  /// Compares, where `verdict` is open.
  private func check(
    _ fragment: Fragment, _ verdict: DigestCheck.Verdict?, _ algorithm: DigestAlgorithm, expected: String?
  ) -> DigestCheck {
    var form = fragment.ordinary == nil ? DigestCheck.Form.plain : .relaxed
    var digest = algorithm.digest(fragment.octets)
    if verdict == nil, let ordinary = fragment.ordinary {
      let other = algorithm.digest(ordinary)
      if ValueText.base64(other) == expected {
        form = .ordinary
        digest = other
      }
    }
    return DigestCheck(
      verdict: verdict ?? (ValueText.base64(digest) == expected ? .ok : .mismatch), element: fragment.element,
      id: fragment.id, algorithm: algorithm, form: form, digest: digest, expected: expected)
  }
}
