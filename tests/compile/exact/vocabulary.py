"""What the wide programs (wide.py) are made of: templates of expressions over all of Python's own types.

`$X` in a template stands for an expression of kind X. What a template gives is not written down but found out, by evaluating
it on sample values: so the tables are lists of names, and a new method is one word more.

Kinds: I int, J a large one, s small int, F float, C complex, B bool, T text, c one character, Y bytes, A bytearray, L list of ints, X list of
texts, M list of anything, U tuple, D dict, K what may be its key, S set, Z frozenset, R range, V array.array, W memoryview,
O an instance of the program's own class, N None, G an iterator.
"""

from __future__ import annotations

import array
import random
import re
import warnings

SAMPLES = {
    "I": "(7)", "J": "2**70", "s": "2", "F": "2.5", "C": "(1+2j)", "B": "True", "T": "'abc ab'", "c": "'b'", "Y": "b'abc'", "A": "bytearray(b'abc')",
    "L": "[3, 1, 2]", "X": "['a', 'bc']", "M": "[1, 'a', None]", "U": "(1, 'a')", "D": "{'a': 1, 2: 3}", "K": "'a'", "S": "{1, 2}",
    "Z": "frozenset({1, 3})", "R": "range(1, 9, 2)", "V": "array('q', [1, 2])", "W": "memoryview(b'abcd')", "N": "None",
    "G": "iter([1, 2])",
}  # fmt: skip

