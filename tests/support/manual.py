"""What the manual says, compared with what the program says. Prints a line per difference.

manual.py options|commands|keys|ranges|status PAGE PROGRAM [ERR_H]
manual.py examples FILE    the commands in the example blocks of a page or of a README
"""
import json
import os
import re
import shlex
import subprocess
import sys

MACROS = "Ar Cm Dv Ev Fl Ic Li No Ns Op Pa Pq Ql Dq Sx Va Xr Bq Nm".split()


def ask(program, *args):
    return subprocess.run([program, *args], check=False, capture_output=True, text=True).stdout


def plain(line):
    """A line of mdoc without its markup."""
    if not line.startswith("."):
        return line.replace("\\&", "")
    words, flag = [], False
    for word in line[1:].replace("\\&", "").split(" "):
        if word in MACROS:
            flag = word == "Fl"
        elif word in ",.;:)" and words:
            words[-1] += word
        elif word:
            words.append("-" + word if flag else word.strip('"'))
            flag = False
    return " ".join(words)


class Item:
    def __init__(self, section, tag):
        self.section, self.tag, self.body, self.literal = section, tag, [], []

    def text(self):
        return " ".join(self.body)


def items(page, title):
    """The .It entries of a section, with the .Ss they stand in; nested lists are not looked into."""
    found, here, inside, part, literal = [], False, False, "", False
    for line in open(page, encoding="utf-8").read().splitlines():
        if line.startswith(".Sh "):
            here = line[4:].strip('"') == title
        elif not here or line.startswith((".Bl ", '.\\"')):
            continue
        elif line == ".El":
            inside = False
        elif line.startswith(".Ss "):
            part = plain("." + line[4:])
        elif line.startswith(".It"):
            found.append(Item(part, line[4:]))
            inside = True
        elif line.startswith((".Bd ", ".Ed")):
            literal = line.startswith(".Bd")
        elif inside:
            (found[-1].literal if literal else found[-1].body).append(line if literal else plain(line))
    return found


# ---- pg_mirror(1) ----------------------------------------------------------------------------


def option_names(program):
    script = ask(program, "completion", "fish")
    return sorted(set(re.findall(r"^complete -c pg_mirror -l ([a-z-]+)", script, re.M)))


def command_names(program):
    script = ask(program, "completion", "bash")
    return re.search(r'COMP_CWORD == 1.*?-W "([^"]*)"', script, re.S).group(1).split()


def told(program, option):
    """The lines "name: value" of `help mirror OPTION`."""
    text = ask(program, "help", "mirror", option)
    facts = dict(re.findall(r"^  ([a-z ]+):  +(.*)$", text, re.M))
    facts["label"] = text.splitlines()[0]
    return facts


def check_option(name, item, facts):
    label = ", ".join(plain("." + part.strip()) for part in item.tag.split(" , "))
    text = item.text()
    every = facts["taken by"] == "every command"
    if label.replace("-h, -?, ", "-h, ") != facts["label"]:
        yield f"'{label}' is '{facts['label']}'"
    if facts.get("environment", "") not in ("", "PG_MIRROR_" + name.upper().replace("-", "_")):
        yield f"--{name}: the environment is {facts['environment']}"
    if every != (item.section == "Options of every command"):
        yield f"--{name} stands under '{item.section}'"
    if not every and not text.endswith(facts["taken by"]):
        yield f"--{name} is taken by {facts['taken by']}"
    if "default" in facts and name != "config" and f"Default: {facts['default']}." not in text:
        yield f"--{name}: the default is {facts['default']}"
    if "default" not in facts and "Default:" in text:
        yield f"--{name} has no default"
    for value in re.findall(r'"([^"]+)"', facts.get("value", "")):
        if "duration" not in facts["value"] and not re.search(rf"\b{value}\b", text):
            yield f"--{name}: the value {value} is missing"
    span = re.search(r"from \d+ to \d+", facts.get("value", ""))
    if span and span.group() not in text:
        yield f"--{name}: the range is {span.group()}"


def options(page, program):
    there = {}
    for item in items(page, "OPTIONS"):
        there[re.search(r"Fl -([a-z-]+)", item.tag).group(1)] = item
    names = option_names(program)
    for name in sorted(set(names) ^ set(there)):
        yield f"--{name} is only in the {'program' if name in names else 'manual'}"
    for name in names:
        if name in there:
            yield from check_option(name, there[name], told(program, name))
    text = "\n".join(plain(line) for line in open(page, encoding="utf-8"))
    for name in sorted(set(re.findall(r"(?<![\w-])--([a-z][a-z-]+)", text))):
        if name not in names:
            yield f"the page speaks of --{name}, which does not exist"


def commands(page, program):
    there = {plain("." + i.tag).split()[0]: plain("." + i.tag) for i in items(page, "COMMANDS")}
    names = command_names(program)
    for name in sorted(set(names) ^ set(there)):
        yield f"command '{name}' is only in the {'program' if name in names else 'manual'}"


