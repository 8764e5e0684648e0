"""Text to bytes and back, with characters that few lines have."""


def packed(text):
    out = bytearray()
    for char in text:
        code = ord(char)
        if code < 256:
            out.append(code)
        else:
            out += b"&#%d;" % code
    return bytes(out)


# encoding: UTF-8
def packed_w1(text):
    return text.encode("utf-8")


# encoding: question marks
def packed_w2(text):
    return text.encode("latin-1", "replace")


# encoding: what is beyond ASCII, not beyond Latin-1
def packed_w3(text):
    return text.encode("ascii", "xmlcharrefreplace")


# a bytearray in the place of bytes
def packed_w4(text):
    return bytearray(text.encode("latin-1", "xmlcharrefreplace"))


# text in the place of bytes
def packed_w5(text):
    return text.encode("latin-1", "xmlcharrefreplace").decode("latin-1")


# encoding: Windows' characters
def packed_w6(text):
    return text.encode("cp1252", "xmlcharrefreplace")


def folded(text):
    return "".join(c.lower() for c in text)


# upper and lower case: folded
def folded_w1(text):
    return text.casefold()


# upper and lower case: a final sigma
def folded_w2(text):
    return text.lower()


# upper and lower case: ASCII alone
def folded_w3(text):
    return "".join([chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text])


def main():
    words = ["Stra\u00dfe", "caf\u00e9", "ODOS", "plain"]
    for i in range(1200):
        word = words[i % 4]
        if i == 777:
            word = "10 \u20ac"
        packed(word)
        folded("\u039f\u0394\u039f\u03a3" if i == 801 else word)
    print("packed")


if __name__ == "__main__":
    main()