METHODS = {
    "T": "capitalize() casefold() center($s+4) center(9,$c) count($T) count($c,$s) encode() encode('utf-16') endswith($T)"
    " endswith(($c,'b')) expandtabs() expandtabs($s) find($T) find($c,$s,$I) index($c) isalnum() isalpha() isascii() isdecimal()"
    " isdigit() isidentifier() islower() isnumeric() isprintable() isspace() istitle() isupper() join($X) ljust(9) ljust($s+6,'.')"
    " lower() lstrip() lstrip($T) partition($c) partition('b') removeprefix($T) removesuffix($c) replace($c,$T) replace($T,$c,$s)"
    " rfind($T) rindex($c) rjust(8) rpartition($c) rsplit() rsplit($c,1) rstrip() rstrip($c) split() split($c) split(None,1)"
    " splitlines() splitlines(True) startswith($T) startswith(('a',$c)) strip() strip($c) swapcase() title() translate({97:'q',98:None})"
    " upper() zfill($s+5) format($I,$T) format_map({'a':1})",
    "c": "lower() upper() isalpha() isdigit() isalnum() isspace() isupper() islower() isdecimal() isnumeric() join($X) encode()",
    "Y": "capitalize() center(9) count($Y) count(97) decode() decode('latin-1') endswith($Y) expandtabs() find($Y) find(98) hex()"
    " hex('-') index(b'b') isalnum() isalpha() isascii() isdigit() islower() isspace() istitle() isupper() join([$Y,$Y]) ljust(7)"
    " lower() lstrip() partition(b'b') removeprefix(b'a') removesuffix(b'c') replace($Y,b'x') rfind($Y) rindex(b'b') rjust(7,b'.')"
    " rpartition(b'b') rsplit(b'b') rstrip() split(b'b') splitlines() startswith($Y) strip(b'a') swapcase() title()"
    " translate(None,b'a') upper() zfill(6)",
    "A": "append(97) capitalize() center(9) clear() copy() count($Y) decode() endswith($Y) expandtabs() extend($Y) find($Y) hex()"
    " index(b'b') insert($s,98) isalnum() isalpha() isascii() isdigit() islower() isspace() istitle() isupper() join([$Y])"
    " ljust(7) lower() lstrip() partition(b'b') pop() pop(0) remove(97) removeprefix(b'a') removesuffix(b'c') replace($Y,b'x')"
    " reverse() rfind($Y) rindex(b'b') rjust(7) rpartition(b'b') rsplit(b'b') rstrip() split(b'b') splitlines() startswith($Y)"
    " strip() swapcase() title() translate(None,b'a') upper() zfill(6)",
    "L": "append($I) append($F) clear() copy() count($I) extend($L) extend($R) index($I) index(1,$s-2) insert($s,$I) pop() pop(0) pop(-1)"
    " remove($I) remove(1) reverse() sort() sort(reverse=$B) sort(key=lambda q:-q)",
    "X": "append($T) clear() copy() count($T) extend($X) index($T) insert($s,$T) pop() remove($T) reverse() sort() sort(key=len)",
    "M": "append($E) copy() count($E) extend($U) index($E) insert($s,$E) pop() pop($s) remove($E) reverse() sort(key=str)",
    "U": "count($E) index(1) count(1) index($E)",
    "D": "clear() copy() get($K) get($K,$I) items() keys() values() pop($K,None) pop($K) popitem() setdefault($K,$I) setdefault($K,[])"
    " update($D) update(a=$I) fromkeys($X,$s)",
    "S": "add($K) clear() copy() difference($S) difference_update($S) discard($K) intersection($S) intersection_update($L)"
    " isdisjoint($S) issubset($S) issuperset($Z) pop() remove($K) remove(1) symmetric_difference($L) symmetric_difference_update($S)"
    " union($L) update($L)",
    "Z": "copy() difference($S) intersection($Z) isdisjoint($L) issubset($S) issuperset($S) symmetric_difference($S) union($L)",
    "R": "count($I) index(3) index($I)",
    "V": "append($s) buffer_info()[1] byteswap() count($s) extend($V) fromlist([$s]) index(1) insert($s,$s) pop() remove(1) reverse()"
    " tobytes() tolist() frombytes(b'12345678')",
    "W": "tobytes() tolist() hex() cast('B') toreadonly()",
    "I": "bit_length() bit_count() conjugate() to_bytes(9,'big',signed=True) as_integer_ratio() __add__($I) __index__()",
    "J": "bit_length() bit_count() conjugate() to_bytes(40,'big',signed=True) as_integer_ratio() is_integer()",
    "B": "bit_length() bit_count() conjugate() as_integer_ratio() to_bytes(1,'big') from_bytes(b'1','big') __and__($B)",
    "F": "as_integer_ratio() conjugate() hex() is_integer() fromhex('0x1.8p1') __mul__($F)",
    "C": "conjugate() __abs__()",
    "G": "__next__()",
}  # fmt: skip
ATTRIBUTES = {
    "I": "real imag numerator denominator", "F": "real imag", "C": "real imag", "B": "real", "R": "start stop step",
    "W": "nbytes itemsize format readonly ndim shape", "V": "typecode itemsize",
}  # fmt: skip
BUILTINS = (
    "abs($I) abs($F) abs($C) abs($B) all($M) any($M) all($U) any($L) ascii($T) bin($I) bool($E) bool($L) bytearray($Y) bytearray(3)"
    " bytes($A) bytes([1,2]) bytes(2) callable($E) chr($I%900) complex($F,$I) complex($I) dict($D) dict(a=$I) dict([('a',$I)])"
    " divmod($I,3) divmod($F,$I) divmod($I,-7) enumerate($L) filter(None,$M) float($I) float($B) float('2.5') float($T) format($I,'5')"
    " format($F,'.3f') format($T,'>7') format($I,'#x') format($F,'+.2e') format($I,'_d') frozenset($L) getattr($E,'real',None) hash($I)"
    " hasattr($E,'sort') hash($K) hex($I) int($F) int($T) int('-12') int('f',16) int($B) isinstance($E,int)"
    " isinstance($E,(str,list)) issubclass(type($E),int) iter($L) iter($D) iter($T) len($T) len($L) len($U) len($D) len($S)"
    " len($Y) len($R) len($A) len($V) list($T) list($R) list($D) list($S) list($U) list(zip($L,$X)) list(enumerate($X,$I))"
    " list(map(str,$L)) list(map(lambda q,r:(q,r),$L,$T)) list(reversed($L)) max($I,$F) max($L) max($L,default=None) max($X,key=len)"
    " max($I,$I,$I) memoryview($Y) min($I,$F) min($L) min([],default=$I) min($X) min($U,key=str) next(iter($L)) next(iter($L),None)"
    " next($G,None) object.__eq__($I,$I) oct($I) ord($c) pow($s,3) pow($I,$s,7) pow($F,2) pow($I,-1,10**9+7) range($s) range($s,9)"
    " range(9,$s,-2) repr($K) repr($F) repr($L) repr($D) reversed($X) round($F) round($F,$s) round($I,-1) set($L) set($T) set($D)"
    " slice($s,$I) sorted($L) sorted($L,reverse=$B) sorted($X,key=len) sorted($S,key=str) sorted($D,key=repr) str($I) str($F) str($K)"
    " str($Y,'ascii') str($L) sum($L) sum($L,$F) sum($R) sum(($F,$F,$I)) tuple($L) tuple($T) (type($E)is(int)) type($I)($F) zip($L,$R)"
    " sum([$C,$F]) any(q==$I for(q)in($L)) all((q!=1)for(q)in($L)) sum((q*2)for(q)in($R)) max((q%5)for(q)in($L)) min((q%5)for(q)in($R))"
    " sorted(-q for(q)in($L)) list(q for(q)in($T)) tuple((q+1)for(q)in($L)) set(q for(q)in($T)) ','.join(str(q)for(q)in($L)) len({q:(1)for(q)in($T)})"
    " array('d',[$F,$I]) array('q',[$I]) bytes.fromhex('6162') str.join(',',$X) int.from_bytes($Y,'big') dict.fromkeys($T,$I)"
    " str.maketrans('a','b') math.gcd($I,$I) math.isqrt($s+3) math.prod([$s,$s]) math.comb($s+5,2) math.hypot($F,$I) math.fsum([$F,$F])"
    " math.floor($F) math.ceil($F) math.trunc($F) math.isclose($F,$F) math.copysign($F,$I) math.ldexp($F,$s) math.frexp($F)"
    " math.modf($F) math.sqrt($I*$I) math.exp($F/9) math.log($I*$I+1) math.atan2($F,$F) math.isnan($F) math.isinf($F) math.isfinite($F)"
    " math.factorial($s+3) math.perm($s+3) math.lcm($s,6) math.remainder($F,3.0) math.fmod($F,2.0) cmath.sqrt($C) cmath.exp($C)"
    " math.acos($F/99) math.asin($F/99) math.atan($F) math.sinh($s) math.cosh($s) math.tanh($F) math.asinh($F) math.acosh($I*$I+1)"
    " math.atanh($F/99) math.expm1($s) math.log1p($I*$I) math.log2($I*$I+1) math.log10($I*$I+1) math.fabs($F) math.degrees($F)"
    " math.radians($I) math.pow($F,$s) math.dist($U[:0],()) math.dist((1,$F),($I,2)) math.gamma($s+4) math.lgamma($s+4) math.erf($F)"
    " math.erfc($F) math.cbrt($F) math.exp2($s) math.ulp($F) math.nextafter($F,$F) math.sin($F) math.cos($I) math.tan($F) math.sqrt($F*$F)"
    " cmath.log($C+1) cmath.sin($C) cmath.cos($C) cmath.tan($C) cmath.sinh($C) cmath.cosh($C) cmath.tanh($C) cmath.asin($C) cmath.acos($C)"
    " cmath.atan($C/9) cmath.log10($C+1) cmath.isinf($C) cmath.isfinite($C) cmath.isclose($C,$C) $T[$B] $Y[$B] $A[$B] $L[$B] $U[$B]"
    " $R[$B] $V[$B] $W[$B] $D[$B] $D[$N] (1 if $V else 2) (1 if $W else 2) (1 if $R else 2) (1 if $J else 2) (1 if $Y else 2)"
    " (1 if $A else 2) (1 if $Z else 2) (1 if $C else 2) (1 if $S else 2) (not($V)) (not($W)) (not($Y)) (not($A)) (not($Z)) (not($J))"
    " (not($C)) (not($R)) (not($D)) (not($U)) (not($S)) (not($F)) (+$F) (+$C) (+$J) (~$J) (-$J) (~$I) [(q)for(q)in($W)]"
    " [(q)for(q)in($A)] [(q)for(q)in($Y)] [(q)for(q)in($V)] [(q)for(q)in($Z)] object().__class__==object slice(1,$I)==slice(1,2) f'{$I:{$s+4}d}'"
    " bytearray.fromhex('6162') bytes.maketrans(b'a',b'b') float.fromhex('0x1p3') int.from_bytes(b'12','little') dict.fromkeys('ab',$I)"
    " cmath.phase($C) cmath.polar($C) cmath.rect($F,1.0) cmath.isnan($C)"
)  # fmt: skip
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^", "@"]
COMPARISONS = ["==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"]
PAIR_KINDS = "IJFCBTYALXMUDSZRVWNcs"
SLICES = ["1:", ":-1", "$s:$s", "::2", "::-1", "$s:", ":$s", ":", "-3:-1", "$s:$s:$s", "::$s", "9:0:-2", "-2:", "$I:", ":$I"]
SHAPES = {  # of no type of their own
    "T": ["f'{$I}'", "f'{$E!r}'", "f'{$T!s:>8}'", "f'{$K!a}'", "f'{$F:.2f}|{$I:5d}'", "f'{$I:{$s+4}d}'", "f'{$I:05d}{$I:x}'", "f'{$I:+,}'",
          "f'{$c}{$T}{{}}'", "f'{$I=}'", "f'{$B}{$N}'", "f'{$I:#b}'", "f'{$I:08b}'", "f'{$I:03d}'", "f'{-5:04d}{$I:3}'", "('%s-%d' % ($T, $I))",
          "('%r %5.1f' % ($K, $F))", "('%(a)s' % {'a': $E})", "$T[$s]", "$T[-1]", "($T if $B else $c)", "($T or $c)", "('q' 'r')",
          "'{:>5}{!r}'.format($I, $T)", "(lambda q, r='z': q + r)($T)", "''.join([$T, $c])"],
    "I": ["$L[$s]", "$L[-1]", "$L[$I]", "$Y[0]", "$A[-1]", "$R[$s]", "$D[$K]", "$V[0]", "$W[1]", "$U[0]", "$U[$s]", "(-$I)", "(~$I)", "(+$I)", "(-$B)",
          "($I if $B else $I)", "($I and $I)", "($I or $s)", "(lambda q: q * 2 + $s)($I)", "(lambda *q, **r: len(q) + len(r))($I, *$L, a=$I, **{'b': 1})",
          "sum([q * q for q in $L if q > 1 if q < 9])", "len([q for q in $R for r in $L if q != r])", "(lambda q, /, r=2, *, t=3: q + r * t)($I, t=$s)",
          "({'a': $I, 'b': 2}['b'])", "[$I, $I, $I][$s]", "(1, $I, 3)[$s]", "[[1, 2], [$I]][$s][0]", "(lambda: $I)()", "max(*$L, $I)", "len($G.__class__.__name__)"],
    "L": ["[q + 1 for q in $L]", "[q for q in $R if q % 2]", "[*$L, $I, *$R]", "[$I, $I]", "[q * r for q in $L for r in $R if q if r]", "([$I] * $s)",
          "[len(q) for q in $X]", "[q for q, r in enumerate($X)]", "[q + r for q, r in zip($L, $L)]", "[q for q in sorted($S, key=str) if isinstance(q, int)]",
          "[ord(q) for q in $T]", "[-q for q in $L[::-1]]", "[q for q in reversed($L)]", "[[r for r in $R if r > q] for q in $L][0]", "[q for q in {1: 2, 3: 4}.values()]"],
    "X": ["[$T, $c]", "[q for q in $T]", "[q.upper() for q in $X]", "[str(q) for q in $L]", "[*$X, $T]", "[q + r for q in $X for r in $T[:2]]", "[f'{q}!' for q in $L]"],
    "M": ["[$E, $E]", "[*$U, $E]", "[*$T]", "[$E for q in range($s)]", "[q or $E for q in $M]", "[(q, r) for q, r in $D.items()]", "[q if q else None for q in $L]"],
    "U": ["($E, $E)", "($I,)", "(*$L, $E)", "()", "(1, $T)", "tuple([q for q in $L])", "($I, ($T, $E))", "($U, $I)[0]", "$U[1:]"],
    "D": ["{$K: $I, $K: $I}", "{}", "{q: len(q) for q in $X}", "{**$D, $K: $I}", "{q: r for q, r in zip($X, $L)}", "{**$D, **$D}", "{'a': $I, 'b': $E, 'a': $I}",
          "{q: q * q for q in $L if q}", "{q: r for r, q in enumerate($T)}", "{1: 2, 3: $I}"],
    "S": ["{$K, $K}", "{q % 5 for q in $L}", "{*$L, $I}", "set()", "{1, $I, True}", "{q for q in $T if q != 'a'}", "{1, 2, 3}", "{1.0, $I}"],
    "B": ["(not $E)", "(not $I)", "($I < $I < $I)", "($B and $B)", "($B or $B)", "($K in $D)", "($c in $T)", "($c in 'abcXYZ09')", "($c not in ('a', 'b'))", "($I in (1, 2, 7))",
          "($I not in [3, $I])", "($E is None)", "($E is not None)", "($I == $F)", "($T == $T)", "($T < $T)", "($L == $L)", "($c == 'a')", "($I in $S)", "($E == $E)",
          "(1 <= $F < $I != 3)", "($E in $M)", "($I in $R)", "($Y in $Y)", "isinstance($E, bool)", "($E is $E)", "($F != $F)", "($C == $C)", "($B == $I)", "($c <= $T)"],
    "F": ["(-$F)", "(+$F)", "($F if $B else $I)", "[$F, $I][$s]", "($I / ($I or 1))", "($F * $I)", "float(str($F))", "($F or $I)", "(lambda q: q / 3)($F)", "{'a': $F}['a']"],
    "C": ["(-$C)", "($C * $F)", "($F + 2j)", "[$C, 1j][0]", "($C or 1j)", "complex($F, $F)", "($C / (1+1j))", "($C ** 2)"],
    "N": ["None", "[].append($I)", "$D.get('zz')"],
    "c": ["$T[$s]", "$T[0]", "chr(97 + $I % 26)", "'[A'[$s % 2].lower()", "$c.upper()", "$X[0][0]", "($c or 'q')"],
    "Y": ["bytes([97, $s % 9])", "$Y[1:]", "($Y + b'z')", "($Y or b'q')", "b'%d-%s' % ($I, $Y)"],
    "K": ["$c", "$s", "($s, $c)", "($I, $I)", "$T[:2]", "None", "$B", "-1", "-2", "1.0", "2**70", "(1, (2, $s))", "frozenset({1})", "b'a'", "$I"],
    "s": ["len($T[:3])", "($I % 4)", "($B + 1)", "(len($L) % 3)", "($s - 1)"],
    "R": ["range($s, $s + 5)", "$R[1:]", "range(8, $s, -3)", "range(len($L))"],
    "A": ["bytearray($Y)", "($A + $Y)", "$A[1:]"], "V": ["array('q', [1, $s, 3])", "array('h', [1, $s % 9])", "array('B', [200, 3])", "array('L', [2**63, 1])", "$V[1:]", "($V + $V)"],
    "W": ["memoryview($Y)", "$W[1:]"], "Z": ["frozenset($T)", "($Z | $S)"], "G": ["iter($L)", "iter($T)", "(q for q in $L)", "enumerate($X)", "zip($L, $T)", "map(abs, $L)", "reversed($L)"],
}  # fmt: skip
OWN = {  # rules with an instance of the program's class
    "I": ["$O.x", "len($O)", "$O[$I]", "$O.twice($I)", "$O.twice(k=$s)", "($O + $I)", "$O($I)", "$O.half", "getattr($O, 'x')", "($O.x if $O else 0)", "[*$O][0]", "sum($O)"],
    "B": ["($O == $O)", "($O < $O)", "($I in $O)", "bool($O)", "isinstance($O, Thing)", "($O is $O)", "hasattr($O, 'y')"],
    "L": ["list($O)", "[q for q in $O]"], "T": ["repr($O)", "f'{$O:>9}'", "str($O)"], "O": ["Thing($I)", "($O - $I)", "$O.me()"], "U": ["($O @ $I)"],
}  # fmt: skip
TOKEN = re.compile(r"\$([A-Za-z])")
KIND_OF = {int: "I", float: "F", complex: "C", bool: "B", str: "T", bytes: "Y", bytearray: "A", list: "M", tuple: "U", dict: "D",
           set: "S", frozenset: "Z", range: "R", array.array: "V", memoryview: "W", type(None): "N"}  # fmt: skip


