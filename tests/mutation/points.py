"""Where a source can be changed, and how: found in its syntax tree by libclang.

A point is one change. What it does to the text is a list of edits, insertions before or behind an expression, so that points that lie
within each other compile together. Only bodies of functions and lambdas have points: what is evaluated by the compiler (constexpr,
static_assert, if constexpr, labels of case), defaults of parameters and what a macro wrote have none.
"""

import dataclasses
import hashlib
import json
import pathlib
import re

from clang.cindex import CursorKind as Kind
from clang.cindex import Index, TypeKind, conf

FUNCTIONS = {
    Kind.FUNCTION_DECL,
    Kind.CXX_METHOD,
    Kind.CONSTRUCTOR,
    Kind.DESTRUCTOR,
    Kind.CONVERSION_FUNCTION,
    Kind.FUNCTION_TEMPLATE,
}
SCOPES = {Kind.NAMESPACE, Kind.CLASS_DECL, Kind.STRUCT_DECL, Kind.CLASS_TEMPLATE, Kind.LINKAGE_SPEC, Kind.UNEXPOSED_DECL}
COMPARISONS = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}
KEEPERS = {"push_back", "emplace_back", "insert"}
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^\s()\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)


@dataclasses.dataclass
class Point:
    file: str
    function: str
    operator: str
    text: str
    line: int
    # (offset, text) to insert at; before what begins there, or behind what ends there. `@` stands for the number of the point.
    before: list
    behind: list
    replaced: list  # (begin, end, text)
    key: str = ""


def blanked(text):
    """The text with spaces for comments and literals: what is left of punctuation is code."""
    return NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def stripped(cursor):
    """The expression without the conversions around it that have no text."""
    while cursor.kind == Kind.UNEXPOSED_EXPR:
        children = list(cursor.get_children())
        if len(children) != 1 or span(children[0]) != span(cursor):
            break
        cursor = children[0]
    return cursor


def span(cursor):
    return cursor.extent.start.offset, cursor.extent.end.offset


