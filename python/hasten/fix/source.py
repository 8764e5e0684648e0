"""A source file of the program: its functions, and edits that leave every other byte as it is.

Positions come from LibCST; an edit replaces one span of text. Files are written back in their own
encoding, with their own newlines and byte order mark.
"""

import bisect
import difflib
import errno
import hashlib
import io
import os
import stat
import tempfile
import tokenize
from contextlib import contextmanager
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, ParentNodeProvider, PositionProvider


class SourceError(Exception):
    """The file cannot be edited; the message is one line for a person."""


@dataclass(frozen=True)
class Edit:
    """Replaces bytes [start, end) of the UTF-8 form of a file by `text`."""

    start: int
    end: int
    text: str


@dataclass
class Function:
    """One function definition: where it stands and what encloses it."""

    qualname: str
    ordinal: int            # among definitions with the same qualified name, in source order
    node: cst.FunctionDef
    first_line: int         # of its code object: the first decorator's line, or the def's
    def_line: int
    last_line: int
    is_generator: bool


@dataclass
class SourceFile:
    path: str
    raw: bytes
    text: str
    encoding: str
    bom: bytes
    newline: str
    wrapper: MetadataWrapper
    functions: list = field(default_factory=list)

    @classmethod
    def read(cls, path):
        with open(path, "rb") as file:
            return cls.from_bytes(path, file.read())

    @classmethod
    def from_bytes(cls, path, raw):
        """The source in a file's bytes; of a notebook (.ipynb), the program that its code cells are."""
        if cls is SourceFile and path.endswith(".ipynb"):
            from hasten.fix.cells import NotebookSource

            return NotebookSource.from_bytes(path, raw)
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
            bom = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
            text = raw[len(bom):].decode("utf-8" if encoding == "utf-8-sig" else encoding)
            wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        except (SyntaxError, UnicodeDecodeError, cst.ParserSyntaxError) as error:
            raise SourceError(f"{path}: cannot be parsed ({str(error).splitlines()[0]})") from None
        source = cls(path, raw, text, "utf-8" if encoding == "utf-8-sig" else encoding, bom,
                     wrapper.module.default_newline, wrapper)
        source._read_functions()
        return source

    @property
    def file_bytes(self):
        """What the file holds; raw, unless it is a notebook."""
        return self.raw

    def file_with(self, edits):
        """What the file holds with the edits made."""
        return self.apply(edits)

    def place(self, line):
        """A line as a person is told of it."""
        return f"{os.path.basename(self.path)}:{line}"

    @property
    def sha256(self):
        return hashlib.sha256(self.raw).hexdigest()

    def _read_functions(self):
        self._spans = self.wrapper.resolve(ByteSpanPositionProvider)
        self._positions = self.wrapper.resolve(PositionProvider)
        self.parents = self.wrapper.resolve(ParentNodeProvider)
        counts = {}

        def walk(node, prefix):
            for child in node.children:
                if isinstance(child, cst.FunctionDef):
                    qualname = prefix + child.name.value
                    ordinal = counts.get(qualname, 0)
                    counts[qualname] = ordinal + 1
                    def_line = self.line(child.name)
                    first = min([self.line(d) for d in child.decorators] + [def_line])
                    self.functions.append(Function(qualname, ordinal, child, first, def_line,
                                                   self._positions[child].end.line, _is_generator(child)))
                    walk(child, qualname + ".<locals>.")
                elif isinstance(child, cst.ClassDef):
                    walk(child, prefix + child.name.value + ".")
                else:
                    walk(child, prefix)
        walk(self.wrapper.module, "")

    def line(self, node):
        return self._positions[node].start.line

    def lines(self, node):
        position = self._positions[node]
        return position.start.line, position.end.line

    def span(self, node):
        span = self._spans[node]
        return span.start, span.start + span.length

    def code(self, node):
        return self.wrapper.module.code_for_node(node)

    def replace(self, node, text):
        start, end = self.span(node)
        return Edit(start, end, text)

    def line_start(self, line):
        """Byte offset of the beginning of a line (1-based)."""
        if not hasattr(self, "_line_starts"):
            starts = [0]
            for part in self.text.encode("utf-8", "surrogatepass").splitlines(keepends=True):
                # bytes.splitlines splits at \n, \r and \r\n only, as Python's tokenizer does
                starts.append(starts[-1] + len(part))
            self._line_starts = starts
        return self._line_starts[min(line - 1, len(self._line_starts) - 1)]

    def line_of_offset(self, offset):
        self.line_start(1)
        return bisect.bisect_right(self._line_starts, offset)

    def indent_of(self, statement):
        """The white space before a statement that begins a line."""
        raw = self.text.encode("utf-8", "surrogatepass")
        start = self.line_start(self.line(statement))
        end = start
        while end < len(raw) and raw[end:end + 1] in b" \t" and raw[end:end + 1]:
            end += 1
        return raw[start:end].decode()

    def insert_before(self, statement, lines):
        """New lines in front of a statement, with its indentation."""
        indent = self.indent_of(statement)
        start = self.line_start(self.line(statement))
        return Edit(start, start, "".join(indent + line + self.newline for line in lines))

    def insert_after(self, statement, lines):
        """New lines behind a statement, with its indentation."""
        indent = self.indent_of(statement)
        last = self._positions[statement].end
        # A compound statement's position ends at the beginning of the next line.
        line = last.line if last.column else last.line - 1
        start = self.line_start(line + 1)
        raw = self.text.encode("utf-8", "surrogatepass")
        lead = self.newline if start == len(raw) and not raw.endswith((b"\n", b"\r")) else ""
        return Edit(start, start, lead + "".join(indent + line + self.newline for line in lines))

    def apply(self, edits):
        """The file's bytes with the edits made. Raises SourceError if two of them overlap."""
        raw = applied(self.text.encode("utf-8", "surrogatepass"), edits,
                      lambda edit: f"{self.path}: two changes touch the same text (line {self.line_of_offset(edit.start)})")
        text = raw.decode("utf-8", "surrogatepass")
        try:
            return self.bom + text.encode(self.encoding)
        except UnicodeEncodeError:
            raise SourceError(f"{self.path}: the change cannot be written in {self.encoding}") from None


