"""Messages in Morse code; the alphabet is built anew for every letter.

cause: table built at the start
line: code = {
cure: the alphabet as a constant of the module
gain: 4x
"""


def letter(c):
    code = {
        "a": ".-", "b": "-...", "c": "-.-.", "d": "-..", "e": ".", "f": "..-.", "g": "--.", "h": "....", "i": "..",
        "j": ".---", "k": "-.-", "l": ".-..", "m": "--", "n": "-.", "o": "---", "p": ".--.", "q": "--.-", "r": ".-.",
        "s": "...", "t": "-", "u": "..-", "v": "...-", "w": ".--", "x": "-..-", "y": "-.--", "z": "--..", " ": "/",
    }
    return code.get(c, "?")


def encode(message):
    return " ".join(letter(c) for c in message.lower())


def main():
    signs = 0
    for i in range(9000):
        coded = encode(f"Ship {i} leaves the harbour at dawn, wind from the north")
        signs += coded.count(".") * 2 + coded.count("-") * 3
    print(signs)


main()