def matching(code, begin):
    """Where the parenthesis at `begin` is closed."""
    depth = 0
    for at in range(begin, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return at
    raise ValueError("a parenthesis is not closed")


class Finder:
    def __init__(self, file, text):
        self.file = file
        self.text = text
        self.code = blanked(text)
        self.points = []
        self.swapped = set()  # comparisons whose exchange is the same change as one that is there

    def add(self, function, operator, extent, before=(), behind=(), replaced=()):
        begin, end = extent
        text = " ".join(self.text[begin:end].split())
        line = self.text.count("\n", 0, begin) + 1
        self.points.append(Point(self.file, function, operator, text, line, list(before), list(behind), list(replaced)))

    # Declarations.

    def outer(self, cursor, function):
        if cursor.kind in FUNCTIONS:
            self.function(cursor)
        elif cursor.kind == Kind.LAMBDA_EXPR:
            self.body_of_lambda(cursor, function)
        elif cursor.kind != Kind.STATIC_ASSERT:
            name = cursor.spelling if cursor.kind == Kind.VAR_DECL else function
            for child in cursor.get_children():
                self.outer(child, name)

    def function(self, cursor):
        body = [child for child in cursor.get_children() if child.kind == Kind.COMPOUND_STMT]
        if not body:
            return
        if re.search(r"\b(constexpr|consteval)\b", self.code[span(cursor)[0] : span(body[-1])[0]]):
            return
        parent = cursor.semantic_parent
        within = parent.spelling + "::" if parent is not None and parent.kind in (Kind.CLASS_DECL, Kind.STRUCT_DECL) else ""
        self.body(body[-1], within + cursor.spelling, cursor.result_type.get_canonical().kind == TypeKind.BOOL)

    def body_of_lambda(self, cursor, function):
        for child in cursor.get_children():
            if child.kind == Kind.COMPOUND_STMT:
                self.body(child, function, None)

    # Statements and expressions. `truth` is whether the function returns a bool; None where that is deduced.

    def body(self, cursor, function, truth):
        for child in cursor.get_children():
            self.statement(child, function)
            self.inner(child, function, truth)

    def inner(self, cursor, function, truth):
        kind = cursor.kind
        if kind in (Kind.STATIC_ASSERT, Kind.PARM_DECL):
            return
        if kind in SCOPES:
            self.outer(cursor, function)
            return
        if kind == Kind.LAMBDA_EXPR:
            for child in cursor.get_children():
                if child.kind == Kind.COMPOUND_STMT:
                    self.body(child, function, None)
                else:
                    self.inner(child, function, truth)
            return
        begin, end = span(cursor)
        if kind == Kind.VAR_DECL and re.search(r"\b(constexpr|constinit)\b", self.code[begin : cursor.location.offset]):
            for child in cursor.get_children():
                self.outer(child, function)
            return
        children = list(cursor.get_children())
        if kind == Kind.COMPOUND_STMT:
            self.body(cursor, function, truth)
            return
        if kind == Kind.IF_STMT:
            if not self.branch(cursor, children, function):
                return
        elif kind in (Kind.WHILE_STMT, Kind.FOR_STMT, Kind.DO_STMT):
            self.loop(cursor, children, function)
        elif kind == Kind.CXX_FOR_RANGE_STMT or kind == Kind.DEFAULT_STMT:
            self.statement(children[-1], function)
        elif kind == Kind.CASE_STMT:
            children = children[1:]
            self.statement(children[-1], function)
        elif kind == Kind.CONDITIONAL_OPERATOR:
            self.condition(children[0], function, "?:")
        elif kind == Kind.RETURN_STMT and children:
            self.returned(children[0], function, truth)
        else:
            self.operation(cursor, children, function)
        for child in children:
            self.inner(child, function, truth)

    def branch(self, cursor, children, function):
        begin = self.code.index("(", span(cursor)[0])
        if "constexpr" in self.code[span(cursor)[0] : begin]:
            for child in children[1:]:
                self.inner(child, function, None)
            return False
        end = matching(self.code, begin)
        conditions = [child for child in children if begin < span(child)[0] < end]
        for child in children:
            if span(child)[0] > end:
                self.statement(child, function)
        if children[0].kind == Kind.VAR_DECL:
            if ";" not in self.code[begin:end]:
                extent = span(children[0])
                value = f"; !mutation::mutant(@) && ({children[0].spelling})"
                self.add(function, "if: never", extent, behind=[(extent[1], value)])
        else:
            self.condition(conditions[-1], function, "if")
        return True

    def loop(self, cursor, children, function):
        begin, end = span(cursor)
        if cursor.kind == Kind.DO_STMT:
            self.statement(children[0], function)
            self.never(children[-1], function, "do")
            return
        self.statement(children[-1], function)
        begin = self.code.index("(", begin)
        if cursor.kind == Kind.WHILE_STMT:
            if children[0].kind != Kind.VAR_DECL:
                self.never(children[0], function, "while")
            return
        end = matching(self.code, begin)
        marks = [at for at in range(begin, end) if self.code[at] == ";" and self.code.count("(", begin, at) - self.code.count(")", begin, at) == 1]
        for child in children[:-1]:
            if len(marks) == 2 and marks[0] < span(child)[0] < marks[1]:
                self.never(child, function, "for")

    def never(self, cursor, function, operator):
        begin, end = span(cursor)
        self.add(function, f"{operator}: never", (begin, end), [(begin, "(!mutation::mutant(@) && (")], [(end, "))")])

    def condition(self, cursor, function, operator):
        begin, end = span(cursor)
        self.add(function, f"{operator}: always", (begin, end), [(begin, "(mutation::mutant(@) || (")], [(end, "))")])
        self.never(cursor, function, operator)

    def returned(self, cursor, function, truth):
        if truth is None:
            truth = stripped(cursor).type.get_canonical().kind == TypeKind.BOOL
        if not truth:
            return
        begin, end = span(cursor)
        self.swapped.add((begin, end))
        self.add(function, "return: negated", (begin, end), [(begin, "(mutation::mutant(@) != static_cast<bool>(")], [(end, "))")])

    def statement(self, cursor, function):
        """Leaves out a call whose value nobody takes, where all that it does is to check, to tell or to keep something."""
        call = stripped(cursor)
        if call.kind != Kind.CALL_EXPR:
            return
        if call.type.get_canonical().kind != TypeKind.VOID and call.spelling not in KEEPERS:
            return
        begin, end = span(cursor)
        self.add(function, "left out", (begin, end), [(begin, "(mutation::mutant(@) ? void() : static_cast<void>(")], [(end, "))")])

    def operation(self, cursor, children, function):
        if cursor.kind not in (Kind.BINARY_OPERATOR, Kind.CALL_EXPR, Kind.UNEXPOSED_EXPR) or len(children) < 2:
            return
        ordered = sorted(children, key=span)
        left, right = span(ordered[0]), span(ordered[-1])
        sign = self.code[left[1] : right[0]].strip()  # empty where a macro wrote it: all of that has one place
        begin, end = span(cursor)
        if left[0] != begin or right[1] != end:
            return
        if sign in ("&&", "||"):
            test = "(mutation::mutant(@) || (" if sign == "&&" else "(!mutation::mutant(@) && ("
            for operand in (ordered[0], ordered[-1]):
                if not self.continues(operand, sign):
                    self.add(function, f"{sign}: left out", span(operand), [(span(operand)[0], test)], [(span(operand)[1], "))")])
        elif sign in ("==", "!="):
            if (begin, end) not in self.swapped:
                self.add(function, f"{sign}: negated", (begin, end), [(begin, "(mutation::mutant(@) != static_cast<bool>(")], [(end, "))")])
        elif sign in COMPARISONS and "<=>" not in self.code[begin:end]:
            bound = (left[1], right[0], "), (")
            call = f"mutation::{COMPARISONS[sign]}(@, ("
            self.add(function, f"{sign}: bound", (begin, end), [(begin, call)], [(end, "))")], [bound])

    def continues(self, operand, sign):
        """Whether the operand is a chain of the same operator, whose own operands are left out one by one."""
        operand = stripped(operand)
        inner = sorted(operand.get_children(), key=span)
        return (
            operand.kind == Kind.BINARY_OPERATOR and len(inner) == 2 and self.code[span(inner[0])[1] : span(inner[1])[0]].strip() == sign
        )


def keyed(points):
    """Gives each point a name that edits elsewhere in the file do not change."""
    seen = {}
    for point in points:
        what = "\n".join((point.file, point.function, point.operator, point.text))
        seen[what] = seen.get(what, 0) + 1
        point.key = hashlib.sha256(f"{what}\n{seen[what]}".encode()).hexdigest()[:10]
    return points


def arguments_of(entry, copy, root):
    """The options of a command of compile_commands.json, for the same source in the checkout."""
    words = entry["command"].split()
    first = next(at for at, word in enumerate(words) if word.startswith("-"))
    out = []
    skip = False
    for word in words[first:]:
        if skip or word in ("-c", entry["file"]):
            skip = False
        elif word in ("-o", "-MF", "-MT", "-include-pch"):
            skip = True
        else:
            out.append(word.replace('\\"', '"').replace(str(copy), str(root)))
    return out


def points_of(job):
    """All points of one source. A job is (path below the root, root, options, folder of what is known)."""
    file, root, options, known = job
    path = pathlib.Path(root) / file
    text = path.read_bytes().decode("latin-1")  # offsets are bytes
    same = hashlib.sha256(f"{file}\n{pathlib.Path(__file__).read_text()}\n{text}".encode()).hexdigest()
    memory = pathlib.Path(known) / same
    if memory.exists():
        return [Point(**point) for point in json.loads(memory.read_text())]
    found = parsed(path, file, text, options)
    memory.write_text(json.dumps([dataclasses.asdict(point) for point in found]))
    return found


def parsed(path, file, text, options):
    unit = Index.create().parse(str(path), args=[*options, "-w"])
    errors = [str(problem) for problem in unit.diagnostics if problem.severity >= 3]
    if errors:
        raise SystemExit("\n".join(errors))
    finder = Finder(file, text)
    for child in unit.cursor.get_children():
        if conf.lib.clang_Location_isFromMainFile(child.location):
            finder.outer(child, "")
    return keyed(finder.points)


def jobs_of(build, copy, root, areas, known):
    """One job for each source of the areas."""
    out = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["file"]).relative_to(copy) if entry["file"].startswith(f"{copy}/") else None
        if file is not None and str(file.parent) in areas:
            out.append((str(file), str(root), arguments_of(entry, copy, root), str(known)))
    return sorted(out)
