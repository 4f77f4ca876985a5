"""XML Schema as far as the charging messages use it, read from the XSDs that the iso15118 package carries.

Written from the XML Schema recommendation alone: it shares nothing with exigen, so that a defect of the
generator's tables shows as a document that one codec cannot read.
"""

import math
import re
import shutil
import xml.etree.ElementTree as ElementTree

XSD = "{http://www.w3.org/2001/XMLSchema}"
SIGNATURE = "xmldsig-core-schema.xsd"

# Name on Coupler's command line: schema file below the prepared folder.
ENTRIES = {
    "appprotocol": "V2G_CI_AppProtocol.xsd",
    "din": "din_spec/V2G_CI_MsgDef.xsd",
    "iso2": "iso15118_2/V2G_CI_MsgDef.xsd",
    "iso20-common": "iso15118_20/V2G_CI_CommonMessages.xsd",
    "iso20-ac": "iso15118_20/V2G_CI_AC.xsd",
    "iso20-dc": "iso15118_20/V2G_CI_DC.xsd",
    "iso20-acdp": "iso15118_20/V2G_CI_ACDP.xsd",
    "iso20-wpt": "iso15118_20/V2G_CI_WPT.xsd",
    "xmldsig": SIGNATURE,
}


def prepare(source, folder):
    """Copies the package's schemas so that every import leads to a file.

    The XML signature schema is needed beside the others, and without its document type, which names a DTD on the
    web that a parser would fetch.
    """
    shutil.copytree(source, folder, ignore=lambda path, names: [name for name in names if name.startswith("__")])
    signature = re.sub(r"<!DOCTYPE.*?\]\s*>", "", (folder / SIGNATURE).read_text(), flags=re.DOTALL)
    (folder / SIGNATURE).write_text(signature)
    for entry in ENTRIES.values():
        (folder / entry).with_name(SIGNATURE).write_text(signature)


class Declaration:
    """An element declaration: its name, and the node that says its type."""

    def __init__(self, node, scope, name):
        self.node, self.scope, self.name = node, scope, name


class Scope:
    """What a schema file says for all of its declarations: target namespace, prefixes, forms."""

    def __init__(self, root, prefixes):
        self.target = root.get("targetNamespace", "")
        self.prefixes = prefixes
        self.qualified_elements = root.get("elementFormDefault") == "qualified"
        self.qualified_attributes = root.get("attributeFormDefault") == "qualified"

    def name(self, text):
        """A prefixed name of the file as (namespace, local name)."""
        prefix, _, local = text.rpartition(":")
        return self.prefixes.get(prefix, ""), local


class Simple:
    """A simple type: built-in base and facets."""

    def __init__(self, base, facets, values):
        self.base, self.facets, self.values = base, facets, values

    def length(self):
        """Shortest and longest length in characters or octets; the longest is None when it is not limited."""
        if "length" in self.facets:
            return self.facets["length"], self.facets["length"]
        return self.facets.get("minLength", 0), self.facets.get("maxLength")


class Complex:
    """A complex type with what it inherits: particles from the base on, attributes, or the type of its value."""

    def __init__(self, particles, attributes, value, mixed, abstract):
        self.particles, self.attributes, self.value = particles, attributes, value
        self.mixed, self.abstract = mixed, abstract