def applied(raw, edits, overlap_text):
    """Bytes with the edits made. Raises SourceError(overlap_text(edit)) if two of them overlap."""
    out = []
    at = 0
    seen = set()
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if (edit.start, edit.end, edit.text) in seen:
            continue  # two fixes that need the same import
        if edit.start < at:
            raise SourceError(overlap_text(edit))
        seen.add((edit.start, edit.end, edit.text))
        out += [raw[at:edit.start], edit.text.encode()]
        at = edit.end
    out.append(raw[at:])
    return b"".join(out)


def _is_generator(function):
    found = []

    class Visitor(cst.CSTVisitor):
        def visit_Yield(self, node):
            found.append(node)

        def visit_FunctionDef(self, node):
            return node is function

        def visit_Lambda(self, node):
            return False

    function.visit(Visitor())
    return bool(found)


def unified_diff(path, before, after, encoding="utf-8"):
    """A patch that `patch -p0` or `git apply -p0` takes."""
    lines = difflib.unified_diff(_lines(before, encoding), _lines(after, encoding), path, path)
    out = []
    for line in lines:
        out.append(line)
        if not line.endswith("\n"):
            out.append("\n\\ No newline at end of file\n")
    return "".join(out)


def _lines(raw, encoding):
    text = raw.decode(encoding, "surrogateescape")
    parts = text.split("\n")
    lines = [part + "\n" for part in parts[:-1]]
    return lines + ([parts[-1]] if parts[-1] else [])


@contextmanager
def replacements(changes):
    """New content for files: changes is [(path, bytes), ...]. Gives a function that puts all of it in place by renaming.

    Whatever can fail fails before that function is called: OSError with the file's path and a reason. Mode and, where
    allowed, owner stay; symbolic links are followed. A file that nobody may write (mode 0444) is not replaced, although
    its folder would allow it.
    """
    ready = []

    def put_in_place():
        while ready:
            os.replace(*ready[0])
            ready.pop(0)

    try:
        for path, raw in changes:
            ready.append((_beside(os.path.realpath(path), raw), os.path.realpath(path)))
        yield put_in_place
    finally:
        for temporary, _ in ready:
            os.unlink(temporary)


def _beside(path, raw):
    """A temporary file that can take the place of path."""
    status = os.stat(path)
    if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "it is write-protected", path)
    try:
        fd, temporary = tempfile.mkstemp(prefix=os.path.basename(path) + ".", dir=os.path.dirname(path))
    except OSError as error:
        raise OSError(error.errno, f"its folder takes no file: {error.strerror}", path) from None
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, stat.S_IMODE(status.st_mode))
        try:
            os.chown(temporary, status.st_uid, status.st_gid)
        except PermissionError:
            pass
    except BaseException:
        os.unlink(temporary)
        raise
    return temporary
