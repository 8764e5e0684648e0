"""A report in HTML that grows on an attribute, row by row.

cause: join for text in an attribute
line: self.html += f"<tr><td>{number}</td><td>{name}</td><td>{amount:.2f}</td></tr>\\n"
cure: the rows in a list, joined once
gain: 5x
"""

import hashlib


class Report:
    def __init__(self, title):
        self.html = f"<html><head><title>{title}</title></head><body><table>\n"

    def rows(self, records):
        for number, name, amount in records:
            self.html += f"<tr><td>{number}</td><td>{name}</td><td>{amount:.2f}</td></tr>\n"

    def end(self):
        self.html += "</table></body></html>\n"
        return self.html


def main():
    digest = hashlib.sha256()
    for month in range(1, 5):
        report = Report(f"month {month}")
        report.rows([(i, f"customer {i * 7 % 1000:04}", i * 1.25 + month) for i in range(7000)])
        text = report.end()
        digest.update(text.encode())
        print(month, len(text))
    print(digest.hexdigest()[:16])


main()
