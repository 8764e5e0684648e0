"""Ordinary functions over text, dicts, sets, tuples, queues and big integers, as people write them.

CALLS gives for each the arguments of some calls; the first is the one that is timed.
"""

import heapq
from collections import defaultdict, deque

WORDS = "the quick brown fox jumps over the lazy dog and then the dog sleeps while a quick cat runs by".split()
TEXT = " ".join(WORDS[(i * 7 + i // 5) % len(WORDS)] for i in range(4000))
SOURCE = "x = (alpha + 12) * beta_3 - 4.5 / gamma ** 2 ; if x >= 10 : y = 'text' + x\n" * 60
CSV = "\n".join(f'{i},"name {i}, the {i % 7}th",{i * 0.25},{"yes" if i % 3 else ""}' for i in range(500))
JSON = '{"a": [1, 2.5, -3e2, true, false, null], "b": {"c": "text \\"quoted\\" \\u00e9", "d": []}, "e": "x"}'


def word_count(text):
    counts = {}
    for word in text.split():
        word = word.strip(".,;").lower()
        if word in counts:
            counts[word] += 1
        else:
            counts[word] = 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def letter_histogram(text):
    counts = defaultdict(int)
    for letter in text:
        if letter.isalpha():
            counts[letter] += 1
    return dict(counts)


def group_anagrams(words):
    groups = {}
    for word in words:
        groups.setdefault("".join(sorted(word)), []).append(word)
    return {key: group for key, group in groups.items() if len(group) > 1}


def tokenize(source):
    tokens = []
    at, size = 0, len(source)
    while at < size:
        letter = source[at]
        if letter in " \t\n":
            at += 1
            continue
        begin = at
        if letter.isalpha() or letter == "_":
            while at < size and (source[at].isalnum() or source[at] == "_"):
                at += 1
            tokens.append(("name", source[begin:at]))
        elif letter.isdigit():
            while at < size and (source[at].isdigit() or source[at] == "."):
                at += 1
            tokens.append(("number", source[begin:at]))
        elif letter == "'":
            at += 1
            while at < size and source[at] != "'":
                at += 1
            at += 1
            tokens.append(("text", source[begin:at]))
        else:
            two = source[at : at + 2]
            at += 2 if two in ("**", ">=", "<=", "==") else 1
            tokens.append(("operator", source[begin:at]))
    return tokens


def parse_json(text, at=0):
    while text[at] in " \n":
        at += 1
    letter = text[at]
    if letter == "{":
        result = {}
        at += 1
        while text[at] != "}":
            key, at = parse_json(text, at)
            value, at = parse_json(text, at + 1)
            result[key] = value
            while text[at] in ", ":
                at += 1
        return result, at + 1
    if letter == "[":
        items = []
        at += 1
        while text[at] != "]":
            item, at = parse_json(text, at)
            items.append(item)
            while text[at] in ", ":
                at += 1
        return items, at + 1
    if letter == '"':
        out = ""
        at += 1
        while text[at] != '"':
            if text[at] == "\\":
                at += 1
                if text[at] == "u":
                    out += chr(int(text[at + 1 : at + 5], 16))
                    at += 4
                else:
                    out += text[at]
            else:
                out += text[at]
            at += 1
        return out, at + 1
    for word, value in (("true", True), ("false", False), ("null", None)):
        if text.startswith(word, at):
            return value, at + len(word)
    begin = at
    while at < len(text) and text[at] in "+-.eE0123456789":
        at += 1
    number = text[begin:at]
    try:
        return int(number), at
    except ValueError:
        return float(number), at


def parse_json_often(text, turns):
    total = 0
    for _ in range(turns):
        value, end = parse_json(text)
        total += end + len(value)
    return total


def parse_csv(text):
    rows, row, field = [], [], ""
    quoted = False
    for letter in text + "\n":
        if quoted:
            if letter == '"':
                quoted = False
            else:
                field += letter
        elif letter == '"':
            quoted = True
        elif letter == ",":
            row.append(field)
            field = ""
        elif letter == "\n":
            row.append(field)
            rows.append(row)
            row, field = [], ""
        else:
            field += letter
    return rows


def csv_totals(text):
    total, missing = 0.0, 0
    for line in text.split("\n"):
        cells = line.split(",")
        try:
            total += float(cells[3])
        except (IndexError, ValueError):
            missing += 1
    return total, missing


def life_on_a_set(cells, turns):
    for _ in range(turns):
        counts = {}
        for x, y in cells:
            for dx in (-1, 0, 1):
                for dy in (-1, 0, 1):
                    if dx or dy:
                        place = (x + dx, y + dy)
                        counts[place] = counts.get(place, 0) + 1
        cells = {place for place, n in counts.items() if n == 3 or (n == 2 and place in cells)}
    return sorted(cells)


def union_find(count, pairs):
    parent = list(range(count))

    def find(x):
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    joined = 0
    for a, b in pairs:
        a, b = find(a), find(b)
        if a != b:
            parent[a] = b
            joined += 1
    return joined, len({find(x) for x in range(count)})


def dijkstra(graph, start):
    distances = {start: 0}
    heap = [(0, start)]
    done = set()
    while heap:
        distance, node = heapq.heappop(heap)
        if node in done:
            continue
        done.add(node)
        for other, weight in graph[node]:
            new = distance + weight
            if other not in distances or new < distances[other]:
                distances[other] = new
                heapq.heappush(heap, (new, other))
    return distances


def breadth_first(width, height, walls):
    queue = deque([(0, 0)])
    steps = {(0, 0): 0}
    while queue:
        x, y = queue.popleft()
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            place = (x + dx, y + dy)
            if 0 <= place[0] < width and 0 <= place[1] < height and place not in walls and place not in steps:
                steps[place] = steps[x, y] + 1
                queue.append(place)
    return max(steps.values()), len(steps)


def topological_order(edges):
    after, waits = {}, {}
    for a, b in edges:
        after.setdefault(a, []).append(b)
        waits[b] = waits.get(b, 0) + 1
        waits.setdefault(a, 0)
    ready = [node for node, n in waits.items() if n == 0]
    order = []
    while ready:
        node = ready.pop()
        order.append(node)
        for other in after.get(node, ()):
            waits[other] -= 1
            if waits[other] == 0:
                ready.append(other)
    if len(order) != len(waits):
        raise ValueError("a cycle")
    return order


def sudoku(grid):
    best = None
    for at in range(81):
        if grid[at]:
            continue
        row, column = divmod(at, 9)
        used = set()
        for k in range(9):
            used.add(grid[9 * row + k])
            used.add(grid[9 * k + column])
            used.add(grid[9 * (row // 3 * 3 + k // 3) + column // 3 * 3 + k % 3])
        free = [digit for digit in range(1, 10) if digit not in used]
        if best is None or len(free) < len(best[1]):
            best = at, free
    if best is None:
        return True
    at, free = best
    for digit in free:
        grid[at] = digit
        if sudoku(grid):
            return True
    grid[at] = 0
    return False


def solve_sudoku(text):
    grid = [int(letter) for letter in text]
    found = sudoku(grid)
    return found, "".join(map(str, grid))


def longest_common_subsequence(a, b):
    row = [0] * (len(b) + 1)
    for x in a:
        before = 0
        for j, y in enumerate(b, 1):
            here = row[j]
            row[j] = before + 1 if x == y else max(row[j], row[j - 1])
            before = here
    return row[-1]


def matrix_chain(sizes):
    n = len(sizes) - 1
    cost = {}
    for i in range(n):
        cost[i, i] = 0
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j] = min(cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j))
    return cost[0, n - 1]


def viterbi(observations, states, start, move, emit):
    best = {s: start[s] * emit[s][observations[0]] for s in states}
    paths = {s: [s] for s in states}
    for seen in observations[1:]:
        new_best, new_paths = {}, {}
        for s in states:
            chance, before = max((best[p] * move[p][s] * emit[s][seen], p) for p in states)
            new_best[s] = chance
            new_paths[s] = paths[before] + [s]
        best, paths = new_best, new_paths
    last = max(states, key=lambda s: best[s])
    return best[last], paths[last]


def sha1(data):
    h = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0]
    length = len(data) * 8
    data = data + b"\x80" + b"\x00" * ((55 - len(data)) % 64) + length.to_bytes(8, "big")
    for begin in range(0, len(data), 64):
        w = [0] * 80
        for i in range(16):
            at = begin + 4 * i
            w[i] = data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3]
        for i in range(16, 80):
            x = w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]
            w[i] = (x << 1 | x >> 31) & 0xFFFFFFFF
        a, b, c, d, e = h
        for i in range(80):
            if i < 20:
                f, k = b & c | ~b & d, 0x5A827999
            elif i < 40:
                f, k = b ^ c ^ d, 0x6ED9EBA1
            elif i < 60:
                f, k = b & c | b & d | c & d, 0x8F1BBCDC
            else:
                f, k = b ^ c ^ d, 0xCA62C1D6
            t = ((a << 5 | a >> 27) + f + e + k + w[i]) & 0xFFFFFFFF
            a, b, c, d, e = t, a, (b << 30 | b >> 2) & 0xFFFFFFFF, c, d
        h = [(x + y) & 0xFFFFFFFF for x, y in zip(h, (a, b, c, d, e))]
    return "".join(f"{x:08x}" for x in h)


def factorial(n):
    result = 1
    for k in range(2, n + 1):
        result *= k
    return result


def fibonacci_digits(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return sum(int(digit) for digit in str(a))


def power_mod(base, exponent, modulus):
    result = 1
    base %= modulus
    while exponent:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


def build_text(n):
    parts = []
    for i in range(n):
        parts.append(f"{i:04d}:{i * i}")
        if i % 10 == 9:
            parts.append("\n")
    return ";".join(parts)


def concatenate(n):
    out = ""
    for i in range(n):
        out += chr(97 + i % 26)
        if i % 7 == 0:
            out += str(i)
    return len(out), out[-20:]


def caesar(text, shift):
    out = []
    for letter in text:
        if "a" <= letter <= "z":
            out.append(chr((ord(letter) - 97 + shift) % 26 + 97))
        else:
            out.append(letter)
    return "".join(out)


def run_lengths(text):
    out = []
    last, count = None, 0
    for letter in text:
        if letter == last:
            count += 1
        else:
            if last is not None:
                out.append((last, count))
            last, count = letter, 1
    if last is not None:
        out.append((last, count))
    return out


def is_balanced(text):
    stack = []
    partners = {")": "(", "]": "[", "}": "{"}
    for letter in text:
        if letter in "([{":
            stack.append(letter)
        elif letter in partners and (not stack or stack.pop() != partners[letter]):
            return False
    return not stack


def palindromes(limit):
    return [n for n in range(limit) if str(n) == str(n)[::-1] and bin(n)[2:] == bin(n)[:1:-1]]


def prime_factors(n):
    factors = {}
    p = 2
    while p * p <= n:
        while n % p == 0:
            factors[p] = factors.get(p, 0) + 1
            n //= p
        p += 1
    if n > 1:
        factors[n] = factors.get(n, 0) + 1
    return factors


def common_divisors(limit):
    return {n: len(prime_factors(n)) for n in range(2, limit)}


def subset_sums(numbers, wanted):
    sums = {0}
    for number in numbers:
        sums |= {total + number for total in sums if total + number <= wanted}
    return wanted in sums, len(sums)


def least_recently_used(keys, size):
    cache, hits = {}, 0
    for key in keys:
        if key in cache:
            hits += 1
            value = cache.pop(key)
        else:
            value = key * 2
            if len(cache) >= size:
                del cache[next(iter(cache))]
        cache[key] = value
    return hits, list(cache)


def group_sums(rows):
    sums = {}
    for name, amount in rows:
        entry = sums.get(name)
        if entry is None:
            sums[name] = [1, amount]
        else:
            entry[0] += 1
            entry[1] += amount
    return {name: total / count for name, (count, total) in sums.items()}


def huffman(text):
    counts = {}
    for letter in text:
        counts[letter] = counts.get(letter, 0) + 1
    heap = [(count, letter, None) for letter, count in counts.items()]
    heapq.heapify(heap)
    while len(heap) > 1:
        a, b = heapq.heappop(heap), heapq.heappop(heap)
        heapq.heappush(heap, (a[0] + b[0], min(a[1], b[1]), (a, b)))
    codes, stack = {}, [(heap[0], "")]
    while stack:
        (_, letter, children), code = stack.pop()
        if children is None:
            codes[letter] = code or "0"
        else:
            stack.append((children[0], code + "0"))
            stack.append((children[1], code + "1"))
    return sum(len(codes[letter]) for letter in text)


def game(board, player, seen):
    """Tic-tac-toe on a tuple of 9: the value for `player`, 1, 0 or -1."""
    if board in seen:
        return seen[board]
    for a, b, c in ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)):
        if board[a] == board[b] == board[c] != 0:
            seen[board] = -1
            return -1
    best = -2
    for at in range(9):
        if board[at] == 0:
            best = max(best, -game(board[:at] + (player,) + board[at + 1 :], 3 - player, seen))
    if best == -2:
        best = 0
    seen[board] = best
    return best