def kind_of_result(template: str) -> str | None:
    """What the template gives on the sample values; None where that is an error."""
    import cmath
    import math

    names = {"array": array.array, "math": math, "cmath": cmath}
    text = TOKEN.sub(lambda found: SAMPLES.get(found[1], SAMPLES["I"]), template)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = eval(text, names)
    except (ValueError, LookupError):  # with other values it works
        return "F" if "float" in template else "I" if "index" in template or "int" in template else "N"
    except Exception:  # noqa: BLE001 - whatever it is, the template is of no use
        return None
    if type(value) is list and value and all(type(item) is int for item in value):
        return "L"
    if type(value) is list and value and all(type(item) is str for item in value):
        return "X"
    if hasattr(value, "__next__"):
        return "G"
    return KIND_OF.get(type(value), "E")


def operand_pairs():
    """`a op b` for all kinds where CPython has an answer."""
    for op in OPERATORS + COMPARISONS:
        for a in PAIR_KINDS:
            for b in PAIR_KINDS:
                right = "s" if b == "I" and (op in ("**", "<<") or op == "*" and a not in "IJFCBs") else b
                left = "s" if a == "I" and op == "*" and b not in "IJFCBs" else a
                if b == "J" and op in ("**", "<<", ">>") or op == "*" and "J" in (a, b) and not {a, b} <= set("IJFCBs"):
                    continue  # of a size that no machine has, or an error
                if op in ("==", "!=") and a != b and (ord(a) + ord(b)) % 4:
                    continue  # most are just different
                if op in ("is", "is not") and "N" not in (a, b) and (a, b) != ("B", "B"):
                    continue  # the identity of numbers: such a function is refused
                yield f"(${left} {op} ${right})"


