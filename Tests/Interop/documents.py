"""Random documents that a schema allows: every choice, optional part, list length and bound of a value.

A value has its canonical text and another spelling of it that XML Schema allows as well (leading zeros, small
hexadecimal digits, white space in base64), so that encoders are asked what they make of both.
"""

import base64
import math
import xml.etree.ElementTree as ElementTree

from schemas import XSD, Complex, occurs

INTEGERS = {
    "byte": (-128, 127), "unsignedByte": (0, 255), "short": (-2**15, 2**15 - 1), "unsignedShort": (0, 2**16 - 1),
    "int": (-2**31, 2**31 - 1), "unsignedInt": (0, 2**32 - 1), "long": (-2**63, 2**63 - 1),
    "unsignedLong": (0, 2**64 - 1), "integer": (-math.inf, math.inf),
}
ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/#",
    "<>&\"'[]]>;=%+*() \t\n\rxyz",
    "äöüßéñøçÆ€–…",
    "\u007f\u0080\u00ff\u0100\u07ff\u0800\u3042\u6f22\ud7ff\ue000\ufffd",
    "\U00010000\U0001f50c\U0001f697\U0010ffff",
)


class Text:
    """A value: `spelled` goes to the encoders, `canonical` must come out of the decoders."""

    def __init__(self, canonical, spelled=None):
        self.canonical = canonical
        self.spelled = canonical if spelled is None else spelled


class Element:
    def __init__(self, name, attributes, content):
        self.name, self.attributes, self.content = name, attributes, content

    def xml(self, prefixes=None):
        """On one line, as `coupler exi encode` reads it."""
        spaces = {}
        if prefixes is None:
            prefixes = spaces = {uri: f"p{index}" for index, uri in enumerate(sorted(self.namespaces())) if uri}
        named = lambda name: f"{prefixes[name[0]]}:{name[1]}" if name[0] else name[1]
        parts = ["<", named(self.name)]
        parts += [f' xmlns:{prefix}="{uri}"' for uri, prefix in spaces.items()]
        parts += [f' {named(name)}="{escaped(text.spelled)}"' for name, text in self.attributes]
        parts.append(">")
        parts += [escaped(item.spelled) if isinstance(item, Text) else item.xml(prefixes) for item in self.content]
        parts.append(f"</{named(self.name)}>")
        return "".join(parts)

    def namespaces(self):
        found = {self.name[0], *(name[0] for name, _ in self.attributes)}
        for item in self.content:
            if isinstance(item, Element):
                found |= item.namespaces()
        return found

    def tree(self):
        """Names, attributes and text, to be compared with what `parsed` makes of a decoder's XML."""
        content = []
        for item in self.content:
            if isinstance(item, Element):
                content.append(item.tree())
            elif item.canonical:
                content.append(item.canonical)
        return self.name, sorted((name, text.canonical) for name, text in self.attributes), content

    def nodes(self):
        yield self
        for item in self.content:
            if isinstance(item, Element):
                yield from item.nodes()

    def has_empty_value(self):
        """Where the two legal forms differ: characters of no length, or none."""
        return any(isinstance(item, Text) and not item.canonical for node in self.nodes() for item in node.content)


def escaped(text):
    for character, reference in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\t", "&#9;"),
                                 ("\n", "&#10;"), ("\r", "&#13;")):
        text = text.replace(character, reference)
    return text


def parsed(xml):
    def name(tag):
        uri, _, local = tag.rpartition("}")
        return uri.removeprefix("{"), local

    def tree(node):
        content = [node.text] if node.text else []
        for child in node:
            content.append(tree(child))
            if child.tail:
                content.append(child.tail)
        return name(node.tag), sorted((name(key), value) for key, value in node.attrib.items()), content

    return tree(ElementTree.fromstring(xml))


def difference(left, right, path=""):
    """Where two trees differ first, in words; None when they are equal."""
    if left == right:
        return None
    if isinstance(left, str) or isinstance(right, str) or left[0] != right[0]:
        return f"at {path or '/'}: {brief(left)} and {brief(right)}"
    path = f"{path}/{left[0][1]}"
    if left[1] != right[1]:
        return f"attributes of {path}: {left[1]} and {right[1]}"
    for one, other in zip(left[2], right[2]):
        if found := difference(one, other, path):
            return found
    return f"{path}: {len(left[2])} and {len(right[2])} parts"


def brief(item):
    text = repr(item) if isinstance(item, str) else f"<{item[0][1]}>"
    return text if len(text) <= 120 else text[:120] + "..."


