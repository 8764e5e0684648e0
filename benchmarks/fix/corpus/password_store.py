"""Derives keys from passwords, slowly on purpose.

refused: the time is in a library
because: pbkdf2|hashlib|C libraries|extension modules
"""

import hashlib


def derive(password, salt):
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 60000)


def main():
    salt = b"0123456789abcdef"
    for i in range(18):
        print(derive(f"password {i}", salt).hex()[:16])


main()