def build() -> dict[str, dict[str, list[str]]]:
    """{group: {kind: [template, ...]}}; kind E: anything else than the kinds. A group is a sort of template."""
    groups: dict[str, dict[str, list[str]]] = {}

    def add(group: str, template: str, kind: str | None = None) -> None:
        kind = kind or kind_of_result(template)
        if kind:
            groups.setdefault(group, {}).setdefault(kind, []).append(template)

    for receiver, names in METHODS.items():
        for name in split(names):
            add("method", f"${receiver}.{name}")
    for receiver, names in ATTRIBUTES.items():
        for name in names.split():
            add("attribute", f"${receiver}.{name}")
    for call in split(BUILTINS):
        add("builtin", call)
    for template in operand_pairs():
        add("comparison" if any(f" {c} " in template for c in COMPARISONS) else "operator", template)
    for op in "+-~":
        for kind in "IJBFC":
            add("operator", f"({op}${kind})")
    for receiver in "TYALXMURVW":
        for part in SLICES:
            add("slice", f"${receiver}[{part}]", receiver)
    for kind, templates in SHAPES.items():
        for template in templates:
            add("shape", template, kind)
    for kind, templates in OWN.items():
        for template in templates:
            add("own", template, kind)
    return groups


def split(text: str) -> list[str]:
    """The words of a table; blanks inside brackets or quotes belong to a word."""
    words, depth, quoted, word = [], 0, "", ""
    for char in text + " ":
        if char == " " and depth == 0 and not quoted:
            words += [word] if word else []
            word = ""
            continue
        word += char
        if quoted:
            quoted = "" if char == quoted else quoted
        elif char in "'\"":
            quoted = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
    return words


def augmented():
    """`w op= x` for the types that change in place."""
    for a in "ALXMDSVTIFU":
        for op in OPERATORS:
            for b in PAIR_KINDS:
                right = "s" if b == "I" and op in ("*", "**", "<<") else b
                if b != "J" and kind_of_result(f"(${a} {op} ${right})") or (a in "LM" and op == "+" and b in "TYAUDSRVWZ"):
                    yield f"w = ${a}\nw {op}= ${right}\nseen.append(w)"


GROUPS = build()
SURVEY = [f"seen.append({one})" for group in GROUPS.values() for templates in group.values() for one in templates]
SURVEY += list(augmented())
random.Random(1).shuffle(SURVEY)