class Maker:
    """Makes one document from a random generator."""

    def __init__(self, schema, random):
        self.schema, self.random = schema, random
        self.ids = []
        profile = random.random()
        # Chance of an optional part; and how many elements there may be beyond the ones that must be.
        if profile < 0.1:
            self.optional, self.budget, self.full = 0, 0, False
        elif profile < 0.2:
            self.optional, self.budget, self.full = 1, 400, True
        elif profile < 0.24:
            self.optional, self.budget, self.full = 0.7, 9000, True
        else:
            self.optional, self.budget, self.full = random.choice((0.15, 0.5, 0.85)), 150, False
        # Empty values are coded in two legal ways; most documents do without, so that octets can be compared.
        self.empties = random.random() < 0.1
        self.plain = random.random() < 0.5

    def element(self, declaration):
        kind = self.schema.type_of(declaration)
        self.budget -= 1
        if not isinstance(kind, Complex):
            return Element(declaration.name, [], [self.value(kind)])
        attributes = [(name, self.value(simple, attribute=True))
                      for name, (simple, required) in kind.attributes.items()
                      if required or self.random.random() < self.optional]
        content = [self.value(kind.value)] if kind.value else []
        for node, scope in kind.particles:
            content += self.particle(node, scope)
        if kind.mixed:
            content = self.mixed(content)
        return Element(declaration.name, attributes, content)

    def mixed(self, content):
        result = []
        for item in [*content, None]:
            if self.random.random() < 0.15:
                result.append(Text("t" + self.string(0, 12)))
            if item is not None:
                result.append(item)
        return result

    # Particles

    def particle(self, node, scope):
        least, most = occurs(node)
        size = self.schema.item_size(node, scope)
        content = []
        if size < math.inf:
            for _ in range(self.count(least, most, max(size, 1))):
                content += self.item(node, scope)
        return content

    def count(self, least, most, size):
        """How often, where everything beyond `least` has to fit into the budget."""
        affordable = least + max(0, int(self.budget // size))
        if self.full and most <= affordable and self.random.random() < 0.9:
            return most
        wish = least
        if most > least and self.random.random() < self.optional:
            some = self.random.choice((1, 1, 1, 2, 3, self.random.randint(1, 12)))
            wish = self.random.choice((least + some, least + some, most, most - 1))
            if wish == math.inf or wish > affordable:
                wish = least + some
        return max(least, min(wish, most, affordable))

    def item(self, node, scope):
        schema = self.schema
        if node.tag == XSD + "element":
            possible = [element for element in schema.substitutes(schema.declaration(node, scope))
                        if schema.size(element) < math.inf]
            return [self.element(self.random.choice(possible))]
        if node.tag == XSD + "sequence":
            return [part for child in node for part in self.particle(child, scope)]
        possible = [child for child in node if schema.item_size(child, scope) < math.inf]
        return self.particle(self.random.choice(possible), scope)

    # Values

    def value(self, kind, attribute=False):
        if kind.values:
            return Text(self.random.choice(kind.values))
        if kind.base == "boolean":
            truth = self.random.random() < 0.5
            return Text("true" if truth else "false", self.spell("1" if truth else "0"))
        if kind.base in INTEGERS:
            return self.integer(kind)
        least, most = kind.length()
        if least == 0 and not self.empties and not attribute:
            least = 1
        if kind.base in ("base64Binary", "hexBinary"):
            return self.binary(kind.base, self.length(least, most))
        if kind.base in ("ID", "IDREF"):
            return Text(self.identifier(kind.base, max(least, 1), most))
        return Text(self.string(least, most, collapsed=kind.base == "anyURI"))

    def spell(self, other):
        return other if not self.plain and self.random.random() < 0.3 else None

    def integer(self, kind):
        least, most = INTEGERS[kind.base]
        least = max(least, kind.facets.get("minInclusive", -math.inf))
        most = min(most, kind.facets.get("maxInclusive", math.inf))
        if math.inf in (-least, most):
            least, most = -2**self.random.choice((7, 70, 160)), 2**self.random.choice((7, 70, 160))
        bounds = [least, most, least + 1, most - 1, 0, 1, -1]
        bounds += [sign * 2**power + step for power in (7, 14, 21, 28, 35, 49, 63) for sign in (1, -1)
                   for step in (-1, 0, 1)]
        possible = [number for number in bounds if least <= number <= most]
        number = self.random.choice(possible) if self.random.random() < 0.5 else self.random.randint(least, most)
        padded = f"{'-' if number < 0 else self.random.choice(('', '+'))}00{abs(number)}"
        return Text(str(number), self.spell(padded))

    def length(self, least, most):
        wish = self.random.random()
        if wish < 0.2:
            return least
        if most is not None and wish < 0.35:
            return most
        usual = least + self.random.choice((1, 2, 8, 20, 20, 126, 127, 300) if self.budget > 50 else (1, 4, 8))
        usual = self.random.randint(least, usual)
        return usual if most is None else min(usual, most)

    def binary(self, base, length):
        octets = self.random.randbytes(length)
        if base == "hexBinary":
            return Text(octets.hex().upper(), self.spell(octets.hex()))
        text = base64.b64encode(octets).decode()
        broken = "\n ".join(text[at:at + 16] for at in range(0, len(text), 16))
        return Text(text, self.spell(f" {broken}\n"))

    def identifier(self, base, least, most):
        if base == "IDREF" and self.ids:
            return self.random.choice(self.ids)
        while True:
            count = self.length(least, most or 40)
            text = "".join(self.random.choice("abcdefgXYZ_äé漢") for _ in range(1))
            text += "".join(self.random.choice("abcdefgXYZ0123456789_-.äé漢") for _ in range(count - 1))
            if text not in self.ids:
                self.ids.append(text)
                return text

    def string(self, least, most, collapsed=False):
        count = self.length(least, most)
        alphabets = ALPHABETS[:1] if self.plain or collapsed else ALPHABETS
        alphabet = self.random.choice(alphabets)
        text = [self.random.choice(alphabet if self.random.random() < 0.8 else self.random.choice(alphabets))
                for _ in range(count)]
        return "".join(text)