class Schema:
    """All declarations of an entry file and of the files that it imports."""

    def __init__(self, path):
        self.files, self.elements, self.types, self.members = {}, {}, {}, {}
        self.locals = []
        self.known, self.sizes = {}, {}
        self.load(path.resolve())

    def load(self, path):
        if path in self.files:
            return
        prefixes = {}
        for _, (prefix, uri) in ElementTree.iterparse(path, events=["start-ns"]):
            prefixes.setdefault(prefix, uri)
        root = ElementTree.parse(path).getroot()
        scope = self.files[path] = Scope(root, prefixes)
        for node in root:
            if node.tag == XSD + "import":
                self.load((path.parent / node.get("schemaLocation")).resolve())
            elif node.tag == XSD + "element":
                name = (scope.target, node.get("name"))
                self.elements[name] = Declaration(node, scope, name)
                if head := node.get("substitutionGroup"):
                    self.members.setdefault(scope.name(head), []).append(name)
            elif node.tag in (XSD + "complexType", XSD + "simpleType"):
                self.types[scope.target, node.get("name")] = (node, scope)
        for node in root.iter(XSD + "element"):
            if node not in list(root) and "name" in node.attrib:
                self.locals.append(self.declaration(node, scope))

    # Elements

    def declaration(self, node, scope):
        if ref := node.get("ref"):
            return self.elements[scope.name(ref)]
        qualified = node.get("form", "qualified" if scope.qualified_elements else "") == "qualified"
        return Declaration(node, scope, (scope.target if qualified else "", node.get("name")))

    def substitutes(self, declaration):
        """The elements that may stand where this one is declared: itself and its group, but nothing abstract."""
        found, waiting = [], [declaration]
        while waiting:
            element = waiting.pop(0)
            if element.node.get("abstract") != "true" and not self.is_abstract(element):
                found.append(element)
            if element.name in self.elements and self.elements[element.name].node is element.node:
                waiting += [self.elements[name] for name in self.members.get(element.name, [])]
        return found

    def is_abstract(self, declaration):
        kind = self.type_of(declaration)
        return isinstance(kind, Complex) and kind.abstract

    def documents(self):
        """The elements a document can have at its root."""
        return [element for _, element in sorted(self.elements.items())
                if element in self.substitutes(element) and self.size(element) < math.inf]

    def fragments(self):
        """The elements a fragment can have at its root: those of documents and the ones inside types."""
        return self.documents() + [element for element in self.locals
                                   if element in self.substitutes(element) and self.size(element) < math.inf]

    # Types

    def type_of(self, declaration):
        for child in declaration.node:
            if child.tag in (XSD + "complexType", XSD + "simpleType"):
                return self.read(child, declaration.scope)
        return self.named(declaration.scope.name(declaration.node.get("type")))

    def named(self, name):
        if "{%s}" % name[0] == XSD:
            return Simple(name[1], {}, None)
        node, scope = self.types[name]
        return self.read(node, scope)

    def read(self, node, scope):
        if node not in self.known:
            simple = node.tag == XSD + "simpleType"
            self.known[node] = self.simple(node, scope) if simple else self.complex(node, scope)
        return self.known[node]

    def simple(self, node, scope):
        restriction = node.find(XSD + "restriction")
        base = self.named(scope.name(restriction.get("base")))
        facets = {child.tag.removeprefix(XSD): int(child.get("value")) for child in restriction
                  if child.tag not in (XSD + "enumeration", XSD + "annotation")}
        values = [child.get("value") for child in restriction.findall(XSD + "enumeration")]
        return Simple(base.base, {**base.facets, **facets}, values or base.values)

    def complex(self, node, scope):
        particles, attributes, value = [], {}, None
        body = node
        for content in ("complexContent", "simpleContent"):
            if (inner := node.find(XSD + content)) is not None:
                body = inner.find(XSD + "extension")
                base = self.named(scope.name(body.get("base")))
                if isinstance(base, Simple):
                    value = base
                else:
                    particles, attributes, value = list(base.particles), dict(base.attributes), base.value
        for child in body:
            if child.tag in (XSD + "sequence", XSD + "choice"):
                particles.append((child, scope))
            elif child.tag == XSD + "attribute":
                qualified = child.get("form", "qualified" if scope.qualified_attributes else "") == "qualified"
                attributes[scope.target if qualified else "", child.get("name")] = (
                    self.named(scope.name(child.get("type"))), child.get("use") == "required")
        return Complex(particles, attributes, value, node.get("mixed") == "true", node.get("abstract") == "true")

    # The smallest number of elements, infinite where a wildcard is needed: nothing declared can fill it.

    def size(self, declaration):
        if declaration.node not in self.sizes:
            self.sizes[declaration.node] = math.inf  # while it is looked at: a type that needs itself
            kind = self.type_of(declaration)
            particles = kind.particles if isinstance(kind, Complex) else []
            self.sizes[declaration.node] = 1 + sum(self.particle_size(node, scope) for node, scope in particles)
        return self.sizes[declaration.node]

    def particle_size(self, node, scope):
        """Of all that have to occur."""
        least = occurs(node)[0]
        return least * self.item_size(node, scope) if least else 0

    def item_size(self, node, scope):
        """Of one occurrence."""
        if node.tag == XSD + "element":
            return min((self.size(element) for element in self.substitutes(self.declaration(node, scope))),
                       default=math.inf)
        if node.tag == XSD + "sequence":
            return sum(self.particle_size(child, scope) for child in node)
        if node.tag == XSD + "choice":
            return min(self.particle_size(child, scope) for child in node)
        return math.inf


def occurs(node):
    """Least and most occurrences of a particle."""
    most = node.get("maxOccurs", "1")
    return int(node.get("minOccurs", "1")), math.inf if most == "unbounded" else int(most)
