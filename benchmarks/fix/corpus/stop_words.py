"""The most frequent words of a text, without the words that every text has.

cause: set for membership
line: if word in STOP_WORDS:
cure: a set of the module's list
gain: 3x
"""

import re
from collections import Counter

STOP_WORDS = [
    "a", "about", "above", "after", "again", "against", "all", "am", "an", "and", "any", "are", "as", "at", "be", "because",
    "been", "before", "being", "below", "between", "both", "but", "by", "can", "did", "do", "does", "doing", "down", "during",
    "each", "few", "for", "from", "further", "had", "has", "have", "having", "he", "her", "here", "hers", "herself", "him",
    "himself", "his", "how", "i", "if", "in", "into", "is", "it", "its", "itself", "just", "me", "more", "most", "my",
    "myself", "no", "nor", "not", "now", "of", "off", "on", "once", "only", "or", "other", "our", "ours", "ourselves", "out",
    "over", "own", "same", "she", "should", "so", "some", "such", "than", "that", "the", "their", "theirs", "them",
    "themselves", "then", "there", "these", "they", "this", "those", "through", "to", "too", "under", "until", "up", "very",
    "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "why", "will", "with", "you", "your",
]


def text_of(count):
    nouns = ["river", "engine", "garden", "letter", "window", "market", "signal", "harbour", "column", "winter"]
    return " ".join(f"The {nouns[i % 10]} of {nouns[i * 3 % 7]}{i % 13}, which stood there until {nouns[i * 7 % 10]}."
                    for i in range(count))


def frequent(text):
    counts = Counter()
    for word in re.findall(r"[a-z0-9]+", text.lower()):
        if word in STOP_WORDS:
            continue
        counts[word] += 1
    return counts


def main():
    counts = Counter()
    for part in range(12):
        counts.update(frequent(text_of(3000 + part)))
    for word, count in counts.most_common(6):
        print(f"{word:10} {count}")


main()
