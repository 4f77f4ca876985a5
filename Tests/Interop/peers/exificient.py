"""EXIficient between XML and EXI, by its own Java interface, out of the jar of the iso15118 package.

exificient.py FOLDER reads jobs as JSON lines: {"entry": schema file below FOLDER, "fragment": bool} with either
"xml" to encode or "exi" (hexadecimal) to decode. Each is answered by one line with the other, or with "error".
The grammars are made from the XSDs, so the package's Python and JSON front end has no part in it.
"""

import json
import os
import sys

from iso15118.shared.settings import JAR_FILE_PATH
from py4j.java_gateway import JavaGateway
from py4j.protocol import Py4JJavaError

# Standard output is the channel of the answers; what Java may print must not get there.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


class Codec:
    """Encoder and decoder for the documents, or fragments, of one schema, with the options that V2G fixes."""

    def __init__(self, jvm, grammars, fragment):
        exi = jvm.com.siemens.ct.exi
        factory = exi.core.helpers.DefaultEXIFactory.newInstance()
        factory.setFidelityOptions(exi.core.FidelityOptions.createDefault())  # schema-informed, not strict
        factory.setGrammars(grammars)
        factory.setFragment(fragment)
        factory.setValuePartitionCapacity(0)
        factory.setMaximumNumberOfBuiltInElementGrammars(0)
        factory.setMaximumNumberOfBuiltInProductions(0)
        self.jvm = jvm
        sax = exi.main.api.sax  # its namesake in exi.api belongs to an older core that the jar lacks
        self.result = sax.EXIResult(factory)
        parsers = jvm.javax.xml.parsers.SAXParserFactory.newInstance()
        parsers.setNamespaceAware(True)
        self.reader = parsers.newSAXParser().getXMLReader()
        self.reader.setContentHandler(self.result.getHandler())
        self.decoder = sax.SAXFactory(factory).createEXIReader()
        self.transformer = jvm.javax.xml.transform.TransformerFactory.newInstance().newTransformer()

    def encode(self, xml):
        octets = self.jvm.java.io.ByteArrayOutputStream()
        self.result.setOutputStream(octets)
        self.reader.parse(self.jvm.org.xml.sax.InputSource(self.jvm.java.io.StringReader(xml)))
        return octets.toByteArray()

    def decode(self, octets):
        stream = self.jvm.java.io.ByteArrayInputStream(octets)
        source = self.jvm.javax.xml.transform.sax.SAXSource(self.decoder, self.jvm.org.xml.sax.InputSource(stream))
        text = self.jvm.java.io.StringWriter()
        self.transformer.transform(source, self.jvm.javax.xml.transform.stream.StreamResult(text))
        return text.toString()


def main():
    gateway = JavaGateway.launch_gateway(classpath=JAR_FILE_PATH, die_on_exit=True)
    grammars, codecs = {}, {}
    for line in sys.stdin:
        job = json.loads(line)
        entry, fragment = job["entry"], job["fragment"]
        try:
            if entry not in grammars:
                maker = gateway.jvm.com.siemens.ct.exi.grammars.GrammarFactory.newInstance()
                grammars[entry] = maker.createGrammars(os.path.join(sys.argv[1], entry))
            if (entry, fragment) not in codecs:
                codecs[entry, fragment] = Codec(gateway.jvm, grammars[entry], fragment)
            codec = codecs[entry, fragment]
            if "xml" in job:
                answer = {"exi": codec.encode(job["xml"]).hex()}
            else:
                answer = {"xml": codec.decode(bytes.fromhex(job["exi"]))}
        except Py4JJavaError as error:
            answer = {"error": str(error.java_exception.toString())}
        answers.write(json.dumps(answer) + "\n")
    gateway.shutdown()


main()
