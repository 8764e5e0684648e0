"""A tokenizer that keeps its place in an object; a tab stands once in 1 400 lines."""


class Reader:
    def __init__(self):
        self.line = 0
        self.column = 0
        self.errors = []

    def tokens(self, text):
        self.line += 1
        self.column = 0
        out, word = [], ""
        for char in text:
            self.column += 1
            if char.isalnum() or char == "_":
                word += char
                continue
            if word:
                out.append(word)
                word = ""
            if char == "\t":
                self.errors.append((self.line, self.column))
                self.column += 7
            elif char != " ":
                out.append(char)
        if word:
            out.append(word)
        return out

    # lost mutation on the rare branch: the error is not noted
    def tokens_w1(self, text):
        self.line += 1
        self.column = len(text) + 7 * text.count("\t")
        out, word = [], []
        for char in text:
            if char.isalnum() or char == "_":
                word.append(char)
                continue
            if word:
                out.append("".join(word))
                word.clear()
            if char not in "\t ":
                out.append(char)
        if word:
            out.append("".join(word))
        return out

    # off by one on the rare branch: a tab is one column
    def tokens_w2(self, text):
        self.line += 1
        self.column = 0
        out, word = [], ""
        for char in text:
            self.column += 1
            if char.isalnum() or char == "_":
                word += char
                continue
            if word:
                out.append(word)
                word = ""
            if char == "\t":
                self.errors.append((self.line, self.column))
            elif char != " ":
                out.append(char)
        if word:
            out.append(word)
        return out

    # the tab becomes a token
    def tokens_w3(self, text):
        self.line += 1
        self.column = 0
        out, word = [], ""
        for char in text:
            self.column += 1
            if char.isalnum() or char == "_":
                word += char
                continue
            if word:
                out.append(word)
                word = ""
            if char == "\t":
                self.errors.append((self.line, self.column))
                self.column += 7
            if char != " ":
                out.append(char)
        if word:
            out.append(word)
        return out

    # the last word lost
    def tokens_w4(self, text):
        self.line += 1
        self.column = 0
        out, word = [], ""
        for char in text:
            self.column += 1
            if char.isalnum() or char == "_":
                word += char
                continue
            if word:
                out.append(word)
                word = ""
            if char == "\t":
                self.errors.append((self.line, self.column))
                self.column += 7
            elif char != " ":
                out.append(char)
        return out

    # letters beyond ASCII, by a regular expression
    def tokens_w5(self, text):
        import re

        self.line += 1
        self.column = len(text) + 7 * text.count("\t")
        self.errors += [(self.line, i + 1) for i, c in enumerate(text) if c == "\t"]
        return re.findall(r"[A-Za-z0-9_]+|[^\sA-Za-z0-9_]", text)


def main():
    reader = Reader()
    for i in range(1400):
        line = f"x_{i} = call(a, {i}) + b"
        if i == 1111:
            line = line.replace("= ", "=\t")
        if i == 1230:
            line = line.replace("call", "\u00e9t\u00e9")
        reader.tokens(line)
    print("read")


if __name__ == "__main__":
    main()
