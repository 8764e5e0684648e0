"""The exceptions that Hasten raises. Each message is one line: what happened, why, and what to do."""


class HastenError(Exception):
    """Something outside Hasten's own code went wrong.

    Attributes:
        code: short and stable, e.g. "record.truncated".
        hint: what to do about it; may be empty.
    """

    def __init__(self, what: str, *, code: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.code = code
        self.hint = hint

    def __str__(self) -> str:
        what = super().__str__()
        return f"{what}. {self.hint}" if self.hint else what


class UnsupportedError(HastenError):
    """This machine, Python or program is outside what Hasten can do; the hint says what is inside."""


class FormatError(HastenError):
    """A file is not what it should be: not a capture, damaged, or written by a newer Hasten."""


class CompileError(HastenError):
    """A function cannot be compiled; `line` and `column` say where."""

    def __init__(self, what: str, *, code: str = "", hint: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(what, code=code, hint=hint)
        self.line = line
        self.column = column