def status(page, err_h):
    rows = re.findall(r'X\(E_\w+,\s*(\d+),\s*\w+,\s*"\w+",\s*"([^"]+)"\)', open(err_h, encoding="utf-8").read())
    want = [("128+N" if n == "128" else n, text[0].upper() + text[1:] + ".") for n, text in rows]
    have = [(i.tag, i.text()) for i in items(page, "EXIT STATUS")]
    if len(rows) < 20:
        yield f"only {len(rows)} codes were found in {err_h}"
    for row in want:
        if row not in have:
            yield f"missing: {row[0]} {row[1]}"
    for row in have:
        if row not in want:
            yield f"not so: {row[0]} {row[1]}"


# ---- pg_mirror(5) ----------------------------------------------------------------------------


def leaves(schema, path=""):
    for name, value in schema["properties"].items():
        if "properties" in value:
            yield from leaves(value, path + "/" + name)
        else:
            yield path + "/" + name, value


def documented(page):
    """Pointer -> item. One part of the page speaks of both ends."""
    for item in items(page, "KEYS"):
        name = item.tag.split()[-1]
        for part in item.section.split(" and "):
            yield ("/" if part == "Top level" else f"/{part}/") + name, item


def type_of(schema):
    exact = schema.get("anyOf", [schema])[0]
    kind = exact.get("type")
    kind = next(k for k in kind if k != "null") if isinstance(kind, list) else kind
    if "enum" in exact:
        return "One of " + ", ".join(v for v in exact["enum"] if v is not None)
    if kind in ("integer", "number"):
        return f"{kind.capitalize()} from {exact['minimum']} to {exact['maximum']}"
    if kind == "string" and "ms|s|m|h|d" in exact.get("pattern", ""):
        return "Duration"
    return {"boolean": "Boolean", "array": "Array of strings", "object": "Object", "string": ("String", "Path")}[kind]


def check_key(pointer, item, schema):
    text = item.text()
    kind = type_of(schema)
    if not text.startswith(kind):
        yield f"{pointer}: the type is {kind}"
    if "default" in schema:
        value = schema["default"]
        shown = value if isinstance(value, str) else json.dumps(value)
        if f"default {shown} ." not in text and f"default {shown}." not in text:
            yield f"{pointer}: the default is {shown}"
    elif "no default" not in text and "default:" not in text:
        yield f"{pointer} has no default"
    try:
        example = json.loads("{" + "\n".join(item.literal) + "}")
    except ValueError:
        example = None
    name = pointer.rsplit("/", 1)[1]
    if "source" in item.section and "source" not in pointer:
        return  # examples of the target differ in a word
    if example != {name: schema["examples"][0]}:
        yield f"{pointer}: the example is {json.dumps({name: schema['examples'][0]})[1:-1]}"


def keys(page, program):
    known = dict(leaves(json.loads(ask(program, "schema"))))
    there = dict(documented(page))
    for pointer in sorted(set(known) ^ set(there)):
        yield f"{pointer} is only in the {'program' if pointer in known else 'manual'}"
    for pointer, schema in known.items():
        if pointer in there:
            yield from check_key(pointer, there[pointer], schema)


def accepts(program, pointer, value):
    args = ["validate", "--source", "postgresql:///a", "--target", "postgresql:///b", "--set", f"{pointer}={value}"]
    return subprocess.run([program, *args], check=False, capture_output=True).returncode == 0


def ranges(page, program):
    """The bounds of the manual are tried out."""
    units = {"s": 1000, "m": 60000, "h": 3600000, "d": 86400000}

    def ms(text):
        return int(text[:-1]) * units[text[-1]]

    tried = 0
    for pointer, item in documented(page):
        span = re.match(r"Duration (?:from (\w+) to|up to) (\w+)", item.text())
        if not span:
            continue
        tried += 1
        low, high = ms(span.group(1) or "0s"), ms(span.group(2))
        if not accepts(program, pointer, f"{low}ms") or not accepts(program, pointer, f"{high}ms"):
            yield f"{pointer}: a bound is refused"
        if accepts(program, pointer, f"{high + 1}ms") or (low and accepts(program, pointer, f"{low - 1}ms")):
            yield f"{pointer}: more than the range is accepted"
    if tried < 10:
        yield f"only {tried} ranges were found"


# ---- examples --------------------------------------------------------------------------------


def blocks(text, is_page):
    if is_page:
        return re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed", text, re.S | re.M)
    return re.findall(r"^```\w*\n(.*?)^```", text, re.S | re.M)


def examples(path):
    """Every line of a block that calls the program, from a prompt, a crontab or a unit: its arguments."""
    text = open(path, encoding="utf-8").read()
    for block in blocks(text, ".Sh NAME" in text):
        for line in block.replace("\\\n", " ").splitlines():
            called = re.match(r"(?:\$ |ExecStart=\S*/|[\d*/ ,-]+ pg_mirror +|)(?:\./)?pg_mirror (.*)", line.strip())
            if called:
                words = shlex.split(called.group(1), comments=True)
                for end in ("&&", ">", "|"):
                    words = words[: words.index(end)] if end in words else words
                yield "\t".join(words)


def main():
    what, page, *more = sys.argv[1:]
    for line in globals()[what](page, *more):
        print(line)


if __name__ == "__main__":
    main()
