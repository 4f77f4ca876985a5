"""Our EXI codec against EXIficient: the same random documents through both encoders and both decoders."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import threading

import documents
import schemas
from bench import ScenarioFailed, die_with_parent

# Documents and fragments of each set; 2,000 in all.
SHARES = {
    "appprotocol": (60, 20), "din": (200, 90), "iso2": (260, 140), "iso20-common": (260, 140), "iso20-ac": (140, 60),
    "iso20-dc": (140, 60), "iso20-acdp": (100, 50), "iso20-wpt": (130, 60), "xmldsig": (50, 40),
}
SHOWN = 10


class Case:
    """One document, named SET/document/NUMBER or SET/fragment/NUMBER; seed and name are all it depends on."""

    def __init__(self, seed, group, kind, number, roots):
        self.name = f"{group}/{kind}/{number}"
        self.group, self.fragment = group, kind == "fragment"
        chance = random.Random(f"{seed}/{self.name}")
        usual, others = roots.fragments if self.fragment else roots.documents
        root = others[number // 3 % len(others)] if number % 3 == 2 else chance.choice(usual)
        self.document = documents.Maker(roots.schema, chance).element(root)
        self.xml = self.document.xml()
        self.problems = []

    def job(self, **content):
        return {"entry": schemas.ENTRIES[self.group], "fragment": self.fragment, **content}

    def compare(self, what, xml):
        """Adds a problem unless the XML that `what` decoded is the document."""
        try:
            if found := documents.difference(self.document.tree(), documents.parsed(xml)):
                self.problems.append(f"{what} reads another document: {found}")
        except SyntaxError as error:
            self.problems.append(f"{what} writes no XML: {error}: {xml[:200]}")


class Roots:
    """What can stand at the root: each time the usual elements, of which two thirds are made, and all."""

    def __init__(self, group, folder):
        self.schema = schemas.Schema(folder / schemas.ENTRIES[group])
        everything = self.schema.documents()
        anywhere = sorted(self.schema.fragments(), key=lambda element: element.name)
        random.Random(group).shuffle(anywhere)
        self.documents = [element for element in everything if self.is_message(element)] or everything, everything
        self.fragments = [element for element in anywhere if self.is_signed(element)] or anywhere, anywhere

    def is_message(self, element):
        kind = self.schema.type_of(element)
        return any(child.get("name") == "Header" for node, _ in getattr(kind, "particles", ()) for child in node)

    def is_signed(self, element):
        kind = self.schema.type_of(element)
        return any(name == "Id" for _, name in getattr(kind, "attributes", ()))


def make(seed, folder, only=""):
    cases = []
    for group, shares in SHARES.items():
        roots = Roots(group, folder)
        for kind, count in zip(("document", "fragment"), shares):
            cases += [Case(seed, group, kind, number, roots) for number in range(count)
                      if only in ("", f"{group}/{kind}/{number}")]
    return cases


class EXIficient:
    def __init__(self, peer, folder, logs, java):
        script = pathlib.Path(__file__).resolve().parent / "peers" / "exificient.py"
        self.errors = open(logs / "exificient.err", "wb")
        self.child = subprocess.Popen(
            [peer / "bin" / "python", script, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, text=True,
            env={**os.environ, "JAVA_TOOL_OPTIONS": java, "PYTHONDONTWRITEBYTECODE": "1"}, preexec_fn=die_with_parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):
            self.child.stdin.close()
        self.child.stdout.close()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.errors.close()

    def answers(self, jobs):
        """One answer per job; the jobs are sent from a thread, so that neither side waits for the other."""
        def send():
            with contextlib.suppress(BrokenPipeError):  # the reader of the answers reports it
                for job in jobs:
                    self.child.stdin.write(json.dumps(job) + "\n")
                self.child.stdin.flush()

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        answers = []
        for _ in jobs:
            line = self.child.stdout.readline()
            if not line:
                raise ScenarioFailed(f"EXIficient ended after {len(answers)} answers; see {self.errors.name}")
            answers.append(json.loads(line))
        sender.join()
        return answers


def coupler(binary, action, cases, lines):
    """`coupler exi` over all cases; one line per case, of which those that begin with "error:" are errors."""
    answers = {}
    for group in SHARES:
        for fragment in (False, True):
            chosen = [(case, line) for case, line in zip(cases, lines)
                      if (case.group, case.fragment) == (group, fragment) and line is not None]
            if not chosen:
                continue
            argv = [binary, "exi", action, "--set", group, *(["--fragment"] if fragment else [])]
            text = "".join(line + "\n" for _, line in chosen)
            result = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=120)
            printed = result.stdout.split("\n")[:-1]
            if len(printed) != len(chosen) or result.returncode not in (0, 1):
                raise ScenarioFailed(f"{' '.join(map(str, argv))}: status {result.returncode}, {len(printed)} lines for "
                                     f"{len(chosen)}: {result.stderr.strip()}")
            answers.update({case.name: line for (case, _), line in zip(chosen, printed)})
    return [answers.get(case.name) for case in cases]


def begin(logs, peer):
    """The cases of the wanted seed, and the folder of their schemas."""
    seed = os.environ.get("COUPLER_SEED") or str(random.SystemRandom().randrange(10**9))
    only = os.environ.get("COUPLER_DOCUMENT", "")
    package = next((peer / "lib").glob("python*/site-packages/iso15118"))
    folder = logs / "schemas"
    shutil.rmtree(folder, ignore_errors=True)
    schemas.prepare(package / "shared" / "schemas", folder)
    cases = make(seed, folder, only)
    if not cases:
        raise ScenarioFailed(f"no document {only} (COUPLER_DOCUMENT)")
    return seed, cases, folder


def write_vectors(path, logs, peer, java):
    """Writes the documents as EXIficient encodes them, one JSON object per line as in Tests/Fixtures; the seed.

    Those with an empty value are left out, since their octets may differ.
    """
    seed, cases, folder = begin(logs, peer)
    with EXIficient(peer, folder, logs, java) as stranger:
        answers = stranger.answers([case.job(xml=case.xml) for case in cases])
    with open(path, "w", encoding="utf-8") as file:
        for case, answer in zip(cases, answers):
            if "error" in answer:
                raise ScenarioFailed(f"seed {seed}, {case.name}: EXIficient cannot write it: {answer['error']}")
            if not case.document.has_empty_value():
                file.write(json.dumps({
                    "set": case.group, "kind": "fragment" if case.fragment else "document", "name": case.name,
                    "message": case.document.name[1], "xml": case.xml, "exi": answer["exi"]}) + "\n")
    return seed


def check(logs, binary, peer, java):
    """Raises when EXIficient and `coupler exi` disagree about any document."""
    seed, cases, folder = begin(logs, peer)
    print(f"    seed {seed}", flush=True)
    with EXIficient(peer, folder, logs, java) as stranger:
        theirs = stranger.answers([case.job(xml=case.xml) for case in cases])
        ours = coupler(binary, "encode", cases, [case.xml for case in cases])
        compare_octets(cases, ours, theirs)
        read = coupler(binary, "decode", cases, [answer.get("exi") for answer in theirs])
        for case, line in zip(cases, read):
            if line is not None and line.startswith("error:"):
                case.problems.append(f"coupler cannot read what EXIficient wrote: {line}")
            elif line is not None:
                case.compare("coupler, of EXIficient's octets,", line)
        readable = [(case, octets) for case, octets in zip(cases, ours) if not octets.startswith("error:")]
        for (case, _), answer in zip(readable, stranger.answers([case.job(exi=octets) for case, octets in readable])):
            if "error" in answer:
                case.problems.append(f"EXIficient cannot read what coupler wrote: {answer['error']}")
            else:
                case.compare("EXIficient, of coupler's octets,", answer["xml"])
    report(logs, binary, seed, cases, ours, theirs)


def compare_octets(cases, ours, theirs):
    for case, octets, answer in zip(cases, ours, theirs):
        if octets.startswith("error:"):
            case.problems.append(f"coupler cannot write it: {octets}")
        if "error" in answer:
            case.problems.append(f"EXIficient cannot write it: {answer['error']}")
        elif octets != answer["exi"] and not octets.startswith("error:") and not case.document.has_empty_value():
            same = os.path.commonprefix([octets, answer["exi"]])
            case.problems.append(f"octets differ from {len(same) // 2} on: coupler {octets[len(same) // 2 * 2:][:24]}, "
                                 f"EXIficient {answer['exi'][len(same) // 2 * 2:][:24]}")


def report(logs, binary, seed, cases, ours, theirs):
    for group in SHARES:
        mine = [number for number, case in enumerate(cases) if case.group == group]
        if not mine:
            continue
        equal = sum(ours[number] == theirs[number].get("exi") for number in mine)
        empty = sum(cases[number].document.has_empty_value() for number in mine)
        names = {node.name for number in mine for node in cases[number].document.nodes()}
        fragments = sum(cases[number].fragment for number in mine)
        print(f"    {group:12} {len(mine) - fragments:4} documents, {fragments:4} fragments, {len(names):4} elements by "
              f"name; {equal:4} of the same octets, {empty:3} with an empty value")
    failed = [number for number, case in enumerate(cases) if case.problems]
    for number in failed[:SHOWN]:
        case = cases[number]
        stem = logs / case.name.replace("/", "-")
        stem.with_suffix(".xml").write_text(case.xml + "\n")
        stem.with_suffix(".coupler.hex").write_text(ours[number] + "\n")
        stem.with_suffix(".exificient.hex").write_text(theirs[number].get("exi", "") + "\n")
        flag = " --fragment" if case.fragment else ""
        print(f"    {case.name}, <{case.document.name[1]}>:")
        for problem in case.problems:
            print(f"      {problem}")
        print(f"      repeat: COUPLER_SEED={seed} COUPLER_DOCUMENT={case.name} make interop "
              "SCENARIO=exificient_and_coupler_exi_agree_on_random_documents\n"
              f"      ours:   {binary} exi encode --set {case.group}{flag} < {stem.with_suffix('.xml')}")
    if failed:
        raise ScenarioFailed(f"the codecs disagree about {len(failed)} of {len(cases)} documents of seed {seed}")