def tic_tac_toe():
    seen = {}
    return game((0,) * 9, 1, seen), len(seen)


def roman(n):
    out = ""
    for value, letters in ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
                           (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while n >= value:
            out += letters
            n -= value
    return out


def roman_numerals(limit):
    return [roman(n) for n in range(limit)]


def base64_encode(data):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    out = []
    for at in range(0, len(data), 3):
        chunk = data[at : at + 3]
        bits = 0
        for byte in chunk:
            bits = bits << 8 | byte
        bits <<= 8 * (3 - len(chunk))
        for k in range(4):
            out.append(alphabet[bits >> (18 - 6 * k) & 63] if k <= len(chunk) else "=")
    return "".join(out)


def trie(words):
    root = {}
    for word in words:
        node = root
        for letter in word:
            node = node.setdefault(letter, {})
        node[""] = node.get("", 0) + 1
    nodes, stack = 0, [root]
    while stack:
        node = stack.pop()
        nodes += 1
        stack.extend(child for key, child in node.items() if key)
    return nodes


def permutations(items):
    if len(items) <= 1:
        return [items]
    return [[first] + rest for k, first in enumerate(items) for rest in permutations(items[:k] + items[k + 1 :])]


def pascal(rows):
    row, total = [1], 0
    for _ in range(rows):
        row = [1, *[a + b for a, b in zip(row, row[1:])], 1]
        total += row[len(row) // 2]
    return total


def transpose(rows):
    return [list(column) for column in zip(*rows)]


def bank(events):
    balances, failed = {}, []
    for kind, name, amount in events:
        try:
            if amount <= 0:
                raise ValueError(f"amount {amount}")
            if kind == "pay":
                balances[name] += amount
            elif kind == "open":
                balances[name] = amount
            elif balances[name] < amount:
                raise ArithmeticError(f"{name} has {balances[name]}")
            else:
                balances[name] -= amount
        except KeyError as error:
            failed.append(("no account", error.args[0]))
        except (ValueError, ArithmeticError) as error:
            failed.append((type(error).__name__, str(error)))
    return balances, failed


def rolling_text(lines, width):
    out, line = [], ""
    for word in lines.split():
        if line and len(line) + 1 + len(word) > width:
            out.append(line.ljust(width) + "|")
            line = word
        else:
            line = f"{line} {word}" if line else word
    out.append(line)
    return "\n".join(out)


def evaluate_postfix(text):
    stack = []
    for token in text.split():
        if token in "+-*/":
            b, a = stack.pop(), stack.pop()
            if token == "+":
                stack.append(a + b)
            elif token == "-":
                stack.append(a - b)
            elif token == "*":
                stack.append(a * b)
            else:
                stack.append(a / b)
        else:
            stack.append(float(token))
    return stack


GRAPH = "{n: [((n * 7 + k * 13) % 400, (n * k) % 17 + 1) for k in range(5)] for n in range(400)}"
GLIDER = "{(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}"
MESH = "{((i * 37) % 23, (i * 61) % 19) for i in range(120)}"
SUDOKU = "'530070000600195000098000060800060003400803001700020006060000280000419005000080079'"
HMM = (
    "['normal', 'cold', 'dizzy'] * 40, ('healthy', 'fever'), {'healthy': 0.6, 'fever': 0.4}, "
    "{'healthy': {'healthy': 0.7, 'fever': 0.3}, 'fever': {'healthy': 0.4, 'fever': 0.6}}, "
    "{'healthy': {'normal': 0.5, 'cold': 0.4, 'dizzy': 0.1}, 'fever': {'normal': 0.1, 'cold': 0.3, 'dizzy': 0.6}}"
)
EVENTS = "[(('open', 'pay', 'take', 'pay')[i % 4], f'n{i * 7 % 90}', i * 31 % 50 - 2) for i in range(3000)]"

CALLS = {
    word_count: ["(TEXT,)", "('',)", "('A a. b',)"],
    letter_histogram: ["(TEXT,)", "('',)", "('\u00e9t\u00e9 1',)"],
    group_anagrams: ["(WORDS * 100,)", "(['ab', 'ba', 'c'],)", "([],)"],
    tokenize: ["(SOURCE,)", "('',)", "(\"'open\",)", "('a>=1',)"],
    parse_json_often: ["(JSON, 60)", "('[]', 1)", "('[1, x]', 1)", "('[1', 1)"],
    parse_csv: ["(CSV,)", "('',)", "('a,\"b,c\"\\nd',)"],
    csv_totals: ["(CSV,)", "('',)"],
    life_on_a_set: [f"({MESH}, 12)", f"({GLIDER}, 4)", "(set(), 3)"],
    union_find: ["(2000, [((i * 37) % 2000, (i * 91 + 5) % 2000) for i in range(4000)])", "(3, [(0, 1), (1, 0)])", "(0, [])", "(1, [(0, 1)])"],
    dijkstra: [f"({GRAPH}, 0)", "({0: [(1, 2)], 1: []}, 0)", "({}, 0)", "({0: [(1, 'x')], 1: []}, 0)"],
    breadth_first: ["(40, 40, {(i % 40, i * 7 % 40) for i in range(1, 300)} - {(0, 0)})", "(1, 1, set())"],
    topological_order: ["([(i % 300, i % 300 + 1 + i % 7) for i in range(3000)],)", "([(0, 1), (1, 0)],)", "([],)"],
    solve_sudoku: [f"({SUDOKU},)", "('x',)"],
    longest_common_subsequence: ["(TEXT[:300], TEXT[500:800])", "('', 'a')", "('abc', 'abc')"],
    matrix_chain: ["([(i * 37) % 50 + 5 for i in range(30)],)", "([10, 20, 30],)", "([10, 20],)"],
    viterbi: [f"({HMM})", "(['a'], ('x',), {'x': 1.0}, {}, {'x': {'a': 0.5}})", "([], (), {}, {}, {})"],
    sha1: ["(TEXT.encode(),)", "(b'',)", "(b'abc',)", "(bytes(64),)"],
    factorial: ["(400,)", "(0,)", "(25,)"],
    fibonacci_digits: ["(2000,)", "(0,)", "(100,)"],
    power_mod: ["(3**50, 2**200 + 1, 2**127 - 1)", "(2, 10, 1000)", "(2, 0, 1)", "(2, 5, 0)"],
    build_text: ["(3000,)", "(0,)"],
    concatenate: ["(20000,)", "(0,)"],
    caesar: ["(TEXT, 3)", "('', 1)", "('Zz', -1)"],
    run_lengths: ["('aaabccdddd' * 1500,)", "('',)", "('a',)"],
    is_balanced: ["('([]{()})' * 2000,)", "('(]',)", "('((',)", "('',)", "(')',)"],
    palindromes: ["(6000,)", "(0,)"],
    common_divisors: ["(1500,)", "(2,)"],
    subset_sums: ["([(i * 37) % 101 + 3 for i in range(24)], 700)", "([], 0)", "([5], 3)"],
    least_recently_used: ["([(i * i) % 97 for i in range(8000)], 40)", "([], 3)", "([1, 1], 1)"],
    group_sums: ["([(WORDS[i % 18], i * 0.5) for i in range(8000)],)", "([],)", "([('a', 1), ('a', 2)],)"],
    huffman: ["(TEXT,)", "('a',)", "('ab',)", "('',)"],
    tic_tac_toe: ["()"],
    roman_numerals: ["(2500,)", "(1,)"],
    base64_encode: ["(TEXT.encode(),)", "(b'',)", "(b'a',)", "(b'ab',)"],
    trie: ["(WORDS * 200,)", "([],)", "(['a', 'ab', 'a'],)"],
    permutations: ["([1, 2, 3, 4, 5, 6, 7],)", "([],)", "([1],)"],
    pascal: ["(120,)", "(0,)", "(70,)"],
    transpose: ["([[i * j for j in range(200)] for i in range(200)],)", "([],)", "([[1], [2, 3]],)"],
    bank: [f"({EVENTS},)", "([],)", "([('take', 'a', 1), ('open', 'a', 1), ('take', 'a', 5), ('pay', 'a', 0)],)"],
    rolling_text: ["(TEXT, 40)", "('', 5)", "('abcdef gh', 3)"],
    evaluate_postfix: ["('1 2 + 3 * 4 - 5 / ' * 1500,)", "('1 0 /',)", "('+',)", "('x',)", "('',)"],
}
